"""Registry connections: lines out, lines in, nothing hidden."""

import base64
import gzip
import json
import socket
import struct
import time



def is_unasked(line):
    """Whether this line answers no command."""
    return line == "SHUTDOWN" or line.startswith(("EVENT|", "MAINT_OK|"))


class Refused(AssertionError):
    """The registry answered ERROR to a command that a test needs to succeed."""


class RegistryConnection:
    """One TCP connection to the registry port."""

    def __init__(self, address, timeout=10.0, source=None):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.address = address
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(address)
        self.timeout = timeout
        self._held = b""
        self.unasked = []
        self.session = None

    def send(self, data):
        """Sends bytes or text as they are."""
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def read_line(self, within=None):
        """The next line as text without its LF; None at the end of the stream."""
        self.socket.settimeout(within or self.timeout)
        while b"\n" not in self._held:
            data = self.socket.recv(262144)
            if not data:
                assert not self._held, f"the stream ended inside a line: {self._held[:200]!r}"
                return None
            self._held += data
        line, self._held = self._held.split(b"\n", 1)
        assert not line.endswith(b"\r"), f"a line of the registry ends with CR: {line!r}"
        return line.decode("utf-8")

    def reply(self, within=None):
        """The next line that is a reply; unasked ones are kept in `unasked`."""
        while True:
            line = self.read_line(within)
            if line is not None and is_unasked(line):
                self.unasked.append(line)
                continue
            return line

    def ask(self, line, within=None):
        """Sends one command and returns its reply."""
        self.send(line + "\n")
        return self.reply(within)

    def expect(self, line, reply, within=None):
        """Sends one command whose reply must be exactly this."""
        got = self.ask(line, within)
        assert got == reply, f"{line[:300]} was answered {got!r}, not {reply!r}"
        return got

    def refused(self, line):
        """Sends one command that must be answered ERROR and returns the reason."""
        got = self.ask(line)
        assert got is not None and got.startswith("ERROR|"), f"{line[:300]} was answered {got!r}, not an ERROR"
        return got[len("ERROR|"):]

    def ask_json(self, line, kind, within=None):
        """Sends one command and reads the JSON behind `KIND|`."""
        got = self.ask(line, within)
        assert got and got.startswith(kind + "|"), f"{line[:300]} was answered {got!r}, not {kind}|…"
        return json.loads(got[len(kind) + 1:])

    def ask_compressed(self, line, kind):
        """The same for a reply that is base64 of gzip of JSON."""
        got = self.ask(line)
        assert got and got.startswith(kind + "|"), f"{line[:300]} was answered {got[:200]!r}, not {kind}|…"
        return json.loads(gzip.decompress(base64.b64decode(got[len(kind) + 1:], validate=True)))

    def event(self, start, within=10.0):
        """The next unasked line that begins with `start`."""
        deadline = time.monotonic() + within
        while True:
            for index, line in enumerate(self.unasked):
                if line.startswith(start):
                    return self.unasked.pop(index)
            remaining = deadline - time.monotonic()
            assert remaining > 0, f"no line {start}… within {within} s; there were {self.unasked}"
            line = self.read_line(remaining)
            assert line is not None, f"the connection ended while waiting for {start}…"
            self.unasked.append(line)

    def event_json(self, name, within=10.0):
        """The JSON of the next `EVENT|name|…`."""
        return json.loads(self.event(f"EVENT|{name}|", within).split("|", 2)[2])

    def is_silent(self, during=0.3):
        """Whether nothing comes for a moment (and the connection stays)."""
        self.socket.settimeout(during)
        try:
            data = self.socket.recv(65536)
        except (TimeoutError, socket.timeout):
            return not self._held and not self.unasked
        self._held += data
        return False

    def ends(self, within=10.0):
        """Whether the registry closes the connection without a further line."""
        try:
            return self.read_line(within) is None
        except ConnectionResetError:
            return True
        except (TimeoutError, socket.timeout):
            return False

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST, as the kernel does for a program that dies with unread data."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # What a service does, in short.

    def register(self, service, instance, maintenance_port=0, metadata="{}"):
        """Registers and returns the session id."""
        got = self.ask(f"REGISTER|{service}|{instance}|{maintenance_port}|{metadata}")
        if not got or not got.startswith("ACK|"):
            raise Refused(f"REGISTER was answered {got!r}")
        self.session = got.split("|")[1]
        return self.session

    def add(self, domains, path, backend, priority=0, session=None):
        """Stages a route and returns its id."""
        domains = domains if isinstance(domains, str) else ",".join(domains)
        got = self.ask(f"ROUTE_ADD|{session or self.session}|{domains}|{path}|{backend}|{priority}")
        if not got or not got.startswith("ROUTE_OK|"):
            raise Refused(f"ROUTE_ADD {domains} {path} {backend} was answered {got!r}")
        return got.split("|")[1]

    def do(self, command, *fields, expect=None, session=None):
        """`COMMAND|session|fields…`; fails on ERROR, or on anything but `expect`."""
        line = "|".join([command, session or self.session, *[str(field) for field in fields]])
        got = self.ask(line)
        if got is None or got.startswith("ERROR") or (expect is not None and got != expect):
            raise Refused(f"{line[:300]} was answered {got!r}" + (f", not {expect!r}" if expect else ""))
        return got

    def apply(self):
        """CONFIG_APPLY, which must succeed."""
        return self.do("CONFIG_APPLY", expect="OK")

    def shut_down(self):
        """CLIENT_SHUTDOWN, which must succeed."""
        return self.do("CLIENT_SHUTDOWN", expect="SHUTDOWN_OK")
