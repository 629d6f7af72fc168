"""HAProxy behind the same interface as `apus`, to check the tests themselves.

`APUS_PEER=haproxy` runs the data-plane tests against it: a test of plain HTTP behaviour that fails there is probably
wrong. Tests of what only Apus promises need a `service` and are skipped.
"""

import re
import socket
import tempfile
from pathlib import Path

import pytest

from .apus import Server, Site, unique_host
from .process import Program
from .waiting import eventually

CONFIGURATION = """
global
    maxconn 2000
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    timeout http-request 10s
    http-reuse safe
    option http-buffer-request
    no option http-buffer-request
    retries 2
    option redispatch
    retry-on all-retryable-errors
frontend front
    bind 127.0.0.1:{port}
    option forwardfor
    http-request set-header X-Forwarded-Proto http
    default_backend back
backend back
    {servers}
"""


class PeerSite(Site):
    """A host with a HAProxy of its own."""

    @property
    def service(self):
        pytest.skip("only Apus has a registry")


class HAProxy(Server):
    """Starts one HAProxy per site."""

    def __init__(self):
        super().__init__(None, None)
        self._programs = []
        self._folder = tempfile.TemporaryDirectory(prefix="apus-peer-")

    def registry(self, **_):
        pytest.skip("only Apus has a registry")

    def site(self, *backends, host=None, path="/", priority=0, options=None, name=None):
        if path != "/" or options or any(isinstance(backend, str) for backend in backends):
            pytest.skip("only Apus has routes of this kind")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        servers = "\n    ".join(
            f"server s{number} {re.sub('^http://', '', backend.url)}" for number, backend in enumerate(backends))
        file = Path(self._folder.name) / f"{port}.cfg"
        file.write_text(CONFIGURATION.format(port=port, servers=servers), encoding="ascii")
        program = Program(["haproxy", "-db", "-f", file])
        self._programs.append(program)
        site = PeerSite(self, host or unique_host())
        self.http = ("127.0.0.1", port)
        eventually(lambda: self.connect().close() or True, "HAProxy serves")
        return site

    def stop(self):
        for program in self._programs:
            program.kill()

    kill = stop
