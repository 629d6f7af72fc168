"""HTTP/1 as bytes: a client that sends exactly what a test says and reads answers strictly."""

import json
import socket
import struct


class ProtocolError(AssertionError):
    """The peer sent something that is not HTTP/1."""


class ConnectionEnded(ProtocolError):
    """The peer closed the connection before the end of a message."""


class Fields(list):
    """Header lines in order, as (name, value)."""

    def all(self, name):
        """The values of the lines of this name, in order."""
        return [value for key, value in self if key.lower() == name.lower()]

    def get(self, name, default=None):
        """The value of the only line of this name."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else default

    def __contains__(self, name):
        return bool(self.all(name))

    @property
    def names(self):
        return [name for name, _ in self]


def parse_fields(lines):
    """Header lines (bytes without CRLF) as Fields; strict."""
    fields = Fields()
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip() or b" " in name or b"\r" in line:
            raise ProtocolError(f"not a header line: {line!r}")
        fields.append((name.decode("latin-1"), value.strip(b" \t").decode("latin-1")))
    return fields


class Reader:
    """Reads from a socket by lines, by counts and to the end."""

    def __init__(self, connection):
        self._socket = connection
        self._held = b""
        self.at_end = False
        #: Which of a backend's connections this is.
        self.number = None

    @property
    def held(self):
        """Bytes that arrived but were not asked for yet."""
        return self._held

    def more(self):
        """Waits for further bytes; False at the end of the stream."""
        if self.at_end:
            return False
        data = self._socket.recv(262144)
        if not data:
            self.at_end = True
            return False
        self._held += data
        return True

    def line(self):
        """The next line without its CRLF."""
        while True:
            end = self._held.find(b"\n")
            if end >= 0:
                line, self._held = self._held[:end + 1], self._held[end + 1:]
                if not line.endswith(b"\r\n"):
                    raise ProtocolError(f"a line without CRLF: {line!r}")
                return line[:-2]
            if not self.more():
                raise ConnectionEnded(f"end of stream inside a line: {self._held!r}")

    def exactly(self, count):
        parts = []
        while count > 0:
            if not self._held and not self.more():
                raise ConnectionEnded(f"end of stream, {count} bytes missing")
            part, self._held = self._held[:count], self._held[count:]
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def some(self):
        """At least one byte, or b"" at the end."""
        if not self._held:
            self.more()
        part, self._held = self._held, b""
        return part

    def rest(self):
        parts = []
        while part := self.some():
            parts.append(part)
        return b"".join(parts)

    def header_lines(self):
        lines = []
        while line := self.line():
            lines.append(line)
        return lines

    def chunked(self):
        """A chunked body: the payload, the chunk sizes and the trailer fields."""
        payload, sizes = [], []
        while True:
            size_text = self.line().split(b";")[0]
            if not size_text or not all(c in b"0123456789abcdefABCDEF" for c in size_text):
                raise ProtocolError(f"not a chunk size: {size_text!r}")
            size = int(size_text, 16)
            if size == 0:
                return b"".join(payload), sizes, parse_fields(self.header_lines())
            payload.append(self.exactly(size))
            sizes.append(size)
            if self.exactly(2) != b"\r\n":
                raise ProtocolError("a chunk does not end with CRLF")


class Response:
    """An answer as it came."""

    def __init__(self, version, status, reason, headers):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = b""
        self.framing = "none"
        self.chunks = []
        self.trailers = Fields()
        self.informational = []

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.version} {self.status} {self.reason} {list(self.headers)} {self.body[:300]!r}>"


class Connection:
    """One client connection. Nothing is sent that the test did not write."""

    def __init__(self, address, timeout=10.0, source=None, host=None):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self.reader = Reader(self.socket)
        self.host = host

    def send(self, data):
        """Sends bytes as they are; text is encoded as Latin-1."""
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def start(self, method="GET", target="/", headers=(), host=None, version="HTTP/1.1"):
        """Sends a request head."""
        lines = [f"{method} {target} {version}"]
        host = host if host is not None else self.host
        if host is not None:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in headers]
        self.send("\r\n".join(lines) + "\r\n\r\n")

    def request(self, method="GET", target="/", headers=(), body=None, host=None, version="HTTP/1.1"):
        """Sends a request (with Content-Length when there is a body) and reads the answer."""
        fields = list(headers)
        if body is not None:
            fields.append(("Content-Length", str(len(body))))
        self.start(method, target, fields, host, version)
        if body:
            self.send(body)
        return self.response(method)

    def get(self, target="/", headers=(), **more):
        return self.request("GET", target, headers, **more)

    def read_head(self):
        """A status line and header lines."""
        line = self.reader.line()
        parts = line.decode("latin-1").split(" ", 2)
        if len(parts) < 2 or parts[0] not in ("HTTP/1.0", "HTTP/1.1") or len(parts[1]) != 3 or not parts[1].isdigit():
            raise ProtocolError(f"not a status line: {line!r}")
        reason = parts[2] if len(parts) > 2 else ""
        return Response(parts[0], int(parts[1]), reason, parse_fields(self.reader.header_lines()))

    def response(self, method="GET"):
        """Reads a whole answer, interim ones before it included."""
        informational = []
        while True:
            response = self.read_head()
            if 100 <= response.status < 200 and response.status != 101:
                informational.append(response)
                continue
            break
        response.informational = informational
        self.read_body(response, method)
        return response

    def read_body(self, response, method="GET"):
        """Reads the body of an answer whose head was read."""
        lengths = set(response.headers.all("Content-Length"))
        codings = response.headers.all("Transfer-Encoding")
        if len(lengths) > 1 or (lengths and codings):
            raise ProtocolError(f"ambiguous framing: {response.headers}")
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return
        if codings:
            if codings != ["chunked"]:
                raise ProtocolError(f"unexpected codings: {codings}")
            response.framing = "chunked"
            response.body, response.chunks, response.trailers = self.reader.chunked()
        elif lengths:
            response.framing = "length"
            response.body = self.reader.exactly(int(lengths.pop()))
        else:
            response.framing = "close"
            response.body = self.reader.rest()

    def ends(self, within=10.0):
        """Whether the peer closes the connection, with nothing more before that."""
        self.socket.settimeout(within)
        try:
            return not self.reader.held and not self.reader.more()
        except ConnectionResetError:
            return True
        except (TimeoutError, socket.timeout):
            return False

    def stays_open(self, during=0.3):
        """Whether nothing comes and the connection stays, for a moment."""
        self.socket.settimeout(during)
        try:
            return self.reader.more() and False
        except (TimeoutError, socket.timeout):
            return True
        finally:
            self.socket.settimeout(10.0)

    def finish_sending(self):
        """Half-closes: no more bytes will come from here."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def chunk(data):
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def chunks(*parts, trailers=b""):
    """A whole chunked body."""
    return b"".join(chunk(part) for part in parts) + b"0\r\n" + trailers + b"\r\n"
