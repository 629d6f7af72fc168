"""An exact number of requests over a few keep-alive connections: for figures that must not depend on time."""
import os
import re
import select
import socket

from .machine import BenchmarkError
from .peers import BODIES, HOST, TEMPLATES


def browser_headers():
    """The header lines of templates/browser.lua, so that both benchmarks send the same."""
    with open(os.path.join(TEMPLATES, "browser.lua")) as file:
        pairs = re.findall(r'wrk\.headers\["([^"]+)"\] = "([^"]*)"', file.read())
    return "".join(f"{name}: {value}\r\n" for name, value in pairs)


def send_requests(port, count, headers="", connections=32, patience=60):
    """Sends `count` requests for 1 KiB, one after the other on each connection; every answer must be whole."""
    request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{headers}\r\n".encode()
    poll, open_sockets = select.poll(), {}
    for _ in range(min(connections, count)):
        connection = socket.create_connection(("127.0.0.1", port), timeout=patience)
        open_sockets[connection.fileno()] = [connection, bytearray()]
        poll.register(connection.fileno(), select.POLLIN)
    sent = answered = 0
    try:
        for connection, _ in open_sockets.values():
            connection.sendall(request)
            sent += 1
        while answered < count:
            ready = poll.poll(patience * 1000)
            if not ready:
                raise BenchmarkError(f"no answer for {patience} s, after {answered} of {count} requests")
            for number, _ in ready:
                connection, received = open_sockets[number]
                received += connection.recv(65536)
                if not _is_whole(received):
                    continue
                received.clear()
                answered += 1
                if sent < count:
                    connection.sendall(request)
                    sent += 1
    finally:
        for connection, _ in open_sockets.values():
            connection.close()


def _is_whole(received):
    end = received.find(b"\r\n\r\n")
    if end < 0:
        if not received:
            raise BenchmarkError("a connection was closed instead of an answer")
        return False
    if not received.startswith(b"HTTP/1.1 200 "):
        raise BenchmarkError(f"not a 200: {bytes(received[:40])!r}")
    return len(received) >= end + 4 + len(BODIES["/"])
