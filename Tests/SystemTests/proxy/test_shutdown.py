"""SIGTERM and SIGINT: nothing in flight is lost, and the program ends with status 0."""

import signal
import threading
import time

import pytest

from harness.backend import echo
from harness.http import chunk
from harness.waiting import eventually


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_proxy_ends_at_once_with_status_0(start, number):
    server = start()
    started = time.monotonic()
    assert server.stop(10, number) == 0
    assert time.monotonic() - started < 5


def test_requests_in_flight_are_answered(start, backend):
    go = threading.Event()

    def handler(exchange):
        if exchange.target == "/slow":
            go.wait(20)
        echo(exchange)
    one = backend(handler)
    server = start()
    site = server.site(one)
    connections = [site.connect() for _ in range(10)]
    for connection in connections:
        connection.start("GET", "/slow")
    one.expect(10)
    server.program.send_signal(signal.SIGTERM)
    eventually(lambda: _refuses(server), "the listener to close")
    assert server.program.is_running
    go.set()
    for connection in connections:
        response = connection.response()
        assert response.status == 200
        assert response.headers.get("Connection", "").lower() == "close"
        assert connection.ends()
    assert server.program.wait() == 0


def _refuses(server):
    try:
        server.connect().close()
        return False
    except OSError:
        return True


def test_a_body_under_way_is_finished(start, backend):
    server = start()
    one = backend()
    site = server.site(one)
    with site.connect() as connection:
        connection.start("POST", "/", [("Transfer-Encoding", "chunked")])
        connection.send(chunk(b"x" * 1000))
        one.expect(1)
        server.program.send_signal(signal.SIGTERM)
        eventually(lambda: _refuses(server), "the listener to close")
        connection.send(chunk(b"y" * 1000) + b"0\r\n\r\n")
        assert connection.response().json()["length"] == 2000
    assert server.program.wait() == 0


def test_an_answer_under_way_is_finished(start, backend):
    go = threading.Event()

    def handler(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
        go.wait(20)
        exchange.send(b"other")
    server = start()
    site = server.site(backend(handler))
    with site.connect() as connection:
        connection.start()
        connection.read_head()
        server.program.send_signal(signal.SIGTERM)
        eventually(lambda: _refuses(server), "the listener to close")
        go.set()
        assert connection.reader.exactly(10) == b"firstother"
        assert connection.ends()
    assert server.program.wait() == 0


def test_idle_keep_alive_connections_are_closed(start, backend):
    server = start()
    site = server.site(backend())
    connections = [site.connect() for _ in range(20)]
    for connection in connections:
        assert connection.get("/").status == 200
    server.program.send_signal(signal.SIGTERM)
    for connection in connections:
        assert connection.ends(10)
    assert server.program.wait() == 0


def test_registry_connections_are_told(start):
    server = start()
    registered, fresh = server.service(), server.registry()
    registered.ask(f"PING|{registered.session}")
    assert fresh.ask("PING|none") == "ERROR|Invalid session"
    server.program.send_signal(signal.SIGTERM)
    for connection in (registered, fresh):
        assert connection.event("SHUTDOWN") == "SHUTDOWN"
        assert connection.ends()
    assert server.program.wait() == 0


def test_what_does_not_finish_is_cut_after_the_timeout(start, backend):
    go = threading.Event()
    one = backend(lambda exchange: go.wait(30))
    server = start(shutdown_timeout="500ms")
    site = server.site(one)
    connection = site.connect()
    connection.start()
    one.expect(1)
    started = time.monotonic()
    status = server.stop(10)
    go.set()
    assert status == 0
    assert 0.3 < time.monotonic() - started < 6


def test_a_second_signal_ends_at_once_with_status_1(start, backend):
    go = threading.Event()
    one = backend(lambda exchange: go.wait(30))
    server = start()
    connection = server.site(one).connect()
    connection.start()
    one.expect(1)
    server.program.send_signal(signal.SIGTERM)
    eventually(lambda: _refuses(server), "the listener to close")
    assert server.stop(5) == 1
    go.set()


def test_sigpipe_and_sighup_do_not_end_it(start, backend):
    server = start()
    site = server.site(backend())
    server.program.send_signal(signal.SIGPIPE)
    assert site.get("/").status == 200
