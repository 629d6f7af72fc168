"""Limits on what clients may use, and what happens at them: an answer, never a hang."""

import socket
import threading

import pytest

from harness.http import Connection, chunks
from harness.process import resident_kib
from harness.waiting import eventually


def test_a_body_over_the_limit_is_413(start, backend):
    one = backend()
    site = start(max_body_size="1000").site(one)
    assert site.request("POST", "/", body=b"x" * 1000).status == 200
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "1001")])
        assert connection.response().status == 413
    assert len(one.requests) == 1, "a body known to be too large reached the backend"


def test_a_chunked_body_over_the_limit_is_413(start, backend):
    site = start(max_body_size="1000").site(backend())
    with site.connect() as connection:
        connection.start("POST", "/", [("Transfer-Encoding", "chunked")])
        connection.send(chunks(b"x" * 600, b"y" * 600))
        assert connection.response().status == 413
        assert connection.ends()


def test_a_body_limit_of_a_route(proxy, backend):
    site = proxy.site(backend(), options={"max_body_size": "100"})
    assert site.request("POST", "/", body=b"x" * 100).status == 200
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "101")])
        assert connection.response().status == 413


def test_no_body_limit_by_default(proxy, backend):
    assert proxy.site(backend()).request("POST", "/", body=bytes(20 << 20)).json()["length"] == 20 << 20


def test_head_limits_can_be_lowered(start, backend):
    site = start(max_head_size="2KiB", max_headers="10").site(backend())
    assert site.get("/", [("X-Fill", "x" * 1500)]).status == 200
    assert site.get("/", [("X-Fill", "x" * 2500)]).status == 431
    assert site.get("/", [(f"X-{number}", "1") for number in range(12)]).status == 431


def test_connections_over_the_limit_are_503(start, backend):
    server = start(max_connections=10, workers=1)
    site = server.site(backend())
    held = [site.connect() for _ in range(10)]
    for connection in held:
        assert connection.get("/").status == 200
    with site.connect() as extra:
        extra.start()
        response = extra.response()
        assert response.status == 503
        assert int(response.headers.get("Retry-After")) >= 1
        assert extra.ends()
    held.pop().close()

    def served():
        with site.connect() as connection:
            return connection.get("/").status == 200
    eventually(served, "a place to be free again")
    for connection in held:
        assert connection.get("/").status == 200
        connection.close()


def test_connections_of_one_address_over_the_limit_are_refused(start, backend):
    site = start(max_connections_per_address=5, workers=1).site(backend())
    held = [site.connect() for _ in range(5)]
    for connection in held:
        assert connection.get("/").status == 200
    with site.connect() as extra:
        try:
            extra.start()
            assert extra.response().status in (429, 503)
        except (AssertionError, OSError):
            pass
        assert extra.ends()
    with site.connect(source="127.0.0.9") as other:
        assert other.get("/").status == 200
    for connection in held:
        connection.close()


def test_thousands_of_idle_connections_cost_little_and_disturb_nobody(start, backend):
    server = start(workers=2)
    site = server.site(backend())
    assert site.get("/").status == 200
    before = resident_kib(server.pid)
    count = 3000
    held = [Connection(server.http, host=site.host) for _ in range(count)]
    try:
        for connection in held:
            connection.start()
        for connection in held:
            assert connection.response().status == 200
        grown = resident_kib(server.pid) - before
        assert grown < count * 4, f"{grown} KiB for {count} idle connections"
        assert site.get("/").status == 200
    finally:
        for connection in held:
            connection.close()


def test_accepting_survives_running_out_of_descriptors(start, backend):
    """With few descriptors the proxy answers or waits, and recovers: it neither ends nor spins on the failure."""
    server = start(prefix=["prlimit", "--nofile=64:64"], workers=1)
    site = server.site(backend())
    held = []
    for _ in range(120):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(server.http)
        held.append(connection)
    eventually(lambda: server.program.is_running, "the proxy to live")
    for connection in held:
        connection.close()
    eventually(lambda: site.get("/").status == 200, "traffic to flow again", within=20)


def test_a_flood_of_connections_that_say_nothing_leaves_others_served(start, backend):
    server = start(workers=2, head_timeout="2s")
    site = server.site(backend())
    stop = threading.Event()

    def flood():
        held = []
        while not stop.is_set():
            try:
                held.append(socket.create_connection(server.http, timeout=5))
            except OSError:
                break
            if len(held) > 200:
                held.pop(0).close()
        for connection in held:
            connection.close()
    threads = [threading.Thread(target=flood) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with site.connect() as connection:
            for _ in range(200):
                assert connection.get("/").status == 200
        for _ in range(20):
            assert site.get("/").status == 200
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HT", b"\r\n"])
def test_connections_that_leave_early_leave_no_trace(start, sent):
    server = start(workers=1)
    for _ in range(200):
        with server.connect() as connection:
            connection.send(sent)
    assert server.connect(host="x.invalid").get("/").status == 404
