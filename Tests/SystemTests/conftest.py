"""Fixtures of the system tests. See Docs/Testing.md."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

from harness.apus import Apus, Server, binary, parse_address  # noqa: E402
from harness.backend import Backend, RefusingPort, UnansweringPort, echo  # noqa: E402
from harness.peers import HAProxy  # noqa: E402
from harness.process import open_files  # noqa: E402
from harness.waiting import eventually  # noqa: E402

PEER = os.environ.get("APUS_PEER")


def pytest_configure(config):
    config.addinivalue_line("markers", "heavy: the full size of a load scenario; run with `--heavy` (make soak)")
    config.addinivalue_line("markers", "promise(*ids): the sentences of the guide that a conformance test shows")


def pytest_addoption(parser):
    parser.addoption("--heavy", action="store_true", help="run the load scenarios in their full size")
    parser.addoption("--target", help="registry address HOST:PORT of a running server, for the conformance suite")
    parser.addoption("--target-http", help="its HTTP address; by default the registry's port less one")
    parser.addoption("--backend-host", help="the address at which that server reaches this machine")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--heavy"):
        skip = pytest.mark.skip(reason="full size only with --heavy")
        for item in items:
            if "heavy" in item.keywords:
                item.add_marker(skip)


def pytest_sessionstart(session):
    needs_binary = not PEER and not session.config.getoption("--target") and not session.config.option.collectonly
    if needs_binary and not os.access(binary(), os.X_OK):
        pytest.exit(f"{binary()} does not exist: `swift build -c release`, or set APUS_BIN", returncode=2)


def given_server(config):
    """The running server that `--target` names."""
    registry = parse_address(config.getoption("--target"))
    http = config.getoption("--target-http")
    return Server(parse_address(http) if http else (registry[0], registry[1] - 1), registry)


@pytest.fixture(scope="module")
def _shared(request):
    if request.config.getoption("--target"):
        yield given_server(request.config)
        return
    server = HAProxy() if PEER == "haproxy" else Apus()
    files = open_files(server.pid) if server.is_ours else 0
    yield server
    if server.is_ours:
        assert server.program.is_running, f"apus ended during the tests:\n{server.log[-3000:]}"
        # Clients, services and backends are gone: what they held must be gone too.
        eventually(lambda: open_files(server.pid) <= files + 4, "descriptors to be closed", within=20)
    server.stop()


@pytest.fixture
def proxy(_shared):
    """A proxy with default settings, shared by the tests of a file: each uses hosts of its own."""
    yield _shared
    _shared.forget()


@pytest.fixture
def start(request):
    """Starts a proxy with settings of its own: `start(head_timeout="1s")`."""
    if PEER or request.config.getoption("--target"):
        pytest.skip("needs a proxy with settings of its own")
    servers = []

    def starter(**settings):
        server = Apus(**settings)
        servers.append(server)
        return server

    yield starter
    for server in servers:
        server.forget()
        server.kill()


@pytest.fixture
def backend(request):
    """Starts a backend: `backend(handler, name="a")`."""
    backends = []
    own_address = request.config.getoption("--backend-host") or "127.0.0.1"

    def starter(handler=echo, name=None, host=own_address, **more):
        one = Backend(handler, name or f"backend-{len(backends) + 1}", host, **more)
        backends.append(one)
        return one

    yield starter
    for one in backends:
        one.stop()
    errors = [error for one in backends for error in one.errors]
    assert not errors, f"a backend received something that is not HTTP: {errors}"


@pytest.fixture
def refusing():
    """A port that refuses connections."""
    port = RefusingPort()
    yield port
    port.stop()


@pytest.fixture
def unanswering():
    """A port that answers no connection attempt."""
    port = UnansweringPort()
    yield port
    port.stop()
