"""Where messages end, both ways: lengths, chunks, until-close, no bodies, interim answers, trailers, HTTP/1.0."""

import hashlib
import threading

import pytest

from harness.backend import raw
from harness.http import chunk, chunks
from harness.process import resident_kib
from harness.waiting import eventually

BIG = bytes(range(256)) * 4096 * 5  # 5 MiB


def digest(data):
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 1023, 16384, 65535, 65536, 65537, 131073, len(BIG)])
def test_a_request_body_with_a_length_arrives_whole(proxy, backend, size):
    answer = proxy.site(backend()).request("POST", "/", body=BIG[:size]).json()
    assert (answer["length"], answer["sha256"]) == (size, digest(BIG[:size]))


@pytest.mark.parametrize("parts", [
    (), (b"x",), (b"hello", b" ", b"world"), (BIG[:70000],), (BIG[:70000], BIG[70000:300000])])
def test_a_chunked_request_body_arrives_whole(proxy, backend, parts):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.start("POST", "/", [("Transfer-Encoding", "chunked")])
        connection.send(chunks(*parts))
        answer = connection.response().json()
        whole = b"".join(parts)
        assert (answer["length"], answer["sha256"], answer["framing"]) == (len(whole), digest(whole), "chunked")
        assert connection.get("/again").status == 200


def test_chunk_extensions_do_not_disturb(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.start("POST", "/", [("Transfer-Encoding", "chunked")])
        connection.send(b"5;name=value\r\nhello\r\n3;q=\"a b\"\r\nabc\r\n0;last\r\n\r\n")
        assert connection.response().json()["sha256"] == digest(b"helloabc")


def test_a_body_sent_byte_by_byte_arrives_whole(proxy, backend):
    site = proxy.site(backend())
    head = f"POST / HTTP/1.1\r\nHost: {site.host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    message = head.encode() + chunks(b"abc", b"de")
    with site.connect() as connection:
        for index in range(len(message)):
            connection.send(message[index:index + 1])
        assert connection.response().json()["sha256"] == digest(b"abcde")


@pytest.mark.parametrize("size", [0, 1, 16384, 65535, 65536, 65537, 131073, len(BIG)])
def test_an_answer_with_a_length_arrives_whole(proxy, backend, size):
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
    response = proxy.site(backend(raw(head + BIG[:size]))).get("/")
    assert response.framing == "length"
    assert response.body == BIG[:size]


@pytest.mark.parametrize("parts", [(), (b"a",), (b"hello", b"world"), (BIG[:100000], BIG[100000:400000])])
def test_a_chunked_answer_arrives_whole(proxy, backend, parts):
    site = proxy.site(backend(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(*parts))))
    with site.connect() as connection:
        for _ in range(2):
            response = connection.get("/")
            assert response.framing == "chunked"
            assert response.body == b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, 70000, len(BIG)])
def test_an_answer_that_ends_with_its_connection_is_chunked_for_the_client(proxy, backend, size):
    site = proxy.site(backend(raw(b"HTTP/1.1 200 OK\r\n\r\n" + BIG[:size], then_close=True)))
    with site.connect() as connection:
        for _ in range(2):
            response = connection.get("/")
            assert response.body == BIG[:size]
            assert response.framing == "chunked"


def test_an_http_1_0_answer_of_a_backend_is_understood(proxy, backend):
    site = proxy.site(backend(raw(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", then_close=True)))
    with site.connect() as connection:
        for _ in range(2):
            response = connection.get("/")
            assert (response.version, response.body) == ("HTTP/1.1", b"ok")


@pytest.mark.parametrize("head", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
])
def test_head_answers_have_no_body(proxy, backend, head):
    one = backend(lambda exchange: exchange.send(head) or exchange.close())
    site = proxy.site(one)
    with site.connect() as connection:
        response = connection.request("HEAD", "/")
        assert response.status == 200
        if b"Content-Length" in head:
            assert response.headers.get("Content-Length") == "1000"
        # The next answer begins where it must: nothing of a body came.
        assert connection.request("HEAD", "/").status == 200


@pytest.mark.parametrize("status", [204, 304])
def test_bodiless_answers_end_with_their_head(proxy, backend, status):
    extra = b"Content-Length: 5\r\nETag: \"x\"\r\n" if status == 304 else b""
    one = backend(raw(b"HTTP/1.1 %d Fine\r\n%s\r\n" % (status, extra)))
    site = proxy.site(one)
    with site.connect() as connection:
        for _ in range(3):
            response = connection.get("/")
            assert (response.status, response.body) == (status, b"")
            assert "Transfer-Encoding" not in response.headers
    assert one.connection_count == 1


def test_continue_comes_from_the_backend(proxy, backend):
    def handler(exchange):
        assert exchange.headers.get("Expect").lower() == "100-continue"
        exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        exchange.reply(200, body=str(len(exchange.body())))
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.start("POST", "/", [("Expect", "100-continue"), ("Content-Length", "5")])
        assert connection.read_head().status == 100
        connection.send(b"hello")
        assert connection.response().body == b"5"
        assert connection.request("POST", "/", [("Expect", "100-continue")], body=b"abc").body == b"3"


def test_the_proxy_does_not_send_continue_by_itself(proxy, backend):
    arrived, go = threading.Event(), threading.Event()

    def handler(exchange):
        arrived.set()
        go.wait(10)
        exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        exchange.reply(200, body=exchange.body())
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.start("POST", "/", [("Expect", "100-continue"), ("Content-Length", "2")])
        assert arrived.wait(10)
        assert connection.stays_open(0.3)
        go.set()
        assert connection.read_head().status == 100
        connection.send(b"ok")
        assert connection.response().body == b"ok"


def test_a_backend_may_refuse_instead_of_continuing(proxy, backend):
    def handler(exchange):
        exchange.send(b"HTTP/1.1 417 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        exchange.close()
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.start("POST", "/", [("Expect", "100-continue"), ("Content-Length", "500000")])
        response = connection.response()
        assert (response.status, response.body) == (417, b"no")
        # The body was never sent: this connection cannot go on.
        assert connection.ends()


def test_an_unknown_expectation_is_417(proxy, backend):
    assert proxy.site(backend()).get("/", [("Expect", "the-best")]).status == 417


def test_early_hints_and_other_interim_answers_pass(proxy, backend):
    site = proxy.site(backend(raw(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </b.css>; rel=preload\r\n\r\n"
        b"HTTP/1.1 102 Processing\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
    with site.connect() as connection:
        for _ in range(2):
            response = connection.get("/")
            assert [one.status for one in response.informational] == [103, 103, 102]
            assert response.informational[0].headers.get("Link") == "</a.css>; rel=preload"
            assert response.body == b"ok"


def test_an_interim_answer_arrives_before_the_final_one(proxy, backend):
    go = threading.Event()

    def handler(exchange):
        exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
        go.wait(10)
        exchange.reply(200)
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.start()
        assert connection.read_head().status == 103
        go.set()
        assert connection.response().status == 200


def test_an_http_1_0_client_gets_no_interim_answers(proxy, backend):
    site = proxy.site(backend(raw(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
    response = site.get("/", version="HTTP/1.0")
    assert (response.informational, response.status, response.body) == ([], 200, b"ok")


TRAILERED = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
             + chunks(b"abc", trailers=b"X-Sum: 6\r\n"))


def test_trailers_are_dropped_for_a_client_that_did_not_ask(proxy, backend):
    site = proxy.site(backend(raw(TRAILERED)))
    with site.connect() as connection:
        for _ in range(2):
            response = connection.get("/")
            assert response.body == b"abc"
            assert not response.trailers


def test_trailers_reach_a_client_that_accepts_them(proxy, backend):
    response = proxy.site(backend(raw(TRAILERED))).get("/", [("TE", "trailers"), ("Connection", "TE")])
    assert response.body == b"abc"
    assert list(response.trailers) == [("X-Sum", "6")]


def test_unsafe_trailers_never_pass(proxy, backend):
    site = proxy.site(backend(raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(
            b"abc", trailers=b"Content-Length: 9\r\nTransfer-Encoding: gzip\r\nHost: x\r\nSet-Cookie: a=b\r\n"
            b"Authorization: x\r\nX-Fine: 1\r\n"))))
    response = site.get("/", [("TE", "trailers"), ("Connection", "TE")])
    assert response.trailers.names == ["X-Fine"]


def test_unsafe_trailers_of_a_request_never_pass(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.start("POST", "/", [("Transfer-Encoding", "chunked")])
        connection.send(chunks(b"abc", trailers=b"Content-Length: 9\r\nHost: evil\r\nX-Forwarded-For: 1.2.3.4\r\n"))
        answer = connection.response().json()
        assert answer["length"] == 3
        assert answer["trailers"] == []
        assert connection.get("/").status == 200


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(b"hello", b" world"),
    b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
])
def test_an_http_1_0_client_gets_no_chunks(proxy, backend, answer):
    response = proxy.site(backend(raw(answer))).get("/", version="HTTP/1.0")
    assert response.body == b"hello world"
    assert "Transfer-Encoding" not in response.headers
    assert response.framing in ("close", "length")


def test_an_http_1_0_client_may_keep_its_connection(proxy, backend):
    site = proxy.site(backend(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
    with site.connect() as connection:
        first = connection.get("/", [("Connection", "keep-alive")], version="HTTP/1.0")
        assert first.headers.get("Connection", "").lower() == "keep-alive"
        assert connection.get("/", version="HTTP/1.0").body == b"ok"
        assert connection.ends()


def test_an_http_1_0_request_reaches_the_backend_as_1_1(proxy, backend):
    assert proxy.site(backend()).get("/", version="HTTP/1.0").json()["version"] == "HTTP/1.1"


def test_an_answer_streams(proxy, backend):
    go = threading.Event()

    def handler(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"first"))
        go.wait(10)
        exchange.send(chunk(b"second") + b"0\r\n\r\n")
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.start()
        head = connection.read_head()
        assert head.headers.get("Transfer-Encoding") == "chunked"
        assert connection.reader.exactly(10) == b"5\r\nfirst\r\n"
        go.set()
        assert connection.reader.chunked()[0] == b"second"


def test_a_request_streams(proxy, backend):
    parts = []

    def handler(exchange):
        parts.append(exchange.reader.exactly(5))
        exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        exchange.body_bytes, exchange._body_was_read = exchange.reader.exactly(5), True
        exchange.reply(200, body=exchange.body_bytes)
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        connection.start("POST", "/", [("Content-Length", "10")])
        connection.send(b"first")
        eventually(lambda: parts == [b"first"], "the first half of the body at the backend")
        connection.send(b"other")
        assert connection.response().body == b"other"


def test_a_slow_reader_holds_back_the_backend(start, backend):
    """A client that does not read must not make the proxy buffer the answer."""
    server = start(workers=1)
    total, sent = 256 << 20, []

    def handler(exchange):
        exchange.send(f"HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n")
        piece = bytes(1 << 20)
        for number in range(total >> 20):
            exchange.send(piece)
            sent.append(number)
    one = backend(handler)
    site = server.site(one)
    before = resident_kib(server.pid)
    with site.connect() as connection:
        connection.start()
        connection.read_head()
        _until_still(sent)
        assert len(sent) < 64, "the proxy took far more than sockets hold"
        assert resident_kib(server.pid) - before < 16 * 1024
        assert len(connection.reader.exactly(total)) == total


def test_a_slow_backend_holds_back_the_client(start, backend):
    """A backend that does not read must not make the proxy buffer the request."""
    server = start(workers=1)
    total, go = 128 << 20, threading.Event()

    def handler(exchange):
        go.wait(30)
        exchange.reply(200, body=str(len(exchange.body())))
    site = server.site(backend(handler))
    before = resident_kib(server.pid)
    sent = []
    with site.connect(timeout=30) as connection:
        connection.start("POST", "/", [("Content-Length", str(total))])

        def pour():
            for number in range(total >> 20):
                connection.send(bytes(1 << 20))
                sent.append(number)
        thread = threading.Thread(target=pour, daemon=True)
        thread.start()
        _until_still(sent)
        assert len(sent) < 64, "the proxy took far more than sockets hold"
        assert resident_kib(server.pid) - before < 16 * 1024
        go.set()
        assert connection.response().body == str(total).encode()
        thread.join(10)


def _until_still(sent):
    """Waits until the sender makes no more headway: everything between is full."""
    seen = []

    def still():
        seen.append(len(sent))
        return len(seen) > 30 and len(set(seen[-30:])) == 1 and seen[-1] > 0
    eventually(still, "the sender to be held back", within=30)
