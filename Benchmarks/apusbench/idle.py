"""Resident memory of idle keep-alive connections."""
import select
import socket
import time

from .machine import BenchmarkError
from .peers import HOST, fetch

REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


class IdleConnections:
    """Keep-alive connections, each of which has carried one request and then stays silent."""

    def __init__(self, port, count):
        self.sockets = []
        try:
            for index in range(count):
                # A thousand connections for each source address, so that a limit per address does not bite.
                self.sockets.append(_open(port, f"127.0.{1 + index // 1000}.1"))
        except OSError as error:
            self.close()
            raise BenchmarkError(f"idle connection {index + 1} of {count} failed: {error!r}") from error

    def closed_by_peer(self):
        poll = select.poll()
        for connection in self.sockets:
            poll.register(connection.fileno(), select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return len(poll.poll(0))

    def close(self):
        for connection in self.sockets:
            connection.close()


def _open(port, source):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(REQUEST)
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer.split(b"\r\n\r\n", 1)[1]) < 1024:
        more = connection.recv(65536)
        if not more:
            raise OSError("closed before the end of the response")
        answer += more
    return connection


def measure_idle(peer, count):
    """Opens `count` connections to a started peer: resident growth in KiB per connection, connections it closed."""
    for _ in range(200):
        fetch(peer.http, "/")
    time.sleep(0.5)
    before = peer.process.resident_bytes()
    connections = IdleConnections(peer.http, count)
    try:
        time.sleep(1)
        after = peer.process.resident_bytes()
        return {"kib": (after - before) / 1024 / count, "closed": connections.closed_by_peer(), "count": count}
    finally:
        connections.close()
