"""Clients of endless streams, which notice every missing chunk."""
import select
import socket
import threading

from .machine import BenchmarkError
from .streams import chunk


class StreamListeners:
    """Open streams through a proxy, read by a thread of their own until `finish`."""

    def __init__(self, port, host, count):
        request = f"GET /stream HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self.buffers, self.sockets, self.expected = {}, {}, {}
        self.broken = self.chunks = 0
        self.poll = select.poll()
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            connection.sendall(request)
            number = connection.fileno()
            self.sockets[number], self.buffers[number], self.expected[number] = connection, bytearray(), None
            self.poll.register(number, select.POLLIN)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while not self.stopping.is_set():
            for number, _ in self.poll.poll(100):
                received = self._receive(number)
                if not received:
                    self._break(number)
                    continue
                self.buffers[number] += received
                self._check(number)

    def _receive(self, number):
        try:
            return self.sockets[number].recv(65536)
        except OSError:
            return b""

    def _check(self, number):
        buffer = self.buffers[number]
        if self.expected[number] is None:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not buffer.startswith(b"HTTP/1.1 200 "):
                raise BenchmarkError(f"a stream was answered {bytes(buffer[:60])!r}")
            del buffer[:end + 4]
            self.expected[number] = 0
        while True:
            wanted = chunk(self.expected[number])
            if len(buffer) < len(wanted):
                return
            if not buffer.startswith(wanted):
                self._break(number)
                return
            del buffer[:len(wanted)]
            self.expected[number] += 1
            self.chunks += 1

    def _break(self, number):
        self.broken += 1
        self.poll.unregister(number)

    def finish(self):
        """(broken streams, chunks read)."""
        self.stopping.set()
        self.thread.join(5)
        silent = sum(1 for number in self.expected if not self.expected[number])
        for connection in self.sockets.values():
            connection.close()
        return self.broken + silent, self.chunks
