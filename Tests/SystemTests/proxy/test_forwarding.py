"""What a backend sees of a request, and a client of the answer: headers forwarded, dropped and added."""

import re

import pytest

from harness.backend import raw
from harness.http import Fields


def seen(response):
    """The request's header lines as the echoing backend received them."""
    return Fields(tuple(line) for line in response.json()["headers"])


def test_method_target_and_body_arrive_as_sent(proxy, backend):
    site = proxy.site(backend())
    answer = site.request("PUT", "/a/b;c?x=%2F&y=1|2", body=b"hello").json()
    assert (answer["method"], answer["target"], answer["version"]) == ("PUT", "/a/b;c?x=%2F&y=1|2", "HTTP/1.1")
    assert answer["length"] == 5


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "REPORT"])
def test_every_method_is_forwarded(proxy, backend, method):
    site = proxy.site(backend())
    body = b"x" if method in ("POST", "PUT", "PATCH") else None
    assert site.request(method, "/", body=body).json()["method"] == method


def test_host_is_kept(proxy, backend):
    site = proxy.site(backend())
    assert seen(site.get("/")).get("Host") == site.host
    assert seen(site.get("/", host=f"{site.host}:8080")).get("Host") == f"{site.host}:8080"


def test_ordinary_headers_keep_value_and_order(proxy, backend):
    site = proxy.site(backend())
    sent = [("X-One", "1"), ("x-two", "a, b"), ("X-One", "second"), ("Cookie", "a=b; c=d"), ("X-Empty", ""),
            ("X-Latin", "caf\xe9"), ("Accept", "text/html;q=0.8, */*")]
    headers = seen(site.get("/", sent))
    for name in {name for name, _ in sent}:
        wanted = [value for key, value in sent if key.lower() == name.lower()]
        assert headers.all(name) == wanted


def test_hop_by_hop_headers_of_a_request_are_dropped(proxy, backend):
    site = proxy.site(backend())
    headers = seen(site.get("/", [
        ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"),
        ("X-Stays", "yes")]))
    assert "X-Hop" not in headers
    assert "Keep-Alive" not in headers
    assert headers.get("X-Stays") == "yes"
    assert "X-Hop" not in ",".join(headers.all("Connection"))


def test_proxy_connection_is_dropped(proxy, backend):
    assert "Proxy-Connection" not in seen(proxy.site(backend()).get("/", [("Proxy-Connection", "keep-alive")]))


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Via",
                                  "X-Request-Id", "Host", "Content-Length"])
def test_connection_cannot_remove_what_the_proxy_adds(proxy, backend, name):
    site = proxy.site(backend())
    headers = seen(site.request("POST", "/", [("Connection", name)], body=b"abc"))
    assert headers.all(name), f"{name} was removed by Connection"


def test_upgrade_is_not_forwarded(proxy, backend):
    site = proxy.site(backend())
    headers = seen(site.get("/", [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
                                  ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")]))
    assert "Upgrade" not in headers
    assert "HTTP2-Settings" not in headers


def test_te_is_dropped_but_for_trailers(proxy, backend):
    site = proxy.site(backend())
    assert "TE" not in seen(site.get("/", [("Connection", "TE"), ("TE", "gzip")]))
    headers = seen(site.get("/", [("Connection", "TE"), ("TE", "gzip, trailers;q=0.5")]))
    assert headers.all("TE") == ["trailers"]
    assert "te" in headers.get("Connection", "").lower()


def test_forwarding_headers_tell_the_client(proxy, backend):
    site = proxy.site(backend())
    headers = seen(site.get("/"))
    assert headers.get("X-Forwarded-For") == "127.0.0.1"
    assert headers.get("X-Forwarded-Proto") == "http"
    assert headers.get("X-Forwarded-Host") == site.host
    assert headers.get("X-Forwarded-Port") == str(proxy.http[1])
    forwarded = dict(part.split("=", 1) for part in headers.get("Forwarded").split(";"))
    assert forwarded["for"] == "127.0.0.1"
    assert forwarded["proto"] == "http"
    assert forwarded["host"].strip('"') == site.host
    assert headers.get("Via") == "1.1 apus"
    assert re.fullmatch(r"[0-9A-Za-z_-]{16,64}", headers.get("X-Request-Id"))


def test_request_ids_differ(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as connection:
        assert len({seen(connection.get("/")).get("X-Request-Id") for _ in range(50)}) == 50


SPOOFED = [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "5.6.7.8"), ("X-Forwarded-Proto", "https"),
           ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Port", "443"),
           ("Forwarded", "for=1.2.3.4;proto=https"), ("X-Request-Id", "chosen-by-the-client")]


def test_forwarding_headers_of_an_untrusted_client_are_replaced(proxy, backend):
    site = proxy.site(backend())
    headers = seen(site.get("/", SPOOFED))
    assert headers.get("X-Forwarded-For") == "127.0.0.1"
    assert headers.get("X-Forwarded-Proto") == "http"
    assert headers.get("X-Forwarded-Host") == site.host
    assert headers.get("X-Forwarded-Port") == str(proxy.http[1])
    assert "1.2.3.4" not in headers.get("Forwarded")
    assert headers.get("X-Request-Id") != "chosen-by-the-client"


def test_forwarding_headers_of_a_trusted_proxy_are_extended(start, backend):
    site = start(trusted_proxy="127.0.0.0/8").site(backend())
    headers = seen(site.get("/", SPOOFED))
    addresses = [part.strip() for value in headers.all("X-Forwarded-For") for part in value.split(",")]
    assert addresses == ["1.2.3.4", "5.6.7.8", "127.0.0.1"]
    assert headers.get("X-Forwarded-Proto") == "https"
    assert headers.get("X-Forwarded-Host") == "evil.example"
    assert headers.get("X-Forwarded-Port") == "443"
    hops = [part.strip() for value in headers.all("Forwarded") for part in value.split(",")]
    assert hops[0] == "for=1.2.3.4;proto=https"
    assert hops[-1].startswith("for=127.0.0.1")
    assert headers.get("X-Request-Id") == "chosen-by-the-client"


def test_only_listed_networks_are_trusted(start, backend):
    site = start(trusted_proxy="127.0.0.2/32").site(backend())
    assert seen(site.get("/", SPOOFED)).get("X-Forwarded-For") == "127.0.0.1"
    with site.connect(source="127.0.0.2") as connection:
        values = seen(connection.get("/", SPOOFED)).all("X-Forwarded-For")
    assert ", ".join(values).replace(" ", "") == "1.2.3.4,5.6.7.8,127.0.0.2"


def test_a_trusted_proxy_without_a_request_id_gets_one(start, backend):
    site = start(trusted_proxy="127.0.0.0/8").site(backend())
    assert seen(site.get("/")).get("X-Request-Id")


def test_via_is_extended(proxy, backend):
    values = seen(proxy.site(backend()).get("/", [("Via", "1.0 fred")])).all("Via")
    assert [part.strip() for value in values for part in value.split(",")] == ["1.0 fred", "1.1 apus"]


def test_hop_by_hop_headers_of_an_answer_are_dropped(proxy, backend):
    site = proxy.site(backend(raw(
        b"HTTP/1.1 200 OK\r\nConnection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=3\r\n"
        b"Proxy-Authenticate: Basic\r\nX-Stays: yes\r\nContent-Length: 2\r\n\r\nok")))
    response = site.get("/")
    assert "X-Secret" not in response.headers
    assert "Keep-Alive" not in response.headers
    assert response.headers.get("X-Stays") == "yes"
    assert response.body == b"ok"


def test_ordinary_headers_of_an_answer_keep_value_and_order(proxy, backend):
    site = proxy.site(backend(raw(
        b"HTTP/1.1 203 Half True\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Empty:\r\nServer: Mine\r\n"
        b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-Latin: caf\xe9\r\nContent-Length: 0\r\n\r\n")))
    response = site.get("/")
    assert (response.status, response.reason) == (203, "Half True")
    assert response.headers.all("Set-Cookie") == ["a=1", "b=2"]
    assert response.headers.get("Server") == "Mine"
    assert response.headers.get("Date") == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert response.headers.get("X-Latin") == "caf\xe9"
    assert response.headers.get("X-Empty") == ""


@pytest.mark.parametrize("status", [200, 201, 206, 301, 302, 400, 401, 403, 404, 418, 429, 500, 501, 503, 599])
def test_status_codes_pass_through(proxy, backend, status):
    site = proxy.site(backend(raw(f"HTTP/1.1 {status} Said So\r\nContent-Length: 3\r\n\r\nabc")))
    response = site.get("/")
    assert (response.status, response.reason, response.body) == (status, "Said So", b"abc")


def test_an_answer_without_reason_passes(proxy, backend):
    for line in (b"HTTP/1.1 200 ", b"HTTP/1.1 200"):
        site = proxy.site(backend(raw(line + b"\r\nContent-Length: 2\r\n\r\nok")))
        response = site.get("/")
        assert (response.status, response.body) == (200, b"ok")


def test_the_backend_url_path_is_put_before_the_request_path(proxy, backend):
    one = backend()
    site = proxy.site(one.url + "/base")
    assert site.get("/x?y=1").json()["target"] == "/base/x?y=1"
    assert site.get("/").json()["target"] == "/base/"


def test_an_absolute_target_reaches_the_backend_with_its_own_host(proxy, backend):
    site = proxy.site(backend())
    with proxy.connect() as connection:
        response = connection.get(f"http://{site.host}/p?q=1", host="other.invalid")
    answer = response.json()
    assert seen(response).get("Host") == site.host
    assert answer["target"] == "/p?q=1"
    with proxy.connect() as connection:
        assert connection.get(f"http://{site.host}", host=site.host).json()["target"] == "/"


def test_ipv6_clients_and_backends(start, backend):
    server = start(http="[::1]:0")
    site = server.site(backend(host="::1"))
    headers = seen(site.get("/"))
    assert headers.get("X-Forwarded-For") == "::1"
    assert 'for="[::1]"' in headers.get("Forwarded")


def test_one_listener_serves_ipv4_and_ipv6(start, backend):
    server = start(http=":0")
    site = server.site(backend())
    for address in ("127.0.0.1", "::1"):
        server.http = (address, server.http[1])
        assert seen(site.get("/")).get("X-Forwarded-For") == address
