"""Each phase of a request has its clock: nothing hangs."""

import threading
import time

import pytest

from harness.backend import echo, raw
from harness.http import ConnectionEnded, chunk
from harness.waiting import eventually


def took(action):
    started = time.monotonic()
    result = action()
    return result, time.monotonic() - started


def test_a_head_that_does_not_arrive_is_408(start, backend):
    site = start(head_timeout="300ms").site(backend())
    with site.connect() as connection:
        connection.send("GET / HTTP/1.1\r\nHost: slow")
        response, seconds = took(connection.response)
        assert response.status == 408
        assert connection.ends()
        assert 0.2 < seconds < 5


def test_a_head_in_drips_is_408_all_the_same(start, backend):
    site = start(head_timeout="500ms").site(backend())
    with site.connect() as connection:
        connection.send("GET / HTTP/1.1\r\n")
        stop = threading.Event()

        def drip():
            try:
                while not stop.wait(0.05):
                    connection.send("X: 1\r\n")
            except OSError:
                pass
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            assert connection.response().status == 408
        finally:
            stop.set()
            thread.join()


def test_a_connection_without_a_request_is_closed_silently(start):
    server = start(head_timeout="300ms", keep_alive_timeout="300ms")
    with server.connect() as connection:
        assert connection.ends(5)


def test_an_idle_keep_alive_connection_is_closed_silently(start, backend):
    site = start(keep_alive_timeout="300ms").site(backend())
    with site.connect() as connection:
        assert connection.get("/").status == 200
        _, seconds = took(lambda: connection.ends(5))
        assert connection.ends(5)
        assert 0.2 < seconds < 5


def test_a_connection_in_use_is_not_idle(start, backend):
    site = start(keep_alive_timeout="600ms").site(backend())
    with site.connect() as connection:
        for _ in range(5):
            assert connection.get("/").status == 200
            assert connection.stays_open(0.25)


def test_a_backend_that_does_not_accept_is_504(start, unanswering):
    site = start(connect_timeout="300ms").site(unanswering)
    response, seconds = took(lambda: site.get("/"))
    assert response.status == 504
    assert seconds < 5


def test_an_instance_that_does_not_accept_is_replaced_by_another(start, backend, unanswering):
    site = start(connect_timeout="300ms").site(unanswering, backend(name="alive"))
    with site.connect() as connection:
        for _ in range(20):
            assert connection.get("/").json()["backend"] == "alive"


def test_an_answer_that_does_not_come_is_504(start, backend):
    go = threading.Event()
    site = start(response_timeout="300ms").site(backend(lambda exchange: go.wait(20) and exchange.reset()))
    response, seconds = took(lambda: site.get("/"))
    go.set()
    assert response.status == 504
    assert 0.2 < seconds < 5


def test_a_post_that_is_not_answered_in_time_is_not_repeated(start, backend):
    go = threading.Event()
    backends = [backend(lambda exchange: go.wait(20) and exchange.reset()) for _ in range(2)]
    site = start(response_timeout="300ms").site(*backends)
    assert site.request("POST", "/", body=b"x").status == 504
    go.set()
    assert sum(len(one.requests) for one in backends) == 1


def test_the_route_s_own_timeout_counts(proxy, backend):
    go = threading.Event()
    site = proxy.site(backend(lambda exchange: go.wait(20) and exchange.reset()), options={"timeout": "300ms"})
    response, seconds = took(lambda: site.get("/"))
    go.set()
    assert response.status == 504
    assert seconds < 5


def test_an_answer_that_stalls_is_cut(start, backend):
    go = threading.Event()

    def handler(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"some"))
        go.wait(20)
        exchange.reset()
    site = start(idle_timeout="300ms").site(backend(handler))
    with site.connect() as connection:
        connection.start()
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            connection.response()
    go.set()


def test_an_answer_that_drips_is_not_cut(start, backend):
    def handler(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(8):
            pause.wait(0.15)
            exchange.send(chunk(b"drip"))
        exchange.send(b"0\r\n\r\n")
    pause = threading.Event()
    site = start(idle_timeout="500ms", response_timeout="500ms").site(backend(handler))
    assert site.get("/").body == b"drip" * 8


def test_a_client_that_stops_reading_is_cut(start, backend):
    ended = threading.Event()

    def handler(exchange):
        try:
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n")
            for _ in range(500):
                exchange.send(bytes(1_000_000))
        except OSError:
            ended.set()
            raise
    site = start(idle_timeout="500ms").site(backend(handler))
    connection = site.connect()
    connection.start()
    assert ended.wait(15), "the backend is still held up by a client that does not read"
    connection.close()


def test_a_body_that_stalls_is_408(start, backend):
    site = start(idle_timeout="300ms", body_grace="300ms").site(backend())
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "1000")])
        connection.send(b"x" * 10)
        assert connection.response().status == 408
        assert connection.ends()


def test_a_body_below_the_minimum_rate_is_408(start, backend):
    site = start(body_grace="500ms", body_minimum_rate="1000").site(backend())
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "100000")])
        stop = threading.Event()

        def drip():
            try:
                while not stop.wait(0.05):
                    connection.send(b"x")
            except OSError:
                pass
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            response, seconds = took(connection.response)
        finally:
            stop.set()
            thread.join()
        assert response.status == 408
        assert seconds < 8


def test_a_long_body_at_a_fair_rate_is_not_cut(start, backend):
    site = start(body_grace="200ms", body_minimum_rate="1000", idle_timeout="1s").site(backend())
    pause = threading.Event()
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "20000")])
        for _ in range(20):
            connection.send(b"x" * 1000)
            pause.wait(0.06)
        assert connection.response().json()["length"] == 20_000


def test_idle_connections_to_backends_are_closed(start, backend):
    one = backend()
    site = start(upstream_keep_alive_timeout="300ms", workers=1).site(one)
    assert site.get("/").status == 200
    eventually(lambda: one.open_connections == 0, "the idle connection's end", within=5)
    assert site.get("/").json()["connection"] == 2


def test_a_slow_handler_within_the_limit_is_waited_for(start, backend):
    pause = threading.Event()

    def handler(exchange):
        pause.wait(0.5)
        echo(exchange)
    site = start(response_timeout="3s", idle_timeout="100ms").site(backend(handler))
    assert site.get("/").status == 200


def test_an_interim_answer_does_not_stand_for_the_answer(start, backend):
    go = threading.Event()

    def handler(exchange):
        exchange.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        go.wait(20)
        exchange.reset()
    site = start(response_timeout="500ms").site(backend(handler))
    response = site.get("/")
    go.set()
    assert [one.status for one in response.informational] == [103]
    assert response.status == 504


def test_many_stalled_clients_are_all_let_go(start, backend):
    server = start(head_timeout="500ms")
    site = server.site(backend(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))
    connections = [site.connect() for _ in range(200)]
    for connection in connections:
        connection.send("GET /")
    for connection in connections:
        assert connection.response().status == 408
        connection.close()
