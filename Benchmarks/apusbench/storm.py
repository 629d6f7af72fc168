"""Thousands of services at once: register, apply, lose the connection, come back."""
import socket
import struct
import subprocess
import time

from .machine import BenchmarkError
from .registry import RegistryClient

ABORT = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: close sends a reset


class Storm:
    """`count` sessions with `routes` routes each. Every step writes to all connections before it reads from any."""

    def __init__(self, registry_port, backend_port, count, routes):
        self.registry_port = registry_port
        self.backend = f"http://127.0.0.1:{backend_port}"
        self.count, self.routes = count, routes
        self.clients = []
        self.sessions = []

    def register(self):
        """Registers and applies all; the seconds it took."""
        began = time.monotonic()
        self._connect([f"REGISTER|storm|storm-{number}|9000|{{}}\n" for number in range(self.count)])
        self.sessions = [client.reply("ACK|").split("|")[1] for client in self.clients]
        for number, (client, session) in enumerate(zip(self.clients, self.sessions)):
            routes = ",".join(
                f'{{"domains":["storm-{number}.example.net"],"path":"/{index}","backend_url":"{self.backend}",'
                '"priority":0}' for index in range(self.routes))
            client.send(f"ROUTE_ADD_BULK|{session}|[{routes}]\nCONFIG_APPLY|{session}\n")
        for client in self.clients:
            client.reply("ROUTE_BULK_OK|")
            client.reply("OK")
        return time.monotonic() - began

    def cut(self):
        """Every connection is destroyed at the proxy's end; where the kernel cannot do that, reset from ours."""
        command = ["ss", "-K", "-H", "-t", "state", "established", "sport", "=", f":{self.registry_port}"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        for client in self.clients:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            client.close()
        self.clients = []

    def reconnect(self):
        """RECONNECT for every session on a new connection; the seconds it took."""
        began = time.monotonic()
        self._connect([f"RECONNECT|{session}\n" for session in self.sessions])
        for client in self.clients:
            client.reply("OK")
        return time.monotonic() - began

    def _connect(self, lines):
        for line in lines:
            try:
                client = RegistryClient(self.registry_port, service=None)
            except OSError as error:
                raise BenchmarkError(f"registry connection {len(self.clients) + 1} failed: {error!r}") from error
            client.send(line)
            self.clients.append(client)

    def close(self):
        for client in self.clients:
            client.close()
