"""A client of the registry protocol, as plain as a service would write it: one line out, one line back."""
import json
import socket

from .machine import BenchmarkError


class RegistryClient:
    """One registry connection with one session. Unasked lines (events) are kept in `events`."""

    EVENTS = ("EVENT|", "MAINT_OK|", "SHUTDOWN")

    def __init__(self, port, service="bench", instance="bench-1", timeout=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.events = []
        self.session = self.ask(f"REGISTER|{service}|{instance}|9000|{{}}", "ACK|").split("|")[1] if service else None

    def send(self, lines):
        self.socket.sendall(lines.encode())

    def line(self):
        """The next line, event or reply."""
        while True:
            end = self.buffer.find(b"\n")
            if end >= 0:
                line = bytes(self.buffer[:end]).decode()
                del self.buffer[:end + 1]
                return line
            more = self.socket.recv(65536)
            if not more:
                raise BenchmarkError("the registry closed the connection")
            self.buffer += more

    def reply(self, expected=""):
        """The next line that is no event; it must begin with `expected`."""
        while True:
            line = self.line()
            if line.startswith(self.EVENTS):
                self.events.append(line)
                continue
            if not line.startswith(expected):
                raise BenchmarkError(f"the registry answered {line[:200]!r}, not {expected}…")
            return line

    def ask(self, command, expected=""):
        self.send(command + "\n")
        return self.reply(expected)

    def command(self, name, *fields, expected=""):
        """A command of this session."""
        return self.ask("|".join([name, self.session, *map(str, fields)]), expected)

    def add_route(self, domains, path, backend, priority=0):
        """Stages a route; returns its id."""
        return self.command("ROUTE_ADD", domains, path, backend, priority, expected="ROUTE_OK|").split("|")[1]

    def apply(self):
        self.command("CONFIG_APPLY", expected="OK")

    def add_routes(self, routes, per_line=100):
        """Stages many routes ({domains, path, backend_url, priority}) in bulk lines below the limit of 16 KiB; returns
        their ids."""
        ids = []
        for start in range(0, len(routes), per_line):
            text = json.dumps(routes[start:start + per_line], separators=(",", ":"))
            answer = self.command("ROUTE_ADD_BULK", text, expected="ROUTE_BULK_OK|")
            ids += [entry["route_id"] for entry in json.loads(answer.split("|", 1)[1])]
        return ids

    def close(self):
        self.socket.close()
