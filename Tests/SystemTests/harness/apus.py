"""`apus serve` as a fixture: started on free ports, spoken to over both, and ended."""

import itertools
import os
import re
import signal
import subprocess
import uuid
from pathlib import Path

from .http import Connection
from .process import Program
from .registry import RegistryConnection

ROOT = Path(__file__).resolve().parents[3]
_numbers = itertools.count(1)


def binary():
    """The program under test: `APUS_BIN`, or the release build of this tree."""
    return os.environ.get("APUS_BIN") or str(ROOT / ".build" / "release" / "apus")


def unique_host(suffix="test"):
    """A host name that no other test uses, also not on a shared server."""
    return f"t{next(_numbers)}-{uuid.uuid4().hex[:10]}.{suffix}"


def parse_address(text):
    """`127.0.0.1:80` or `[::1]:80` as (host, port)."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Site:
    """A host of its own with routes to the backends of one test."""

    def __init__(self, proxy, host):
        self.proxy = proxy
        self.host = host
        self.services = []

    @property
    def service(self):
        """The registry connection of the only (or first) instance."""
        return self.services[0]

    def connect(self, **more):
        """A new client connection that asks for this host."""
        return Connection(self.proxy.http, host=self.host, **more)

    def request(self, method="GET", target="/", headers=(), body=None, **more):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.request(method, target, headers, body, **more)

    def get(self, target="/", headers=(), **more):
        return self.request("GET", target, headers, **more)


class Server:
    """A running proxy: where it serves HTTP and the registry."""

    #: Whether the test may start it with settings of its own and stop it.
    is_ours = False

    def __init__(self, http, registry):
        self.http = http
        self.registry_address = registry
        self._open = []
        self._sites = []

    def connect(self, host=None, **more):
        """A client connection."""
        return Connection(self.http, host=host, **more)

    def registry(self, **more):
        """A registry connection; closed when the test ends."""
        connection = RegistryConnection(self.registry_address, **more)
        self._open.append(connection)
        return connection

    def cut_registry_connections(self):
        """Destroys all registry connections at the proxy's end. False where the kernel has no way to do that."""
        probe = self.registry()
        command = ["ss", "-K", "-H", "-t", "state", "established", "sport", "=", f":{self.registry_address[1]}"]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return probe.ends(within=2)

    def service(self, name=None, instance=None, metadata="{}", maintenance_port=0):
        """A registered service on a connection of its own."""
        connection = self.registry()
        connection.register(name or f"svc-{uuid.uuid4().hex[:10]}", instance or "one", maintenance_port, metadata)
        return connection

    def site(self, *backends, host=None, path="/", priority=0, options=None, name=None):
        """A host served by these backends, each an instance of one service with a session of its own."""
        site = Site(self, host or unique_host())
        name = name or f"svc-{uuid.uuid4().hex[:10]}"
        for number, backend in enumerate(backends, 1):
            service = self.service(name, f"{name}-{number}")
            url = backend if isinstance(backend, str) else backend.url
            service.route = service.add(site.host, path, url, priority)
            for key, value in (options or {}).items():
                service.do("OPTIONS_SET", service.route, key, value, expect="OPTIONS_OK")
            service.apply()
            site.services.append(service)
        return site

    def forget(self):
        """Ends what a test registered: sessions are shut down, connections closed."""
        for connection in self._open:
            try:
                if connection.session:
                    connection.send(f"CLIENT_SHUTDOWN|{connection.session}\n")
                connection.close()
            except OSError:
                pass
        self._open.clear()


class Apus(Server):
    """An `apus serve` of our own. Keyword arguments are flags: `head_timeout="1s"` is `--head-timeout 1s`."""

    is_ours = True

    def __init__(self, environment=None, prefix=(), wait=True, **settings):
        self.settings = {"http": "127.0.0.1:0", "registry": "127.0.0.1:0", "workers": 2, **settings}
        arguments = list(prefix) + [binary(), "serve"]
        for name, value in self.settings.items():
            for item in value if isinstance(value, (list, tuple)) else [value]:
                if item is not None:
                    arguments += ["--" + name.replace("_", "-"), str(item)]
        self.program = Program(arguments, environment, name="apus")
        super().__init__(None, None)
        if wait:
            self.wait_until_serving()

    def wait_until_serving(self):
        """Reads the bound addresses from the start log."""
        self.https = [parse_address(text) for text in self._addresses(r"serving HTTP at (\S+:\d+(?:, \S+:\d+)*)")]
        self.registries = [
            parse_address(text) for text in self._addresses(r"serving the registry at (\S+:\d+(?:, \S+:\d+)*)")]
        self.http = self._reachable(self.https[0])
        self.registry_address = self._reachable(self.registries[0])

    def _addresses(self, pattern):
        return re.split(r",\s*", self.program.wait_for_line(pattern).group(1))

    @staticmethod
    def _reachable(address):
        return ({"::": "127.0.0.1", "0.0.0.0": "127.0.0.1", "": "127.0.0.1", "*": "127.0.0.1"}.get(
            address[0], address[0]), address[1])

    @property
    def log(self):
        return self.program.text

    @property
    def pid(self):
        return self.program.pid

    def stop(self, within=20.0, number=signal.SIGTERM):
        """Ends it by a signal and returns the exit status."""
        return self.program.stop(within, number)

    def kill(self):
        self.program.kill()
