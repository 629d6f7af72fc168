"""Does a request that is sent after OK ever see the configuration before it?"""
import socket

from .machine import BenchmarkError
from .registry import RegistryClient

HOST = "fresh.example.com"
REQUEST = f"GET /x HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
OLD_CONNECTIONS = 40
NEW_CONNECTIONS = 10


class Freshness:
    """Points a route at another path prefix of the backend with every apply and asks at once, on old and on new
    connections. The backend answers with the number in the path that it sees."""

    def __init__(self, registry_port, http_port, backend_port):
        self.client = RegistryClient(registry_port, "fresh", "fresh-1")
        self.http_port = http_port
        self.backend = f"http://127.0.0.1:{backend_port}"
        self.route = self.client.add_route(HOST, "/", f"{self.backend}/version/0")
        self.client.apply()
        self.old = [self._connect() for _ in range(OLD_CONNECTIONS)]
        self.asked = self.stale = 0

    def run(self, requests):
        """Applies and asks until `requests` answers have been read; the number of stale ones."""
        version = 0
        while self.asked < requests:
            version += 1
            self.client.command(
                "ROUTE_UPDATE", self.route, "backend_url", f"{self.backend}/version/{version}", expected="ROUTE_OK")
            self.client.apply()
            new = [self._connect() for _ in range(NEW_CONNECTIONS)]
            connections = self.old + new
            for connection in connections:
                connection.sendall(REQUEST)
            for connection in connections:
                self._judge(_body(connection), version)
            for connection in new:
                connection.close()
        return self.stale

    def _judge(self, body, version):
        self.asked += 1
        if body != f"{version}\n".encode():
            self.stale += 1

    def _connect(self):
        connection = socket.create_connection(("127.0.0.1", self.http_port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def close(self):
        for connection in self.old:
            connection.close()
        self.client.close()


def _body(connection):
    """The body of the next response with a Content-Length."""
    received = b""
    while True:
        head, separator, body = received.partition(b"\r\n\r\n")
        if separator:
            lines = head.lower().split(b"\r\n")
            lengths = [line.split(b":")[1] for line in lines if line.startswith(b"content-length:")]
            if lengths and len(body) >= int(lengths[0]):
                return body
        more = connection.recv(65536)
        if not more:
            raise BenchmarkError(f"connection closed inside a response: {received[:80]!r}")
        received += more
