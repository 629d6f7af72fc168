"""Bodies both ways at once, in odd pieces, through slow peers: nothing is lost, mixed up or held for ever."""

import hashlib
import random
import threading

import pytest

from harness.backend import raw
from harness.http import chunk, chunks
from harness.process import open_files
from harness.waiting import eventually

PIECE = bytes(range(256)) * 256  # 64 KiB


def mirror(exchange):
    """Sends each chunk of the request back as soon as it has come."""
    exchange._body_was_read = True
    exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        size = int(exchange.reader.line().split(b";")[0], 16)
        data = exchange.reader.exactly(size)
        exchange.reader.exactly(2)
        if not size:
            exchange.send(b"0\r\n\r\n")
            return
        exchange.send(chunk(data))


def test_both_directions_stream_at_once(proxy, backend):
    """64 MiB up and the same down on one exchange: neither direction may wait for the other's end."""
    site = proxy.site(backend(mirror))
    count = 1024
    with site.connect(timeout=30) as connection:
        connection.start("POST", "/", [("Transfer-Encoding", "chunked")])

        def pour():
            for _ in range(count):
                connection.send(chunk(PIECE))
            connection.send(b"0\r\n\r\n")
        thread = threading.Thread(target=pour, daemon=True)
        thread.start()
        response = connection.response()
        thread.join(30)
        assert len(response.body) == count * len(PIECE)
        assert hashlib.sha256(response.body).digest() == hashlib.sha256(PIECE * count).digest()


def test_a_conversation_of_small_chunks(proxy, backend):
    """Each chunk of the client is answered before the next is sent: no piece waits for more to come."""
    site = proxy.site(backend(mirror))
    with site.connect() as connection:
        connection.start("POST", "/", [("Transfer-Encoding", "chunked")])
        connection.read_head()
        for number in range(200):
            text = b"message %d" % number
            connection.send(chunk(text))
            assert connection.reader.exactly(len(chunk(text))) == chunk(text)
        connection.send(b"0\r\n\r\n")
        assert connection.reader.exactly(5) == b"0\r\n\r\n"


@pytest.mark.parametrize("seed", range(6))
def test_an_answer_in_random_pieces(proxy, backend, seed):
    chooser = random.Random(seed)
    body = bytes(chooser.randrange(256) for _ in range(3000)) * 30
    parts, rest = [], body
    while rest:
        size = chooser.choice([1, 2, 15, 16, 255, 4096, 16384, 30000])
        parts.append(rest[:size])
        rest = rest[size:]
    answer = b"HTTP/1.1 200 OK\r\nX-Seed: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(*parts)

    def handler(exchange):
        rest = answer
        while rest:
            size = chooser.choice([1, 3, 50, 700, 9000, 60000])
            exchange.send(rest[:size])
            rest = rest[size:]
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        for _ in range(2):
            assert connection.get("/").body == body


@pytest.mark.parametrize("answer, body", [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(b"hel", b"lo"), b"hello"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", b"")])
def test_an_answer_byte_by_byte(proxy, backend, answer, body):
    def handler(exchange):
        for index in range(len(answer)):
            exchange.send(answer[index:index + 1])
    site = proxy.site(backend(handler))
    with site.connect() as connection:
        for _ in range(3):
            assert connection.get("/").body == body


def test_a_request_split_at_every_byte(proxy, backend):
    site = proxy.site(backend())
    message = (f"POST /x?y=1 HTTP/1.1\r\nHost: {site.host}\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
               "5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n").encode()
    with site.connect() as connection:
        for split in range(1, len(message)):
            connection.send(message[:split])
            connection.send(message[split:])
            answer = connection.response().json()
            assert (answer["target"], answer["length"]) == ("/x?y=1", 8)


def test_answers_queue_up_behind_a_client_that_reads_late(proxy, backend):
    """Fifty pipelined requests for 200 KiB each, read only afterwards: all come, whole and in order."""
    site = proxy.site(backend(lambda exchange: exchange.reply(200, body=exchange.target.encode() * 20_000)))
    with site.connect(timeout=30) as connection:
        for number in range(50):
            connection.start("GET", f"/{number:09}")
        for number in range(50):
            assert connection.response().body == f"/{number:09}".encode() * 20_000


def test_a_large_head_of_an_answer_passes(proxy, backend):
    fields = b"".join(b"X-Fill-%d: %s\r\n" % (number, b"x" * 7500) for number in range(8))
    site = proxy.site(backend(raw(b"HTTP/1.1 200 OK\r\n" + fields + b"Content-Length: 2\r\n\r\nok")))
    with site.connect() as connection:
        for _ in range(3):
            response = connection.get("/")
            assert response.body == b"ok"
            assert len(response.headers.get("X-Fill-7")) == 7500


def test_an_http_1_0_client_that_keeps_its_connection_sees_where_an_answer_ends(proxy, backend):
    """Without a length the end of the connection is the end of the answer, whatever the client asked for."""
    site = proxy.site(backend(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(b"hello"))))
    with site.connect() as connection:
        response = connection.get("/", [("Connection", "keep-alive")], version="HTTP/1.0")
        assert response.body == b"hello"
        assert response.framing == "close"
        assert response.headers.get("Connection", "close").lower() == "close"


def test_a_continue_that_nobody_can_answer_is_answered_at_once(proxy):
    with proxy.connect() as connection:
        connection.start("POST", "/", [("Expect", "100-continue"), ("Content-Length", "1000")], host="nowhere.invalid")
        assert connection.response().status == 404


def test_a_client_that_leaves_while_it_sends_frees_everything(start, backend):
    server = start(workers=1)
    site = server.site(backend(mirror))
    before = open_files(server.pid)
    for number in range(50):
        connection = site.connect()
        connection.start("POST", "/", [("Transfer-Encoding", "chunked")])
        connection.send(chunk(PIECE))
        connection.read_head()
        if number % 2:
            connection.reset()
        else:
            connection.close()
    eventually(lambda: open_files(server.pid) <= before + 1, "descriptors to be closed")


def test_a_get_with_a_body(proxy, backend):
    assert proxy.site(backend()).request("GET", "/", body=b"odd but legal").json()["length"] == 13


def test_a_body_of_a_head_request(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        connection.start("HEAD", "/", [("Content-Length", "3")])
        connection.send(b"abc")
        assert connection.response("HEAD").status == 200
        assert connection.get("/next").json()["target"] == "/next"
