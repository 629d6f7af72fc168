"""Connections of clients and to backends: kept, reused, pipelined, half closed, cut."""

import threading

import pytest

from harness.backend import echo, raw
from harness.http import ConnectionEnded, chunk
from harness.process import open_files
from harness.waiting import eventually


def test_a_client_connection_serves_many_requests(proxy, backend):
    one = backend()
    site = proxy.site(one)
    with site.connect() as connection:
        for number in range(100):
            assert connection.get(f"/{number}").json()["target"] == f"/{number}"
    assert one.connection_count == 1


def test_connections_to_a_backend_are_reused_by_other_clients(start, backend):
    one = backend()
    site = start(workers=1).site(one)
    for _ in range(20):
        assert site.get("/").status == 200
    assert one.connection_count == 1


@pytest.mark.parametrize("value", ["close", "Close", "keep-alive, close"])
def test_close_ends_the_client_connection_after_the_answer(proxy, backend, value):
    site = proxy.site(backend())
    with site.connect() as connection:
        response = connection.get("/", [("Connection", value)])
        assert response.headers.get("Connection").lower() == "close"
        assert response.status == 200
        assert connection.ends()


def test_an_http_1_0_connection_ends_after_the_answer(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        assert connection.get("/", version="HTTP/1.0").status == 200
        assert connection.ends()


def test_close_of_a_backend_does_not_reach_the_client(proxy, backend):
    one = backend(raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", then_close=True))
    site = proxy.site(one)
    with site.connect() as connection:
        for _ in range(3):
            response = connection.get("/")
            assert response.body == b"ok"
            assert response.headers.get("Connection", "keep-alive").lower() == "keep-alive"
    assert one.connection_count == 3


def test_pipelined_requests_are_answered_in_order(proxy, backend):
    site = proxy.site(backend())
    count = 50
    with site.connect() as connection:
        connection.send("".join(f"GET /{number} HTTP/1.1\r\nHost: {site.host}\r\n\r\n" for number in range(count)))
        for number in range(count):
            assert connection.response().json()["target"] == f"/{number}"


def test_pipelined_requests_with_bodies_are_answered_in_order(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        message = b""
        for number in range(20):
            head = f"POST /{number} HTTP/1.1\r\nHost: {site.host}\r\n"
            if number % 2:
                message += f"{head}Content-Length: {number}\r\n\r\n".encode() + b"x" * number
            else:
                message += f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk(b"y" * 100) + b"0\r\n\r\n"
        connection.send(message)
        for number in range(20):
            answer = connection.response().json()
            assert (answer["target"], answer["length"]) == (f"/{number}", number if number % 2 else 100)


def test_pipelined_requests_behind_a_slow_answer_wait(proxy, backend):
    go = threading.Event()

    def handler(exchange):
        if exchange.target == "/slow":
            go.wait(10)
        echo(exchange)
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.send("".join(
            f"GET {target} HTTP/1.1\r\nHost: {site.host}\r\n\r\n" for target in ("/slow", "/quick")))
        assert connection.stays_open(0.2)
        go.set()
        assert [connection.response().json()["target"] for _ in range(2)] == ["/slow", "/quick"]


def test_empty_lines_between_requests_are_skipped(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.send(f"\r\nGET /1 HTTP/1.1\r\nHost: {site.host}\r\n\r\n")
        assert connection.response().json()["target"] == "/1"
        connection.send(f"\r\nGET /2 HTTP/1.1\r\nHost: {site.host}\r\n\r\n")
        assert connection.response().json()["target"] == "/2"


def test_a_half_closed_client_still_gets_its_answer(proxy, backend):
    go = threading.Event()

    def handler(exchange):
        go.wait(10)
        exchange.reply(200, body=b"x" * 200_000)
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.start("GET", "/")
        connection.finish_sending()
        go.set()
        assert len(connection.response().body) == 200_000
        assert connection.ends()


def test_a_client_may_half_close_after_its_body(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "100000")])
        connection.send(b"x" * 100_000)
        connection.finish_sending()
        assert connection.response().json()["length"] == 100_000
        assert connection.ends()


def test_a_client_that_ends_inside_its_body_ends_the_backend_request(proxy, backend):
    ended = threading.Event()

    def handler(exchange):
        try:
            exchange.body()
        except (ConnectionEnded, ConnectionResetError):
            ended.set()
            raise
    one = backend(handler)
    site = proxy.site(one)
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "1000")])
        connection.send(b"x" * 10)
        one.expect(1)
        connection.finish_sending()
        assert ended.wait(10), "the backend was not told"


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_leaves_ends_the_backend_request(proxy, backend, how):
    arrived, ended = threading.Event(), threading.Event()

    def handler(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        arrived.set()
        try:
            while True:
                exchange.send(chunk(b"x" * 65536))
        except OSError:
            ended.set()
            raise
    site = proxy.site(backend(handler))
    connection = site.connect()
    connection.start()
    assert arrived.wait(10)
    connection.read_head()
    getattr(connection, how)()
    assert ended.wait(10), "the backend went on sending to nobody"


def test_an_early_answer_reaches_the_client_and_ends_both_connections(proxy, backend):
    def handler(exchange):
        exchange.send(b"HTTP/1.1 413 Enough\r\nContent-Length: 6\r\n\r\nenough")
        exchange.peer_closes()
        exchange.close()
    one = backend(handler)
    site = proxy.site(one)
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "10000000")])
        connection.send(b"x" * 1000)
        response = connection.response()
        assert (response.status, response.body) == (413, b"enough")
    one.handler = echo
    assert site.get("/").status == 200
    assert one.connection_count == 2, "a connection with half a request on it was used again"


def test_an_early_answer_with_close_while_the_client_sends(proxy, backend):
    def handler(exchange):
        exchange.send(b"HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
        exchange.close()
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "300000")])
        try:
            connection.send(b"x" * 300_000)
        except OSError:
            pass
        response = connection.response()
        assert (response.status, response.body) == (403, b"no")


def test_bytes_after_an_answer_spoil_the_connection(proxy, backend):
    """What follows an answer must never be taken for the answer to another client's request."""
    one = backend(raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" b"HTTP/1.1 200 Evil\r\nContent-Length: 4\r\n\r\nevil"))
    site = proxy.site(one)
    for _ in range(5):
        response = site.get("/")
        assert (response.status, response.reason, response.body) == (200, "OK", b"ok")
    assert one.connection_count == 5


def test_bytes_while_a_connection_is_idle_spoil_it(start, backend):
    one = backend()
    site = start(workers=1).site(one)
    assert site.get("/").status == 200
    one.last.send(b"HTTP/1.1 408 Too Late\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    eventually(lambda: one.open_connections == 0, "the connection's end")
    assert site.get("/").json()["connection"] == 2


def test_a_connection_closed_while_idle_is_not_used(start, backend):
    one = backend()
    site = start(workers=1).site(one)
    for number in range(1, 20):
        assert site.get("/").json()["connection"] == number
        one.drop_connections(reset=bool(number % 2))
        eventually(lambda: one.open_connections == 0, "the connection's end")


def test_a_request_that_meets_a_connection_closing_just_now_is_repeated_unseen(proxy, backend):
    """The race of keep-alive: the backend closes just when the next request is under way."""
    def handler(exchange):
        exchange.body()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        exchange.close()
    one = backend(handler)
    site = proxy.site(one)
    with site.connect() as connection:
        for _ in range(300):
            assert connection.get("/").body == b"ok"


def test_a_cut_answer_is_not_passed_off_as_whole(proxy, backend):
    cases = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ]
    for answer in cases:
        site = proxy.site(backend(raw(answer, then_close=True)))
        with site.connect() as connection:
            connection.start()
            with pytest.raises((ConnectionEnded, ConnectionResetError)):
                response = connection.response()
                raise AssertionError(f"taken for whole: {response!r}")


def test_a_reset_inside_an_until_close_answer_is_not_a_whole_answer(proxy, backend):
    def handler(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\n\r\nsome")
        go.wait(10)
        exchange.reset()
    go = threading.Event()
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.start()
        connection.read_head()
        assert connection.reader.exactly(9) == b"4\r\nsome\r\n"
        go.set()
        with pytest.raises((ConnectionEnded, ConnectionResetError)):
            connection.reader.chunked()


def test_a_failing_exchange_leaves_no_descriptors_behind(start, backend):
    server = start(workers=1)
    one = backend(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", then_close=True))
    site = server.site(one)

    def fail():
        with site.connect() as connection:
            connection.start()
            with pytest.raises((ConnectionEnded, ConnectionResetError)):
                connection.response()
    for _ in range(5):
        fail()
    before = open_files(server.pid)
    for _ in range(100):
        fail()
    eventually(lambda: open_files(server.pid) <= before + 2, "descriptors to be closed")


def test_different_backends_do_not_share_connections(start, backend):
    server = start(workers=1)
    first, second = backend(name="a"), backend(name="b")
    sites = [server.site(first), server.site(second)]
    with sites[0].connect() as connection:
        for number in range(40):
            site = sites[number % 2]
            assert connection.get("/", host=site.host).json()["backend"] == "ab"[number % 2]
    assert (first.connection_count, second.connection_count) == (1, 1)


def test_many_clients_at_once_get_their_own_answers(proxy, backend):
    site = proxy.site(backend(), backend())
    failures = []

    def client(number):
        try:
            with site.connect() as connection:
                for step in range(50):
                    target = f"/{number}/{step}"
                    if connection.get(target).json()["target"] != target:
                        failures.append(target)
        except (OSError, AssertionError) as error:
            failures.append(error)
    threads = [threading.Thread(target=client, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
