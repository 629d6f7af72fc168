"""Which route a request takes: hosts, paths, priorities, groups."""

from collections import Counter

import pytest

from harness.apus import unique_host
from harness.backend import answer
from harness.http import Connection
from harness.waiting import eventually


@pytest.fixture
def routes(proxy, backend):
    """Adds routes of one session, each with a backend that answers with the route's own name; then `ask`s."""
    service = proxy.service()

    class Routes:
        host = unique_host()

        def add(self, name, domains, path="/", priority=0):
            one = backend(answer(body=name.encode()), name)
            service.add(domains, path, one.url, priority)
            return self

        def ask(self, host, target="/", **more):
            service.apply()
            with proxy.connect() as connection:
                response = connection.get(target, host=host, **more)
                return response.text if response.status == 200 else response.status

    return Routes()


def test_an_unknown_host_is_404(proxy):
    with proxy.connect() as connection:
        response = connection.get("/", host=unique_host("nowhere"))
        assert response.status == 404
        assert "Retry-After" not in response.headers


def test_a_known_host_without_a_matching_path_is_404(routes):
    routes.add("api", routes.host, "/api")
    assert routes.ask(routes.host, "/other") == 404


def test_hosts_are_compared_without_regard_to_case_and_port(routes):
    routes.add("it", routes.host.upper())
    for host in (routes.host, routes.host.upper(), routes.host.title(), routes.host + ":8080", routes.host + ":80"):
        assert routes.ask(host) == "it"


def test_one_route_serves_all_its_domains(routes):
    other = unique_host("org")
    routes.add("both", [routes.host, other])
    assert routes.ask(routes.host) == routes.ask(other) == "both"


def test_a_wildcard_matches_one_or_more_labels_below(routes):
    routes.add("wild", "*." + routes.host)
    assert routes.ask("a." + routes.host) == "wild"
    assert routes.ask("a.b.c." + routes.host) == "wild"
    assert routes.ask(routes.host) == 404
    assert routes.ask("x" + routes.host) == 404


def test_the_more_exact_host_wins(routes):
    host = routes.host
    routes.add("wild", "*." + host).add("longer", "*.b." + host).add("exact", "a.b." + host)
    assert routes.ask("a.b." + host) == "exact"
    assert routes.ask("x.b." + host) == "longer"
    assert routes.ask("x.c." + host) == "wild"


def test_the_catch_all_takes_what_nobody_else_claims(start, backend):
    server = start()
    service = server.service()
    service.add("*", "/", backend(answer(body=b"any")).url)
    service.add("known.test", "/", backend(answer(body=b"known")).url)
    service.apply()
    with server.connect() as connection:
        assert connection.get("/", host="anything.example").text == "any"
        assert connection.get("/", host="127.0.0.1").text == "any"
        assert connection.get("/", host="[::1]:80").text == "any"
        assert connection.get("/", host="known.test").text == "known"
        connection.send("GET / HTTP/1.0\r\n\r\n")
        assert connection.response().text == "any"


def test_an_internationalised_host_is_its_punycode(routes):
    routes.add("umlaut", "b\u00fccher." + routes.host)
    assert routes.ask("xn--bcher-kva." + routes.host) == "umlaut"


@pytest.mark.parametrize("target, name", [
    ("/api", "api"), ("/api/", "api"), ("/api/x", "api"), ("/api?x=1", "api"), ("/apix", "root"), ("/ap", "root"),
    ("/API", "root"), ("/", "root"), ("/?/api", "root"), ("/api/v2", "v2"), ("/api/v2/x/y", "v2"), ("/api/v20", "api")])
def test_a_path_prefix_matches_whole_segments_and_the_longest_wins(routes, target, name):
    routes.add("root", routes.host).add("api", routes.host, "/api").add("v2", routes.host, "/api/v2/")
    assert routes.ask(routes.host, target) == name


@pytest.mark.parametrize("target", [
    "/x/../admin", "/./admin", "/admin/.", "/%61dmin", "/%61%64min/x", "/x/%2e%2e/admin", "/x/.%2E/admin/y",
    "/admin/x/.."])
def test_paths_are_matched_in_normal_form_and_forwarded_as_sent(proxy, backend, target):
    site = proxy.site(backend(name="root"))
    site.service.add(site.host, "/admin", backend(name="admin").url)
    site.service.apply()
    echoed = site.get(target).json()
    assert (echoed["backend"], echoed["target"]) == ("admin", target)


@pytest.mark.parametrize("target", ["/..", "/../x", "/x/../../y", "/%2e%2e/x", "/%zz", "/%4", "/x%", "/%g0"])
def test_a_path_above_the_root_or_malformed_is_400(proxy, backend, target):
    assert proxy.site(backend()).get(target).status == 400


def test_an_encoded_slash_is_no_separator(routes):
    routes.add("root", routes.host).add("api", routes.host, "/api/x")
    assert routes.ask(routes.host, "/api%2Fx") == "root"


def test_priority_beats_length(routes):
    routes.add("long", routes.host, "/api/v2", 0).add("high", routes.host, "/api", 10)
    assert routes.ask(routes.host, "/api/v2/x") == "high"


def test_path_length_beats_exactness_of_the_host(routes):
    routes.add("wild", "*." + routes.host, "/api").add("exact", "a." + routes.host, "/")
    assert routes.ask("a." + routes.host, "/api/x") == "wild"
    assert routes.ask("a." + routes.host, "/x") == "exact"


def test_a_negative_priority_comes_last(routes):
    routes.add("long", routes.host, "/api", -1).add("short", routes.host, "/", 0)
    assert routes.ask(routes.host, "/api") == "short"


def test_an_absolute_target_names_the_host(routes, proxy):
    routes.add("it", routes.host)
    assert routes.ask("other.invalid", f"http://{routes.host}/x") == "it"
    assert routes.ask(routes.host, "http://other.invalid/") == 404


def test_options_asterisk_goes_to_the_host_s_root_route(proxy, backend):
    site = proxy.site(backend())
    echoed = site.request("OPTIONS", "*").json()
    assert (echoed["method"], echoed["target"]) == ("OPTIONS", "*")


def test_services_with_the_same_route_share_its_traffic(proxy, backend):
    site = proxy.site(backend(name="a"), backend(name="b"), backend(name="c"))
    with site.connect() as connection:
        names = Counter(connection.get("/").json()["backend"] for _ in range(300))
    assert set(names) == {"a", "b", "c"}
    assert min(names.values()) > 50, names


def test_busy_instances_get_less(start, backend):
    """Power of two choices on outstanding requests: an instance that does not answer gets nothing more."""
    import threading
    go = threading.Event()
    server = start(workers=1)
    stuck = backend(lambda exchange: go.wait(20) and exchange.reply(200, body="stuck"), "stuck")
    site = server.site(stuck, backend(name="quick"))
    waiting = []
    try:
        while not stuck.requests:
            connection = site.connect()
            connection.start()
            waiting.append(connection)
            eventually(lambda: stuck.requests or not connection.stays_open(0.05), "an answer or a stuck request")
        with site.connect() as connection:
            assert {connection.get("/").json()["backend"] for _ in range(50)} == {"quick"}
    finally:
        go.set()
        for connection in waiting:
            connection.close()


def test_a_lower_priority_serves_when_nothing_above_can(proxy, backend, refusing):
    low, high = backend(name="low"), backend(name="high")
    site = proxy.site(low)
    high_service = proxy.service()
    high_service.add(site.host, "/", high.url, 10)
    high_service.apply()
    assert site.get("/").json()["backend"] == "high"
    high.stop()
    assert site.get("/").json()["backend"] == "low"


def test_a_route_with_less_path_does_not_stand_in(proxy, backend):
    """Only the same domain and path is tried: /api's requests are not for the owner of /."""
    site = proxy.site(backend(name="root"))
    api = backend(name="api")
    service = proxy.service()
    service.add(site.host, "/api", api.url)
    service.apply()
    api.stop()
    assert site.get("/api").status in (502, 503)


def test_connected_instances_come_first(start, backend):
    left, stays = backend(name="left"), backend(name="stays")
    site = start().site(left, stays)
    site.services[0].close()
    with site.connect() as connection:
        eventually(lambda: {connection.get("/").json()["backend"] for _ in range(20)} == {"stays"},
                   "traffic to prefer the instance whose session is connected")
    site.services[1].shut_down()
    assert site.get("/").json()["backend"] == "left"


def test_the_same_host_on_another_connection_sees_an_apply(proxy, backend):
    first, second = backend(name="first"), backend(name="second")
    site = proxy.site(first)
    with site.connect() as old:
        assert old.get("/").json()["backend"] == "first"
        for turn in range(50):
            wanted = (second, first)[turn % 2]
            site.service.do("ROUTE_UPDATE", site.service.route, "backend_url", wanted.url, expect="ROUTE_OK")
            site.service.apply()
            assert old.get("/").json()["backend"] == wanted.name
            with Connection(proxy.http, host=site.host) as new:
                assert new.get("/").json()["backend"] == wanted.name
