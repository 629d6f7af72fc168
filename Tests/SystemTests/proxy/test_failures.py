"""Backends that refuse, reset, stay silent or do not resolve: retries, the retry budget, ejection, reasons."""

import subprocess
import threading
import time
from collections import Counter

import pytest

from harness.backend import answer, echo, raw
from harness.http import Fields
from harness.waiting import eventually, holds


def die_before_answering(exchange):
    """Reads the request and resets the connection without a byte of an answer."""
    exchange.body()
    exchange.reset()


def test_a_refusing_backend_alone_is_an_error_with_its_reason(proxy, refusing):
    response = proxy.site(refusing).get("/", [("Accept", "application/problem+json")])
    assert response.status in (502, 503)
    assert "refused" in response.text


def test_a_refusing_instance_costs_no_request(proxy, backend, refusing):
    site = proxy.site(refusing, backend(name="alive"))
    with site.connect() as connection:
        for method in ("GET", "POST", "PATCH") * 20:
            response = connection.request(method, "/", body=b"x" if method != "GET" else None)
            assert response.json()["backend"] == "alive"


def test_a_refusing_instance_is_ejected_and_comes_back(proxy, backend):
    flaky, steady = backend(name="flaky"), backend(name="steady")
    site = proxy.site(flaky, steady)
    flaky.refuse()
    flaky.drop_connections()
    with site.connect() as connection:
        assert {connection.get("/").json()["backend"] for _ in range(30)} == {"steady"}
        flaky.listen()
        eventually(lambda: connection.get("/").json()["backend"] == "flaky", "the instance to come back", within=15)


def test_a_lonely_refusing_backend_heals(proxy, backend):
    one = backend()
    site = proxy.site(one)
    one.refuse()
    one.drop_connections()
    assert site.get("/").status in (502, 503)
    one.listen()
    eventually(lambda: site.get("/").status == 200, "traffic to flow again", within=15)


def test_an_idempotent_request_that_was_not_answered_is_repeated_elsewhere(proxy, backend):
    dying, alive = backend(die_before_answering, "dying"), backend(name="alive")
    site = proxy.site(dying, alive)
    with site.connect() as connection:
        for _ in range(20):
            for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
                assert connection.request(method, "/").status == 200
    assert dying.requests, "the dying instance was never asked"


def test_a_repeated_request_is_written_for_the_other_instance(proxy, backend):
    """Path prefix, stripped path and Host are those of the instance that gets it in the end."""
    dying, alive = backend(die_before_answering, "dying"), backend(name="alive")
    site = proxy.site(dying.url + "/v1", alive.url + "/v2/deep", path="/app",
                      options={"strip_prefix": "true", "host_header": "backend"})
    with site.connect() as connection:
        for number in range(20):
            # In one piece: what has come of the body with the head is kept with it.
            connection.send(f"PUT /app/x?n={number} HTTP/1.1\r\nHost: {site.host}\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
                            "Content-Length: 5\r\n\r\nhello")
            answer = connection.response().json()
            assert (answer["backend"], answer["target"], answer["length"]) == ("alive", f"/v2/deep/x?n={number}", 5)
            headers = Fields(tuple(line) for line in answer["headers"])
            assert headers.all("Host") == [alive.url.removeprefix("http://")]
            assert headers.all("X-Forwarded-Host") == [site.host]
            assert headers.all("X-Forwarded-For") == ["127.0.0.1"]
            assert headers.all("Via") == ["1.1 apus"]
            assert "X-Hop" not in headers
    assert dying.requests, "the dying instance was never asked"
    assert {request.target.split("?")[0] for request in dying.requests} == {"/v1/x"}


def test_an_instance_of_another_kind_takes_over(proxy, backend):
    """One instance is reached as it is, the other under a path prefix."""
    dying, alive = backend(die_before_answering, "dying"), backend(name="alive")
    site = proxy.site(dying, alive.url + "/v2")
    with site.connect() as connection:
        for _ in range(20):
            assert connection.get("/x").json()["target"] == "/v2/x"
    assert dying.requests, "the dying instance was never asked"


def test_a_request_is_repeated_where_it_has_not_failed_yet(proxy, backend):
    dying = [backend(die_before_answering, f"dying-{number}") for number in range(2)]
    site = proxy.site(*dying, backend(name="alive"))
    with site.connect() as connection:
        for _ in range(40):
            assert connection.get("/").status == 200
    assert all(one.requests for one in dying), "a dying instance was never asked"


def test_a_request_that_may_have_had_its_effect_is_not_repeated(proxy, backend):
    dying, alive = backend(die_before_answering, "dying"), backend(name="alive")
    site = proxy.site(dying, alive)
    eventually(lambda: site.request("POST", "/", body=b"x").status == 502, "a POST at the dying instance")
    sent = len(dying.requests) + len(alive.requests)
    for _ in range(10):
        before = len(dying.requests)
        status = site.request("POST", "/", body=b"x").status
        assert status == (502 if len(dying.requests) > before else 200)
    assert len(dying.requests) + len(alive.requests) == sent + 10, "a POST was sent twice"


def test_a_request_whose_body_is_under_way_is_not_repeated(proxy, backend):
    def dies_in_the_body(exchange):
        exchange.reader.exactly(10)
        exchange.reset()
    dying = backend(dies_in_the_body, "dying")
    site = proxy.site(dying)
    with site.connect() as connection:
        connection.start("PUT", "/", [("Content-Length", "100000")])
        connection.send(b"x" * 50_000)
        assert connection.response().status == 502
    assert len(dying.requests) == 1


def test_at_most_two_retries(proxy, backend):
    one = backend(die_before_answering)
    site = proxy.site(one)
    assert site.get("/").status == 502
    assert 1 <= len(one.requests) <= 3


def test_a_half_sent_answer_is_not_repeated(proxy, backend):
    one = backend(raw(b"HTTP/1.1 200 OK\r\nContent-Le", then_close=True))
    site = proxy.site(one, backend(raw(b"HTTP/1.1 200 OK\r\nContent-Le", then_close=True)))
    assert site.get("/").status == 502


def test_retries_have_a_budget(start, backend):
    """When everything fails, retries add at most a fifth of the traffic, and 10 a second in any case (100 in 10 s)."""
    dying = [backend(die_before_answering, f"dying-{number}") for number in range(2)]
    site = start(workers=1).site(*dying)
    requests = 1000
    with site.connect() as connection:
        for _ in range(requests):
            assert connection.get("/").status in (502, 503)
    attempts = sum(len(one.requests) for one in dying)
    assert attempts <= requests * 1.2 + 110, f"{attempts} attempts for {requests} requests"


def test_an_instance_killed_under_traffic_costs_no_idempotent_request(proxy, backend):
    first, second = backend(name="first"), backend(name="second")
    site = proxy.site(first, second)
    statuses, stop = Counter(), threading.Event()

    def client():
        with site.connect() as connection:
            while not stop.is_set():
                statuses[connection.get("/").status] += 1
    threads = [threading.Thread(target=client) for _ in range(6)]
    for thread in threads:
        thread.start()
    eventually(lambda: statuses[200] > 200, "some traffic")
    first.refuse()
    first.drop_connections(reset=True)
    count = statuses[200]
    eventually(lambda: statuses[200] > count + 300, "traffic after the kill")
    stop.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200}, statuses


@pytest.mark.parametrize("scheme", ["https", "wss", "grpcs", "h2c", "grpc"])
def test_a_backend_that_wants_tls_or_http2_gets_no_plain_request(start, refusing, backend, scheme):
    server = start()
    url = refusing.url.replace("http", scheme, 1)
    site = server.site(url)
    holds(lambda: "does not speak to backends yet" in site.get("/").text, "the reason")
    assert site.get("/").status == 502
    assert f"{url} wants TLS or HTTP/2" in server.log
    # Where there is another instance it gets the traffic.
    alive = server.service(name="another")
    alive.add(site.host, "/", backend(name="alive").url)
    alive.apply()
    assert {site.get("/").json()["backend"] for _ in range(20)} == {"alive"}


def test_a_name_that_does_not_resolve_says_so(proxy):
    site = proxy.site("http://does-not-exist.invalid:3000")
    response = site.get("/", [("Accept", "application/problem+json")])
    assert response.status in (502, 503)
    assert "resolve" in response.text
    assert "does-not-exist.invalid" in response.text
    eventually(lambda: "does-not-exist.invalid" in proxy.log, "a warning in the log")


def test_a_named_backend_is_resolved(proxy, backend):
    one = backend()
    assert proxy.site(f"http://localhost:{one.port}").get("/").json()["backend"] == one.name


@pytest.fixture
def own_hosts_file(tmp_path):
    """A hosts file that only the program under test sees, and the prefix that starts it so."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n", encoding="ascii")
    prefix = ["unshare", "-rm", "sh", "-c", f'mount --bind {hosts} /etc/hosts && exec "$@"', "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no mount namespaces")
    return hosts, prefix


def test_a_name_heals_and_changes_by_itself(start, backend, own_hosts_file):
    hosts, prefix = own_hosts_file
    first = backend(name="first")
    second = backend(name="second", host="127.0.0.2", port=first.port)
    server = start(prefix=prefix, resolve_interval="200ms", registry_allow="all")
    site = server.site(f"http://moving.test:{first.port}")
    assert site.get("/").status in (502, 503)
    hosts.write_text("127.0.0.1 localhost moving.test\n", encoding="ascii")
    eventually(lambda: site.get("/").status == 200, "the name to resolve")
    assert site.get("/").json()["backend"] == "first"
    hosts.write_text("127.0.0.2 moving.test\n", encoding="ascii")
    eventually(lambda: site.get("/").json()["backend"] == "second", "the new address to be used")
    assert second.requests


def test_all_addresses_of_a_name_are_used(start, backend, own_hosts_file):
    hosts, prefix = own_hosts_file
    first = backend(name="first")
    backend(name="second", host="127.0.0.2", port=first.port)
    hosts.write_text("127.0.0.1 both.test\n127.0.0.2 both.test\n", encoding="ascii")
    site = start(prefix=prefix, registry_allow="all").site(f"http://both.test:{first.port}")
    with site.connect() as connection:
        assert {connection.get("/").json()["backend"] for _ in range(60)} == {"first", "second"}


def test_a_dead_address_of_a_name_costs_no_request(start, backend, refusing, own_hosts_file):
    hosts, prefix = own_hosts_file
    one = backend(name="alive", host="127.0.0.2", port=refusing.port)
    hosts.write_text("127.0.0.1 half.test\n127.0.0.2 half.test\n", encoding="ascii")
    site = start(prefix=prefix, registry_allow="all").site(f"http://half.test:{one.port}")
    with site.connect() as connection:
        for _ in range(40):
            assert connection.get("/").status == 200


def test_claimed_but_unavailable_is_503_with_retry_after(proxy, backend):
    """The only instance left without an address to go to: never a 404."""
    one = backend()
    site = proxy.site(one)
    site.service.close()
    one.stop()
    eventually(lambda: site.get("/").status == 503, "the instance to be known as away")
    assert int(site.get("/").headers.get("Retry-After")) >= 1


def test_metadata_addresses_are_denied(proxy):
    """169.254.169.254 is no backend: refused on registration or answered with an error, never connected to."""
    service = proxy.service()
    reply = service.ask(f"ROUTE_ADD|{service.session}|metadata.test|/|http://169.254.169.254|0")
    if not reply.startswith("ERROR"):
        applied = service.ask(f"CONFIG_APPLY|{service.session}")
        if applied == "OK":
            started = time.monotonic()
            with proxy.connect() as connection:
                assert connection.get("/", host="metadata.test").status in (502, 503)
            assert time.monotonic() - started < 2


def test_a_slow_instance_does_not_hold_back_others(start, backend):
    go = threading.Event()
    server = start(workers=1)
    slow = server.site(backend(lambda exchange: go.wait(20) and exchange.reply(200)))
    quick = server.site(backend())
    connections = []
    for _ in range(50):
        connection = slow.connect()
        connection.start()
        connections.append(connection)
    started = time.monotonic()
    assert quick.get("/").status == 200
    assert time.monotonic() - started < 1
    go.set()
    for connection in connections:
        assert connection.response().status == 200
        connection.close()


def test_errors_of_the_application_are_not_retried(proxy, backend):
    one, other = backend(answer(500, body=b"mine")), backend(answer(500, body=b"mine"))
    site = proxy.site(one, other)
    for _ in range(10):
        assert site.get("/").status == 500
    assert len(one.requests) + len(other.requests) == 10


def test_ejection_does_not_outlive_the_route(proxy, backend):
    """A new route to another backend on the same host is not harmed by what happened to the old one."""
    dead, alive = backend(name="dead"), backend(echo, "alive")
    site = proxy.site(dead)
    dead.stop()
    assert site.get("/").status in (502, 503)
    site.service.do("ROUTE_UPDATE", site.service.route, "backend_url", alive.url, expect="ROUTE_OK")
    site.service.apply()
    assert site.get("/").json()["backend"] == "alive"
    holds(lambda: site.get("/").status == 200, "the answer 200")
