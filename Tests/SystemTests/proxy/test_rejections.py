"""What is not HTTP, or too much of it, is refused at once and never forwarded."""

import pytest

from harness.backend import raw
from harness.http import chunk

OK = "Host: {host}\r\n"


def refused(proxy, backend, message, status):
    """Sends `message`, expects the status and the end of the connection, and that the backend saw nothing of it."""
    one = backend()
    site = proxy.site(one)
    with site.connect() as connection:
        text = message.replace("{host}", site.host) if isinstance(message, str) else \
            message.replace(b"{host}", site.host.encode())
        connection.send(text)
        response = connection.response()
        assert response.status == status, response
        assert response.headers.get("Connection", "").lower() == "close"
        assert connection.ends()
    return one


BAD_HEADS = {
    "no host": "GET / HTTP/1.1\r\n\r\n",
    "two hosts": "GET / HTTP/1.1\r\n" + OK + OK + "\r\n",
    "two hosts, absolute target": "GET http://{host}/ HTTP/1.1\r\n" + OK + "Host: other\r\n\r\n",
    "a list as host": "GET / HTTP/1.1\r\nHost: {host}, other\r\n\r\n",
    "a host with a space": "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a host with user info": "GET / HTTP/1.1\r\nHost: user@{host}\r\n\r\n",
    "a host with a path": "GET / HTTP/1.1\r\nHost: {host}/x\r\n\r\n",
    "a bad port": "GET / HTTP/1.1\r\nHost: {host}:eighty\r\n\r\n",
    "a port too high": "GET / HTTP/1.1\r\nHost: {host}:65536\r\n\r\n",
    "both lengths": "POST / HTTP/1.1\r\n" + OK + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, other order": "POST / HTTP/1.1\r\n" + OK + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    "differing lengths": "POST / HTTP/1.1\r\n" + OK + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a list of differing lengths": "POST / HTTP/1.1\r\n" + OK + "Content-Length: 5, 6\r\n\r\nhello",
    "a negative length": "POST / HTTP/1.1\r\n" + OK + "Content-Length: -1\r\n\r\n",
    "a length with sign": "POST / HTTP/1.1\r\n" + OK + "Content-Length: +5\r\n\r\nhello",
    "a hexadecimal length": "POST / HTTP/1.1\r\n" + OK + "Content-Length: 0x5\r\n\r\nhello",
    "a length with a space": "POST / HTTP/1.1\r\n" + OK + "Content-Length: 1 2\r\n\r\nhello",
    "an empty length": "POST / HTTP/1.1\r\n" + OK + "Content-Length: \r\n\r\n",
    "a length over 64 bits": "POST / HTTP/1.1\r\n" + OK + "Content-Length: 18446744073709551621\r\n\r\nhello",
    "two codings": "POST / HTTP/1.1\r\n" + OK + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a folded header": "GET / HTTP/1.1\r\n" + OK + "X-A: 1\r\n 2\r\n\r\n",
    "a folded first header": "GET / HTTP/1.1\r\n Folded: x\r\n" + OK + "\r\n",
    "white space before the colon": "GET / HTTP/1.1\r\n" + OK + "X-A : 1\r\n\r\n",
    "a tab before the colon": "GET / HTTP/1.1\r\n" + OK + "X-A\t: 1\r\n\r\n",
    "no colon": "GET / HTTP/1.1\r\n" + OK + "X-A 1\r\n\r\n",
    "no name": "GET / HTTP/1.1\r\n" + OK + ": 1\r\n\r\n",
    "a name that is no token": "GET / HTTP/1.1\r\n" + OK + "X(A): 1\r\n\r\n",
    "a bare LF after the request line": "GET / HTTP/1.1\n" + OK + "\r\n",
    "a bare LF after a header": "GET / HTTP/1.1\r\n" + OK.replace("\r", "") + "\r\n",
    "a bare LF as end": "GET / HTTP/1.1\r\n" + OK + "\n",
    "a bare CR in a value": "GET / HTTP/1.1\r\n" + OK + "X-A: 1\r2\r\n\r\n",
    "a bare CR in the request line": "GET /\r HTTP/1.1\r\n" + OK + "\r\n",
    "NUL in a value": "GET / HTTP/1.1\r\n" + OK + "X-A: 1\x002\r\n\r\n",
    "a control character in a value": "GET / HTTP/1.1\r\n" + OK + "X-A: 1\x012\r\n\r\n",
    "DEL in a value": "GET / HTTP/1.1\r\n" + OK + "X-A: 1\x7f\r\n\r\n",
    "a control character in the target": "GET /\x01 HTTP/1.1\r\n" + OK + "\r\n",
    "a space in the target": "GET /a b HTTP/1.1\r\n" + OK + "\r\n",
    "a fragment in the target": "GET /a#b HTTP/1.1\r\n" + OK + "\r\n",
    "a target without slash": "GET index.html HTTP/1.1\r\n" + OK + "\r\n",
    "a target of another scheme": "GET ftp://{host}/ HTTP/1.1\r\n" + OK + "\r\n",
    "an absolute target without host": "GET http:/// HTTP/1.1\r\n" + OK + "\r\n",
    "asterisk for GET": "GET * HTTP/1.1\r\n" + OK + "\r\n",
    "two spaces": "GET  / HTTP/1.1\r\n" + OK + "\r\n",
    "a leading space": " GET / HTTP/1.1\r\n" + OK + "\r\n",
    "no version": "GET /\r\n" + OK + "\r\n",
    "a bad version": "GET / HTTP/1.x\r\n" + OK + "\r\n",
    "a lower-case protocol": "GET / http/1.1\r\n" + OK + "\r\n",
    "a method that is no token": "G(T / HTTP/1.1\r\n" + OK + "\r\n",
    "not HTTP at all": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD_HEADS)
def test_malformed_heads_are_400(proxy, backend, name):
    one = refused(proxy, backend, BAD_HEADS[name], 400)
    assert not one.requests, "something of it reached the backend"


@pytest.mark.parametrize("coding, statuses", [
    ("gzip", (400, 501)), ("chunked, gzip", (400, 501)), ("gzip, chunked", (400, 501)), ("identity", (400, 501)),
    ("xchunked", (400, 501)), ("chunked, chunked", (400, 501)), ("", (400, 501)), ("\x0bchunked", (400,))])
def test_codings_but_a_final_chunked_are_refused(proxy, backend, coding, statuses):
    one = backend()
    site = proxy.site(one)
    with site.connect() as connection:
        connection.send(f"POST / HTTP/1.1\r\nHost: {site.host}\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n")
        assert connection.response().status in statuses
        assert connection.ends()
    assert not one.requests


def test_a_coding_in_http_1_0_is_refused(proxy, backend):
    one = refused(proxy, backend, "POST / HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)
    assert not one.requests


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/3.0", "HTTP/0.9"])
def test_other_versions_are_505(proxy, backend, version):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.send(f"GET / {version}\r\nHost: {site.host}\r\n\r\n")
        assert connection.response().status in (400, 505)
        assert connection.ends()


def test_connect_is_refused(proxy, backend):
    one = backend()
    site = proxy.site(one)
    with site.connect() as connection:
        connection.send(f"CONNECT {site.host}:443 HTTP/1.1\r\nHost: {site.host}:443\r\n\r\n")
        assert connection.response().status in (400, 405, 501)
        assert connection.ends()
    assert not one.requests


BAD_CHUNKS = {
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "not hexadecimal": b"xyz\r\nhello\r\n0\r\n\r\n",
    "a sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a space before": b" 5\r\nhello\r\n0\r\n\r\n",
    "a space after": b"5 \r\nhello\r\n0\r\n\r\n",
    "a bare LF after the size": b"5\nhello\r\n0\r\n\r\n",
    "a bare CR in the size line": b"5\rhello\r\n0\r\n\r\n",
    "a bare LF in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "a bare CR in an extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "a control character in an extension": b"5;a\x01\r\nhello\r\n0\r\n\r\n",
    "more data than the size": b"5\r\nhello!\r\n0\r\n\r\n",
    "less data than the size": b"5\r\nhell\r\n0\r\n\r\n",
    "a bare LF after the data": b"5\r\nhello\n0\r\n\r\n",
    "a bare CR after the data": b"5\r\nhello\r0\r\n\r\n",
    "a size over 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "a size that overflows signed": b"8000000000000000\r\nhello\r\n0\r\n\r\n",
    "endless zeros": b"0" * 5000 + b"5\r\nhello\r\n0\r\n\r\n",
    "a bare LF at the end": b"5\r\nhello\r\n0\r\n\n",
    "a malformed trailer": b"5\r\nhello\r\n0\r\nX Y: 1\r\n\r\n",
    "a folded trailer": b"5\r\nhello\r\n0\r\nX: 1\r\n 2\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_malformed_chunks_never_become_a_whole_request(proxy, backend, name):
    """The head may be with the backend already: what counts is that the body never ends there."""
    whole = []

    def handler(exchange):
        exchange.body()
        whole.append(exchange)
        exchange.reply(200)
    one = backend(handler)
    site = proxy.site(one)
    with site.connect() as connection:
        connection.send(f"POST / HTTP/1.1\r\nHost: {site.host}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
                        + BAD_CHUNKS[name])
        response = connection.response()
        assert response.status == 400
        assert connection.ends()
    assert not whole
    one.errors.clear()


def test_endless_chunk_extensions_are_refused(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.send(f"POST / HTTP/1.1\r\nHost: {site.host}\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(64):
                connection.send(b"5;" + b"x" * 16384)
        except OSError:
            pass
        assert connection.response().status in (400, 431)
        assert connection.ends()


def test_smuggled_requests_are_not_seen(proxy, backend):
    """What one side could take for a second request must not arrive as one."""
    one = backend()
    site = proxy.site(one)
    with site.connect() as connection:
        connection.send(
            f"POST /first HTTP/1.1\r\nHost: {site.host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
            f"5c\r\nGET /smuggled HTTP/1.1\r\nHost: {site.host}\r\nContent-Length: 15\r\n\r\nx=1\r\n0\r\n\r\n")
        assert connection.response().status == 400
        assert connection.ends()
    assert not one.requests


def test_a_good_request_before_a_bad_one_is_answered(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.send(f"GET /good HTTP/1.1\r\nHost: {site.host}\r\n\r\nGET /bad HTTP/1.1\r\n\r\n")
        assert connection.response().json()["target"] == "/good"
        assert connection.response().status == 400
        assert connection.ends()


def test_a_target_too_long_is_414(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.send(f"GET /{'x' * 200_000} HTTP/1.1\r\nHost: {site.host}\r\n\r\n")
        assert connection.response().status == 414
        assert connection.ends()


def test_a_head_too_large_is_431(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.send(f"GET / HTTP/1.1\r\nHost: {site.host}\r\n" + f"X-Fill: {'x' * 8000}\r\n" * 9 + "\r\n")
        assert connection.response().status == 431
        assert connection.ends()


def test_a_head_of_nearly_64_kib_passes(proxy, backend):
    site = proxy.site(backend())
    fill = [(f"X-Fill-{number}", "x" * 7900) for number in range(8)]
    assert site.get("/", fill).status == 200


def test_128_headers_pass_and_129_are_431(proxy, backend):
    site = proxy.site(backend())
    assert site.get("/", [(f"X-{number}", "1") for number in range(120)]).status == 200
    assert site.get("/", [(f"X-{number}", "1") for number in range(128)]).status == 431


BAD_ANSWERS = {
    "not HTTP": b"hello there\r\n\r\n",
    "a bad status": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a status below 100": b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "another version": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "both lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "differing lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a malformed length": b"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
    "a coding but chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
    "a folded header": b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
    "white space before the colon": b"HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n",
    "a bare LF": b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
    "a bare CR": b"HTTP/1.1 200 OK\r\nX-A: 1\r2\r\nContent-Length: 0\r\n\r\n",
    "NUL": b"HTTP/1.1 200 OK\r\nX-A: 1\x002\r\nContent-Length: 0\r\n\r\n",
    "too large": b"HTTP/1.1 200 OK\r\n" + b"X-Fill: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 200 + b"Content-Length: 0\r\n\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "101 that nobody asked for": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_malformed_answers_are_502(proxy, backend, name):
    site = proxy.site(backend(raw(BAD_ANSWERS[name], then_close=True)))
    with site.connect() as connection:
        assert connection.get("/").status == 502
        # It is not the client's fault: its connection may go on.
        assert connection.request("GET", "/", host="unknown.invalid").status == 404


def test_malformed_chunks_of_an_answer_cut_it(proxy, backend):
    for bad in (b"zz\r\n", b"5\nhello", b"-1\r\n", b"10000000000000005\r\nhello"):
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"good") + bad
        site = proxy.site(backend(raw(answer, then_close=True)))
        with site.connect() as connection:
            connection.start()
            try:
                response = connection.response()
            except (AssertionError, OSError):
                continue
            assert response.status == 502, f"taken for whole: {response!r}"
