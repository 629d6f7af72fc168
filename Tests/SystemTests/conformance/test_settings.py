"""HEADERS, OPTIONS, HEALTH and RATELIMIT: what clients of the proxy see of them."""

import threading
import time
from collections import Counter

import pytest
from promises import promise

from harness.apus import unique_host
from harness.backend import answer, raw
from harness.http import Connection
from harness.process import resident_kib
from harness.waiting import eventually, holds


@promise("headers-set.ok", "headers-set.staged", "headers-remove.ok", "headers-remove.staged", "general.staged")
def test_a_header_is_set_on_answers_and_removed_again(proxy, backend):
    site = proxy.site(backend(answer(200, [("X-Mine", "backend"), ("Server", "x")])))
    service = site.service
    service.do("HEADERS_SET", service.route, "X-Mine", "proxy", expect="HEADERS_OK")
    service.do("HEADERS_SET", service.route, "X-New", "a, b; c=\"d\"", expect="HEADERS_OK")
    assert site.get("/").headers.get("X-Mine") == "backend"
    service.apply()
    response = site.get("/")
    assert response.headers.get("X-Mine") == "proxy"
    assert response.headers.get("X-New") == 'a, b; c="d"'
    assert response.headers.get("Server") == "x"
    service.do("HEADERS_REMOVE", service.route, "x-mine", expect="HEADERS_OK")
    assert site.get("/").headers.get("X-Mine") == "proxy"
    service.apply()
    assert site.get("/").headers.get("X-Mine") == "backend"
    assert site.get("/").headers.get("X-New")


@promise("headers-set.target", "general.target", "values.headers")
def test_a_header_for_all_routes_and_a_route_s_own(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    second = service.add(site.host, "/second", backend().url)
    service.do("HEADERS_SET", "ALL", "X-Where", "all", expect="HEADERS_OK")
    service.do("HEADERS_SET", second, "X-Where", "second", expect="HEADERS_OK")
    service.apply()
    assert site.get("/").headers.get("X-Where") == "all"
    assert site.get("/second").headers.get("X-Where") == "second"
    service.add(site.host, "/third", backend().url)
    service.apply()
    assert site.get("/third").headers.get("X-Where") == "all"
    service.do("HEADERS_REMOVE", second, "X-Where", expect="HEADERS_OK")
    service.apply()
    assert site.get("/second").headers.get("X-Where") == "all"
    service.do("HEADERS_REMOVE", "ALL", "X-Where", expect="HEADERS_OK")
    service.apply()
    assert "X-Where" not in site.get("/").headers


@promise("headers-set.target")
def test_headers_are_set_on_the_proxy_s_own_answers_too(proxy, refusing):
    site = proxy.site(refusing)
    site.service.do("HEADERS_SET", "ALL", "Access-Control-Allow-Origin", "*", expect="HEADERS_OK")
    site.service.apply()
    response = site.get("/")
    assert response.status in (502, 503)
    assert response.headers.get("Access-Control-Allow-Origin") == "*"


@promise("headers-set.target", "stats.real")
def test_answers_where_nobody_can_take_the_request_are_the_route_s_too(proxy, backend):
    site = proxy.site(backend(answer(503)))
    service = site.service
    service.do("HEADERS_SET", service.route, "X-Mine", "yes", expect="HEADERS_OK")
    service.do("CIRCUIT_BREAKER_SET", service.route, "1", "1h", "1", expect="CIRCUIT_OK")
    service.apply()
    assert [site.get("/").headers.get("X-Mine") for _ in range(3)] == ["yes"] * 3
    assert "circuit" in site.get("/").text
    told = service.ask_json(f"STATS_GET|{service.session}|{service.route}", "STATS_OK")
    assert (told["requests"], told["errors"], told["status_codes"]) == (4, 4, {"503": 4})


@promise("values.headers", "headers-set.ok", "staging.at-once")
@pytest.mark.parametrize("name, value", [
    ("Bad Name", "1"), ("", "1"), ("X:Y", "1"), ("X(Y)", "1"), ("Connection", "close"), ("Content-Length", "5"),
    ("Transfer-Encoding", "chunked"), ("Keep-Alive", "1"), ("Upgrade", "x"), ("TE", "trailers"), ("Trailer", "X"),
    ("Proxy-Connection", "close")])
def test_headers_that_cannot_be_set(proxy, name, value):
    service = proxy.service()
    service.refused(f"HEADERS_SET|{service.session}|ALL|{name}|{value}")
    assert service.ask_json(f"CONFIG_DIFF|{service.session}", "DIFF_OK")["headers"] == {"added": 0, "removed": 0}


@promise("values.headers")
def test_nothing_can_be_injected_through_a_header(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.send(f"HEADERS_SET|{service.session}|ALL|X-A|1\rX-B: 2\n".encode())
    assert service.reply() == "ERROR|invalid encoding"
    service.do("HEADERS_SET", "ALL", "X-A", "1%0d%0aX-B: 2", expect="HEADERS_OK")
    service.apply()
    response = site.get("/")
    assert response.headers.get("X-A") == "1%0d%0aX-B: 2"
    assert "X-B" not in response.headers


@promise("headers-set.ok", "staging.whole")
def test_a_header_for_a_route_that_does_not_exist_is_found(proxy):
    service = proxy.service()
    reply = service.ask(f"HEADERS_SET|{service.session}|r999999999|X-A|1")
    if reply == "HEADERS_OK":
        assert "r999999999" in service.refused(f"CONFIG_VALIDATE|{service.session}")
    else:
        assert reply.startswith("ERROR|")


@promise("options-set.ok", "options-set.keys", "options-set.typed")
@pytest.mark.parametrize("key, value", [
    ("timeout", "30s"), ("timeout", "300ms"), ("timeout", "30"), ("connect_timeout", "2s"), ("idle_timeout", "1m"),
    ("health_check_interval", "15s"), ("health_check_timeout", "3s"), ("health_check_path", "/health"),
    ("compression", "true"), ("compression", "off"), ("websocket", "on"), ("http2", "yes"), ("max_body_size", "1048576"),
    ("retries", "1"), ("load_balancing", "round_robin"), ("load_balancing", "p2c"), ("load_balancing", "least_requests"),
    ("load_balancing", "source_hash"), ("sticky", "route"), ("weight", "50"), ("strip_prefix", "true"),
    ("host_header", "backend"), ("host_header", "keep"), ("https_redirect", "false")])
def test_options_are_accepted(proxy, key, value):
    service = proxy.service()
    service.do("OPTIONS_SET", "ALL", key, value, expect="OPTIONS_OK")
    service.do("CONFIG_VALIDATE", expect="OK")
    service.do("OPTIONS_REMOVE", "ALL", key, expect="OPTIONS_OK")


@promise("options-set.typed", "values.options", "values.durations", "options-remove.ok")
@pytest.mark.parametrize("key, value", [
    ("colour", "red"), ("timeout", "soon"), ("timeout", "0s"), ("timeout", "-1s"), ("timeout", "25h"), ("timeout", "5 s"),
    ("compression", "maybe"), ("weight", "-1"), ("weight", "1001"), ("weight", "x"), ("retries", "-1"),
    ("load_balancing", "random"), ("host_header", "other"), ("health_check_path", "health"), ("max_body_size", "-5")])
def test_bad_options_are_named_at_once(proxy, key, value):
    service = proxy.service()
    reason = service.refused(f"OPTIONS_SET|{service.session}|ALL|{key}|{value}")
    assert key in reason
    assert service.ask_json(f"CONFIG_DIFF|{service.session}", "DIFF_OK")["options"] == {"modified": 0}
    assert "colour" in service.refused(f"OPTIONS_REMOVE|{service.session}|ALL|colour")


@promise("options-set.staged", "options-remove.default")
def test_timeout_counts_for_the_answer_and_returns_to_its_default(proxy, backend):
    go = threading.Event()

    def slow(exchange):
        go.wait(1.0)
        exchange.reply(200)
    site = proxy.site(backend(slow))
    service = site.service
    service.do("OPTIONS_SET", service.route, "timeout", "200ms")
    assert site.get("/").status == 200
    service.apply()
    assert site.get("/").status == 504
    service.do("OPTIONS_REMOVE", service.route, "timeout")
    service.apply()
    assert site.get("/").status == 200


@promise("options-set.staged")
def test_an_option_for_all_and_a_route_s_own(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    second = service.add(site.host, "/second", backend().url)
    service.do("OPTIONS_SET", "ALL", "max_body_size", "10")
    service.do("OPTIONS_SET", second, "max_body_size", "20")
    service.apply()
    assert site.request("POST", "/", body=b"x" * 15).status == 413
    assert site.request("POST", "/second", body=b"x" * 15).status == 200
    assert site.request("POST", "/second", body=b"x" * 25).status == 413


@promise("options-set.staged")
def test_connect_timeout_of_a_route(proxy, unanswering):
    site = proxy.site(unanswering, options={"connect_timeout": "200ms", "retries": "0"})
    started = time.monotonic()
    assert site.get("/").status == 504
    assert time.monotonic() - started < 3


@promise("options-set.staged")
def test_strip_prefix(proxy, backend):
    one = backend()
    site = proxy.site(one, path="/api", options={"strip_prefix": "true"})
    for sent, arrived in (("/api/x?y=1", "/x?y=1"), ("/api", "/"), ("/api?y", "/?y"), ("/api/", "/")):
        assert site.get(sent).json()["target"] == arrived


@promise("options-set.staged")
def test_host_header(proxy, backend):
    one = backend()
    site = proxy.site(one, options={"host_header": "backend"})
    headers = dict(tuple(line) for line in site.get("/").json()["headers"])
    assert headers["Host"] == one.address
    assert headers["X-Forwarded-Host"] == site.host


@promise("options-set.staged")
def test_https_redirect(proxy, backend):
    site = proxy.site(backend(), options={"https_redirect": "true"})
    response = site.get("/a?b=c")
    assert response.status in (301, 302, 307, 308)
    assert response.headers.get("Location") == f"https://{site.host}/a?b=c"


def test_https_redirect_believes_what_the_nearest_trusted_proxy_says(start, backend):
    site = start(trusted_proxy="127.0.0.0/8").site(backend(), options={"https_redirect": "true"})
    assert site.get("/", [("X-Forwarded-Proto", "https")]).status == 200
    assert site.get("/", [("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")]).status == 308
    assert site.get("/", [("X-Forwarded-Proto", "http"), ("X-Forwarded-Proto", "https")]).status == 200


def test_https_redirect_of_a_target_in_absolute_form(proxy, backend):
    site = proxy.site(backend(), options={"https_redirect": "true"})
    response = site.get(f"http://{site.host}/a?b=c")
    assert response.headers.get("Location") == f"https://{site.host}/a?b=c"
    bare = site.get(f"http://{site.host}?b=c")
    assert bare.headers.get("Location") in (f"https://{site.host}/?b=c", f"https://{site.host}?b=c")


@promise("options-set.staged", "pattern.canary")
def test_weight_divides_the_traffic(proxy, backend):
    site = proxy.site(backend(name="stable"), backend(name="canary"))
    service = site.services[1]

    def share(count=1500):
        with site.connect() as client:
            names = Counter(client.get("/").json()["backend"] for _ in range(count))
        return names["canary"] / count
    for weight, wanted in (("11", 0.1), ("100", 0.5), ("0", 0.0)):
        service.do("OPTIONS_SET", service.route, "weight", weight)
        service.apply()
        assert abs(share() - wanted) < 0.06


@promise("options-set.staged")
def test_round_robin_takes_turns(start, backend):
    server = start(workers=1)
    backends = [backend(name=name) for name in "abc"]
    site = server.site(*backends, options={"load_balancing": "round_robin"})
    with site.connect() as client:
        names = [client.get("/").json()["backend"] for _ in range(30)]
    assert all(len(set(names[index:index + 3])) == 3 for index in range(0, 30, 3)), names


@promise("options-set.staged")
def test_source_hash_keeps_a_client_at_its_instance(proxy, backend):
    site = proxy.site(*[backend(name=name) for name in "abcd"], options={"load_balancing": "source_hash"})
    seen = set()
    for number in range(2, 40):
        names = set()
        for _ in range(3):
            with site.connect(source=f"127.0.0.{number}") as client:
                names.add(client.get("/").json()["backend"])
        assert len(names) == 1
        seen |= names
    assert len(seen) == 4


@promise("options-set.staged")
def test_sticky_clients_stay_at_their_instance(proxy, backend):
    site = proxy.site(*[backend(name=name) for name in "abc"], options={"sticky": "place"})
    for _ in range(5):
        first = site.get("/")
        cookie = first.headers.get("Set-Cookie")
        assert cookie.startswith("place=")
        pair = cookie.split(";")[0]
        for _ in range(10):
            again = site.get("/", [("Cookie", f"other=1; {pair}")])
            assert again.json()["backend"] == first.json()["backend"]
            assert "Set-Cookie" not in again.headers


@promise("options-set.staged")
def test_sticky_clients_move_when_they_must(proxy, backend):
    backends = {name: backend(name=name) for name in "ab"}
    site = proxy.site(*backends.values(), options={"sticky": "place"})
    first = site.get("/")
    pair = first.headers.get("Set-Cookie").split(";")[0]
    backends[first.json()["backend"]].stop()
    moved = site.get("/", [("Cookie", pair)])
    assert moved.status == 200
    assert moved.json()["backend"] != first.json()["backend"]
    assert moved.headers.get("Set-Cookie").startswith("place=")


@promise("options-set.staged")
def test_retries_can_be_switched_off(proxy, backend):
    def die(exchange):
        exchange.reset()
    dying = backend(die)
    site = proxy.site(dying, options={"retries": "0"})
    assert site.get("/").status == 502
    assert len(dying.requests) == 1


@promise("health.ok", "health.staged", "health.probes", "ops.health")
def test_health_checks_steer_the_traffic(proxy, backend):
    health = {"status": 200}
    asked = []

    def handler(exchange):
        exchange.reply(200, body=b"x")
    sick, well = backend(handler, "sick"), backend(handler, "well")

    def probe(exchange):
        asked.append(exchange.target)
        exchange.reply(health["status"] if exchange.target == "/health" else 200)
    sick.probe_handler = probe
    site = proxy.site(sick, well)
    service = site.services[0]
    service.do("HEALTH_SET", service.route, "/health", "200ms", "1s", expect="HEALTH_OK")
    service.apply()
    eventually(lambda: asked.count("/health") >= 3, "probes of the path")

    def seen(count=20):
        with site.connect() as client:
            return {client.get("/").headers.get("X-Backend") for _ in range(count)}
    assert seen() == {"sick", "well"}
    health["status"] = 404
    eventually(lambda: seen() == {"well"}, "the sick instance to be left out")
    health["status"] = 302
    eventually(lambda: seen() == {"sick", "well"}, "the instance to be back")


@promise("health.probes")
def test_a_probe_that_is_not_answered_in_time_is_a_failure(proxy, backend):
    go = threading.Event()
    stuck, well = backend(answer(200), "stuck"), backend(answer(200), "well")
    stuck.probe_handler = lambda exchange: go.wait(5) and exchange.reset()
    site = proxy.site(stuck, well)
    service = site.services[0]
    service.do("HEALTH_SET", service.route, "/health", "200ms", "200ms")
    service.apply()

    def seen():
        with site.connect() as client:
            return {client.get("/").headers.get("X-Backend") for _ in range(20)}
    eventually(lambda: seen() == {"well"}, "the stuck instance to be left out")
    go.set()


@promise("health.default", "ops.health")
def test_the_default_check_asks_the_root_and_minds_only_5xx(proxy, backend):
    asked = []
    one = backend()

    def probe(exchange):
        asked.append((exchange.method, exchange.target))
        exchange.reply(404)
    one.probe_handler = probe
    site = proxy.site(one)
    service = site.service
    service.do("OPTIONS_SET", "ALL", "health_check_interval", "200ms")
    service.apply()
    eventually(lambda: len(asked) >= 3, "default probes")
    assert set(asked) == {("GET", "/")}
    holds(lambda: site.get("/").status == 200, "the backend's health")


@promise("health.ok", "values.durations")
@pytest.mark.parametrize("fields", ["health|30s|5s", "/h|soon|5s", "/h|30s|0", "/h|-1s|5s", "/h|25h|5s", "/h|30s|later"])
def test_a_bad_health_check_is_refused(proxy, fields):
    service = proxy.service()
    route = service.add("health.test", "/", "http://127.0.0.1:1")
    service.refused(f"HEALTH_SET|{service.session}|{route}|{fields}")


@promise("ratelimit.ok", "ratelimit.staged", "ratelimit.source")
def test_a_rate_limit_counts_per_source(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.do("RATELIMIT_SET", service.route, "5", "1m", expect="RATELIMIT_OK")
    assert [site.get("/").status for _ in range(8)] == [200] * 8
    service.apply()
    statuses = [site.get("/").status for _ in range(8)]
    assert statuses == [200] * 5 + [429] * 3
    response = site.get("/")
    # The estimate lets the last window fade: the sixth request is within the limit a fifth of a window after its end.
    assert 1 <= int(response.headers.get("Retry-After")) <= 60 + 60 / 5
    assert "RateLimit" in response.headers
    assert "RateLimit-Policy" in response.headers
    with site.connect(source="127.0.0.2") as other:
        assert [other.get("/").status for _ in range(7)] == [200] * 5 + [429] * 2


@promise("ratelimit.staged")
def test_a_window_passes(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.do("RATELIMIT_SET", service.route, "3", "1s")
    service.apply()
    assert 429 in [site.get("/").status for _ in range(10)]
    eventually(lambda: site.get("/").status == 200, "the window to pass", within=5, every=0.1)


@promise("ratelimit.all")
def test_a_limit_for_all_routes_and_a_route_s_own(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    second = service.add(site.host, "/second", backend().url)
    service.do("RATELIMIT_SET", "ALL", "3", "1m", expect="RATELIMIT_OK")
    service.do("RATELIMIT_SET", second, "6", "1m", expect="RATELIMIT_OK")
    service.apply()
    assert [site.get("/second").status for _ in range(7)].count(200) == 6
    assert 429 in [site.get("/").status for _ in range(5)]


def limited(site, requests, window):
    """The site, with a rate limit in force."""
    service = site.service
    service.do("RATELIMIT_SET", service.route, requests, window)
    service.apply()
    return site


@promise("ratelimit.source")
def test_one_limit_for_all_workers(start, backend):
    site = limited(start(workers=4).site(backend()), "20", "1m")
    assert Counter(site.get("/").status for _ in range(60)) == {200: 20, 429: 40}


@promise("ratelimit.source")
def test_the_source_is_the_client_that_a_trusted_proxy_names(start, backend):
    site = limited(start(trusted_proxy="127.0.0.0/8").site(backend()), "3", "1h")

    def served(address, count=5):
        return [site.get("/", [("X-Forwarded-For", address)]).status for _ in range(count)].count(200)
    assert served("203.0.113.1") == 3
    assert served("203.0.113.1") == 0
    assert served("203.0.113.2") == 3
    assert served("2001:db8:1:2::1") == 3
    assert served("2001:db8:1:2:ffff::9") == 0, "one /64 is one source"
    assert served("2001:db8:1:3::1") == 3


@promise("ratelimit.source")
def test_what_a_client_claims_before_the_trusted_proxy_s_line_is_not_believed(start, backend):
    # HAProxy's `option forwardfor` adds a line of its own behind the client's.
    site = limited(start(trusted_proxy="127.0.0.0/8").site(backend()), "3", "1h")
    statuses = [
        site.get("/", [("X-Forwarded-For", f"198.51.100.{number}"), ("X-Forwarded-For", "203.0.113.1, 127.0.0.9")]).status
        for number in range(6)]
    assert statuses.count(200) == 3


@promise("ratelimit.source")
def test_a_flood_of_addresses_costs_bounded_memory(start, backend):
    server = start(trusted_proxy="127.0.0.0/8", workers=1)
    site = server.site(backend(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))
    service = site.service
    service.do("RATELIMIT_SET", service.route, "100", "1h")
    service.apply()

    def flood(start_number, count):
        with site.connect() as client:
            for start_index in range(start_number, start_number + count, 50):
                numbers = range(start_index, start_index + 50)
                client.send("".join(
                    f"GET / HTTP/1.1\r\nHost: {site.host}\r\nX-Forwarded-For: 10.{number >> 16 & 255}.{number >> 8 & 255}."
                    f"{number & 255}\r\n\r\n" for number in numbers))
                for _ in numbers:
                    assert client.response().status in (200, 429)
    flood(0, 10_000)
    before = resident_kib(server.pid)
    flood(10_000, 20_000)
    assert resident_kib(server.pid) - before < 8 << 10


@promise("health.probes")
def test_routes_that_share_a_backend_share_its_probes(proxy, backend):
    one = backend()
    service = proxy.service()
    host = unique_host()
    for number in range(50):
        route = service.add(host, f"/{number}", one.url)
        service.do("HEALTH_SET", route, "/health", "500ms", "1s")
    service.apply()
    eventually(lambda: one.probes >= 2, "the first probes")
    began, count = time.monotonic(), one.probes
    eventually(lambda: one.probes >= count + 4, "some more")
    assert (one.probes - count) / (time.monotonic() - began) < 6, "far more than one probe per interval"


@promise("values.ratelimit", "ratelimit.ok")
@pytest.mark.parametrize("fields", ["0|1s", "-1|1s", "x|1s", "5|0s", "5|soon", "5|25h"])
def test_a_bad_rate_limit_is_refused(proxy, fields):
    service = proxy.service()
    service.refused(f"RATELIMIT_SET|{service.session}|ALL|{fields}")


@promise("values.ratelimit")
def test_there_is_one_limit_per_target(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.do("RATELIMIT_SET", service.route, "2", "1m")
    service.do("RATELIMIT_SET", service.route, "4", "1m")
    service.apply()
    assert [site.get("/").status for _ in range(6)].count(200) == 4


@promise("options-set.staged")
def test_idle_timeout_of_a_route(proxy, backend):
    go = threading.Event()

    def handler(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        go.wait(20)
        exchange.reset()
    site = proxy.site(backend(handler), options={"idle_timeout": "300ms"})
    with Connection(proxy.http, host=site.host) as client:
        client.start()
        client.read_head()
        assert client.reader.exactly(4) == b"half"
        assert client.ends(5)
    go.set()


@promise("options-set.keys")
def test_options_of_later_transports_are_kept_without_harm(proxy, backend):
    site = proxy.site(backend(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
    for key in ("compression", "websocket", "http2"):
        site.service.do("OPTIONS_SET", "ALL", key, "true", expect="OPTIONS_OK")
    site.service.apply()
    assert site.get("/").body == b"ok"
