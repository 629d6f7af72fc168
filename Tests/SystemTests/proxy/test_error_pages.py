"""The proxy's own answers: a page or JSON, with what an operator needs."""

import pytest

from harness.apus import unique_host
from harness.backend import answer


@pytest.fixture
def unknown(proxy):
    def ask(headers=(), method="GET", **more):
        with proxy.connect() as connection:
            return connection.request(method, "/some/path", headers, host=unique_host("nowhere"), **more)
    return ask


@pytest.mark.parametrize("accept", [None, "*/*", "text/html", "text/html,application/xhtml+xml,*/*;q=0.8"])
def test_a_page_is_the_default(unknown, accept):
    response = unknown([("Accept", accept)] if accept else [])
    assert response.status == 404
    assert response.headers.get("Content-Type").startswith("text/html")
    assert "404" in response.text
    assert response.headers.get("X-Request-Id") in response.text


@pytest.mark.parametrize("accept", [
    "application/json", "application/problem+json", "application/json, text/plain;q=0.5"])
def test_json_problem_details_by_accept(unknown, accept):
    response = unknown([("Accept", accept)])
    assert response.headers.get("Content-Type") == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 404
    assert problem["title"]
    assert problem["detail"]
    assert response.headers.get("X-Request-Id") in response.text


def test_head_gets_the_head_alone(unknown):
    response = unknown(method="HEAD")
    assert response.status == 404
    assert response.body == b""
    assert int(response.headers.get("Content-Length")) > 0


def test_the_connection_goes_on_after_an_answer_of_our_own(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        assert connection.get("/", host=unique_host("nowhere")).status == 404
        assert connection.get("/").status == 200


def test_after_refusing_a_body_the_connection_goes_on_or_says_that_it_ends(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        refused = connection.request("POST", "/", body=b"x" * 1000, host=unique_host("nowhere"))
        assert refused.status == 404
        if refused.headers.get("Connection", "").lower() == "close":
            assert connection.ends()
        else:
            assert connection.get("/").status == 200


def test_own_answers_are_not_cached_or_sniffed(unknown):
    response = unknown()
    assert "no-store" in response.headers.get("Cache-Control", "")
    assert "Content-Length" in response.headers


def test_a_page_shows_nothing_of_the_request_unescaped(proxy):
    with proxy.connect() as connection:
        connection.send("GET /<script>alert(1)</script> HTTP/1.1\r\nHost: nowhere.invalid\r\n\r\n")
        response = connection.response()
        assert b"<script>alert" not in response.body


def test_errors_of_a_backend_are_left_alone(proxy, backend):
    response = proxy.site(backend(answer(503, [("Content-Type", "text/plain")], b"mine"))).get("/")
    assert (response.status, response.body, response.headers.get("Content-Type")) == (503, b"mine", "text/plain")


def test_the_reason_of_a_bad_gateway_is_told(proxy, refusing):
    response = proxy.site(refusing).get("/", [("Accept", "application/json")])
    assert response.status in (502, 503)
    assert "refused" in response.json()["detail"]
    assert int(response.headers.get("Retry-After", "1")) >= 1


def test_the_reason_of_a_bad_request_is_told(proxy):
    with proxy.connect() as connection:
        connection.send("GET / HTTP/1.1\r\nAccept: application/json\r\n\r\n")
        response = connection.response()
        assert response.status == 400
        assert "host" in response.text.lower()


def test_an_http_1_0_client_gets_an_answer_of_our_own_too(proxy):
    with proxy.connect() as connection:
        response = connection.get("/", host=unique_host("nowhere"), version="HTTP/1.0")
        assert response.status == 404
        assert connection.ends()
