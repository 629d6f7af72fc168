"""The guide's patterns: the examples are run as they are, and the demo service with them."""

import signal
import sys

import pytest
from promises import promise

from harness.apus import ROOT, unique_host
from harness.process import Program, run
from harness.waiting import eventually

EXAMPLES = ROOT / "examples"


def text_of(address):
    return f"{address[0]}:{address[1]}"


def play(proxy, name):
    """Runs a pattern against the proxy; it ends with status 0 when everything was as it says."""
    status, out, err = run(
        [sys.executable, EXAMPLES / "patterns" / f"{name}.py", "--registry", text_of(proxy.registry_address),
         "--http", text_of(proxy.http), "--host", unique_host("localhost")], within=90)
    assert status == 0, out + err
    assert "NOT SO" not in out
    return out


@promise("pattern.blue-green")
def test_blue_green(proxy):
    play(proxy, "blue_green")


@promise("pattern.canary")
@pytest.mark.parametrize("kind", ["canary_by_weight", "canary_by_path"])
def test_canary(proxy, kind):
    play(proxy, kind)


@promise("pattern.maintenance")
def test_maintenance(proxy):
    play(proxy, "maintenance")


@promise("pattern.multi-domain")
def test_multi_domain(proxy):
    play(proxy, "multi_domain")


@promise("overview.scaling", "drain.no-downtime")
def test_auto_scaling(proxy):
    play(proxy, "auto_scaling")


@promise("stats.real", "pattern.canary")
def test_self_observing_rollback(proxy):
    play(proxy, "self_observing_rollback")


def demo(proxy, host, instance, *more):
    program = Program([
        sys.executable, EXAMPLES / "demo_service.py", "--registry", text_of(proxy.registry_address), "--name", host,
        "--instance", instance, "--domains", host, *more], name="demo service")
    program.wait_for_line("serving")
    return program


@promise("overview.no-restart", "overview.scaling")
@pytest.mark.parametrize("more", [(), ("--drain", "1s")])
def test_the_demo_service_comes_and_goes_without_a_failure(proxy, more):
    host = unique_host()
    first, second = demo(proxy, host, "web-1", *more), demo(proxy, host, "web-2", *more)
    with proxy.connect(host) as client:
        assert {client.get("/x").text.split(":")[0] for _ in range(40)} == {"Hello from web-1", "Hello from web-2"}
        assert client.get("/", [("Accept", "text/html")]).headers.get("Content-Type").startswith("text/html")
        first.send_signal(signal.SIGTERM)

        def alone():
            responses = [client.get("/") for _ in range(10)]
            assert {response.status for response in responses} == {200}
            return {response.headers.get("X-Instance") for response in responses} == {"web-2"}
        eventually(alone, "the first instance to leave")
        assert first.wait() == 0
        assert second.stop() == 0
        assert client.get("/").status == 404


@promise("trouble.reregister", "reconnect.ok")
def test_the_demo_service_comes_back_after_a_restart_of_the_proxy(start):
    server = start()
    program = demo(server, "demo.test", "web-1")
    with server.connect("demo.test") as client:
        assert client.get("/").status == 200
    address = text_of(server.registry_address)
    assert server.stop() == 0
    program.wait_for_line("SHUTDOWN")
    again = start(registry=address)
    program.wait_for_line("registered again", within=20)
    with again.connect("demo.test") as client:
        assert client.get("/").status == 200
    assert program.stop() == 0
