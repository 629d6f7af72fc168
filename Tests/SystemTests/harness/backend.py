"""Backends on real sockets that answer, or misbehave, exactly as a test says."""

import hashlib
import json
import socket
import struct
import threading

from .http import ConnectionEnded, Fields, ProtocolError, Reader, parse_fields
from .waiting import eventually


class Exchange:
    """One request that a backend received, and the means to answer it."""

    def __init__(self, backend, connection, reader):
        self.backend = backend
        self.socket = connection
        self.reader = reader
        #: Which connection this is, counted from 1; those of health checks do not count.
        self.number = None
        self.request_line = ""
        self.method = self.target = self.version = ""
        self.headers = Fields()
        self.trailers = Fields()
        self.chunks = []
        self.is_open = True
        self._body_was_read = False
        self.body_bytes = b""

    @property
    def framing(self):
        if "Transfer-Encoding" in self.headers:
            return "chunked"
        return "length" if "Content-Length" in self.headers else "none"

    def body(self):
        """Reads the request's body to its end."""
        if not self._body_was_read:
            self._body_was_read = True
            if self.framing == "chunked":
                self.body_bytes, self.chunks, self.trailers = self.reader.chunked()
            elif self.framing == "length":
                self.body_bytes = self.reader.exactly(int(self.headers.get("Content-Length")))
        return self.body_bytes

    def send(self, data):
        """Sends bytes as they are."""
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def reply(self, status=200, headers=(), body=b"", reason="Said So"):
        """Sends an answer with Content-Length; for HEAD without its body."""
        body = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} {reason}", f"X-Backend: {self.backend.name}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if status not in (204, 304) and status >= 200:
            lines.append(f"Content-Length: {len(body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.send(head if self.method == "HEAD" else head + body)

    def close(self):
        """Closes the connection in an orderly way."""
        self.is_open = False
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def reset(self):
        """Closes the connection with RST."""
        self.is_open = False
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def peer_closes(self, within=10.0):
        """Whether the proxy closes its side of the connection."""
        self.socket.settimeout(within)
        try:
            while self.reader.more():
                pass
            return True
        except ConnectionResetError:
            return True
        except (TimeoutError, socket.timeout):
            return False


def echo(exchange):
    """Answers with what it received, as JSON."""
    body = exchange.body()
    exchange.reply(200, [("Content-Type", "application/json")], json.dumps({
        "backend": exchange.backend.name,
        "connection": exchange.number,
        "method": exchange.method,
        "target": exchange.target,
        "version": exchange.version,
        "headers": list(exchange.headers),
        "trailers": list(exchange.trailers),
        "framing": exchange.framing,
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }))


def answer(status=200, headers=(), body=b""):
    """A handler that reads the request and gives this answer."""
    def handler(exchange):
        exchange.body()
        exchange.reply(status, headers, body)
    return handler


def raw(*answers, then_close=False):
    """A handler that sends these bytes, the n-th for the n-th request (the last one for all that follow)."""
    remaining = list(answers)
    lock = threading.Lock()

    def handler(exchange):
        exchange.body()
        with lock:
            data = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        exchange.send(data)
        if then_close:
            exchange.close()
    return handler


class Backend:
    """A listening backend: one thread per connection, each request given to the handler."""

    def __init__(self, handler=echo, name="backend", host="127.0.0.1", port=0, backlog=256):
        self.handler = handler
        self.name = name
        self.host = host
        self.exchanges = []
        self.connection_count = 0
        self.errors = []
        self.probes = 0
        #: Answers the proxy's health checks; by default they are answered 200.
        self.probe_handler = answer(200)
        self._open = set()
        self._lock = threading.Lock()
        self._backlog = backlog
        self._listener = None
        self.port = port
        # Bound and never listening: keeps the port ours, and refused, while the backend does not listen.
        self._placeholder = socket.socket(self._family, socket.SOCK_STREAM)
        self._placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._placeholder.bind((host, port))
        self.port = self._placeholder.getsockname()[1]
        self.listen()

    @property
    def _family(self):
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    def listen(self):
        """Opens the port (again, the same one)."""
        listener = socket.socket(self._family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(self._backlog)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    @property
    def address(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self):
        return f"http://{self.address}"

    @property
    def requests(self):
        """The requests so far, those of health checks left out."""
        with self._lock:
            return list(self.exchanges)

    @property
    def last(self):
        return self.requests[-1]

    @property
    def open_connections(self):
        with self._lock:
            return len(self._open)

    def expect(self, count, within=10.0):
        """Waits until `count` requests have come and returns them."""
        eventually(lambda: len(self.requests) >= count, f"request {count} at {self.name}", within)
        return self.requests

    def refuse(self):
        """Closes the port: connections are refused from now on; open ones stay."""
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def drop_connections(self, reset=False):
        """Closes every open connection."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                if reset:
                    # The reading thread wakes and closes, which sends the RST.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.shutdown(socket.SHUT_RD)
                else:
                    connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.refuse()
        self.drop_connections()
        self._placeholder.close()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        reader = Reader(connection)
        try:
            while self._exchange(connection, reader):
                pass
        except (OSError, ConnectionEnded):
            pass
        except ProtocolError as error:
            self.errors.append(error)
        finally:
            with self._lock:
                self._open.discard(connection)
            try:
                connection.close()
            except OSError:
                pass

    def _exchange(self, connection, reader):
        if not reader.held and not reader.more():
            return False
        exchange = Exchange(self, connection, reader)
        exchange.request_line = reader.line().decode("latin-1")
        try:
            exchange.method, exchange.target, exchange.version = exchange.request_line.split(" ")
        except ValueError:
            raise ProtocolError(f"not a request line: {exchange.request_line!r}") from None
        exchange.headers = parse_fields(reader.header_lines())
        if is_probe(exchange):
            self.probes += 1
            self.probe_handler(exchange)
            return exchange.is_open and "close" not in exchange.headers.all("Connection")
        with self._lock:
            if not reader.number:
                self.connection_count += 1
                reader.number = self.connection_count
            exchange.number = reader.number
            self.exchanges.append(exchange)
        self.handler(exchange)
        if exchange.is_open:
            exchange.body()
        return exchange.is_open and "close" not in exchange.headers.all("Connection")


def is_probe(exchange):
    """Whether this is one of the proxy's own health checks: tests about traffic do not want to count them."""
    return any(agent.lower().startswith("apus") for agent in exchange.headers.all("User-Agent"))


class UnansweringPort:
    """A port on which the kernel answers no connection attempt: for connect timeouts.

    The accept queue is as short as possible and filled; further SYNs are dropped.
    """

    def __init__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"
        self._fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            try:
                filler.connect(("127.0.0.1", self.port))
            except BlockingIOError:
                pass
            self._fillers.append(filler)

    def stop(self):
        for filler in self._fillers:
            filler.close()
        self._listener.close()


class RefusingPort:
    """A port that refuses connections and stays ours: bound, not listening."""

    def __init__(self, host="127.0.0.1"):
        self._holder = socket.socket()
        self._holder.bind((host, 0))
        self.port = self._holder.getsockname()[1]
        self.address = f"{host}:{self.port}"
        self.url = f"http://{self.address}"

    def stop(self):
        self._holder.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
