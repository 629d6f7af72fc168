"""CONFIG_VALIDATE, APPLY, ROLLBACK, DIFF, APPLY_PARTIAL: the staging area."""

import threading

import pytest
from promises import promise

from harness.apus import unique_host
from harness.http import Connection
from harness.waiting import eventually

NOWHERE = "http://127.0.0.1:1"


def diff(service):
    return service.ask_json(f"CONFIG_DIFF|{service.session}", "DIFF_OK")


@promise("validate.ok", "validate.nothing", "general.validate")
def test_validate_applies_nothing(proxy, backend):
    service, host = proxy.service(), unique_host()
    service.do("CONFIG_VALIDATE", expect="OK")
    service.add(host, "/", backend().url)
    service.do("CONFIG_VALIDATE", expect="OK")
    with Connection(proxy.http, host=host) as client:
        assert client.get("/").status == 404
    assert len(diff(service)["routes"]["added"]) == 1


@promise("validate.ok", "validate.names", "apply.ok", "apply.validates", "apply.atomic", "general.errors", "staging.whole")
def test_what_only_the_whole_shows_fails_the_apply_as_a_whole(proxy, backend):
    service, host = proxy.service(), unique_host()
    service.add(host, "/fine", backend().url)
    first = service.add(host, "/twice", NOWHERE)
    second = service.add(host, "/twice", NOWHERE)
    for command in ("CONFIG_VALIDATE", "CONFIG_APPLY"):
        reason = service.refused(f"{command}|{service.session}")
        assert first in reason or second in reason
        assert "/twice" in reason
    with Connection(proxy.http, host=host) as client:
        assert client.get("/fine").status == 404
    assert len(diff(service)["routes"]["added"]) == 3, "a failed apply leaves everything staged"
    service.do("ROUTE_REMOVE", second)
    service.apply()
    with Connection(proxy.http, host=host) as client:
        assert client.get("/fine").status == 200


@promise("staging.whole", "validate.names")
@pytest.mark.parametrize("command", [
    "HEADERS_SET|{sid}|{route}|X-A|1", "OPTIONS_SET|{sid}|{route}|timeout|5s", "HEALTH_SET|{sid}|{route}|/|30s|5s",
    "RATELIMIT_SET|{sid}|{route}|5|1s", "CIRCUIT_BREAKER_SET|{sid}|{route}|5|30s|1"])
def test_settings_of_a_route_that_is_leaving_or_never_was(proxy, backend, command):
    site = proxy.site(backend())
    service = site.service
    for route in (service.route, "r999999999"):
        if route == service.route:
            service.do("ROUTE_REMOVE", route)
        reply = service.ask(command.format(sid=service.session, route=route))
        if not reply.startswith("ERROR|"):
            assert route in service.refused(f"CONFIG_VALIDATE|{service.session}")
        service.do("CONFIG_ROLLBACK", expect="OK")


@promise("apply.ok", "apply.clears", "diff.ok")
def test_an_apply_empties_the_staging_area(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.do("HEADERS_SET", "ALL", "X-A", "1")
    service.do("OPTIONS_SET", "ALL", "timeout", "9s")
    service.do("RATELIMIT_SET", "ALL", "1000", "1s")
    service.do("HEALTH_SET", service.route, "/", "30s", "5s")
    service.do("CIRCUIT_BREAKER_SET", "ALL", "5", "30s", "1")
    service.apply()
    nothing = {"routes": {"added": [], "removed": [], "modified": []}, "headers": {"added": 0, "removed": 0},
               "options": {"modified": 0}, "health": {"modified": 0}, "ratelimit": {"modified": 0},
               "circuit_breaker": {"modified": 0}}
    assert diff(service) == nothing
    service.apply()
    assert site.get("/").headers.get("X-A") == "1"


@promise("apply.atomic", "staging.barrier", "general.validate")
def test_two_routes_change_together(proxy, backend):
    """No request sees one route new and the other old: a client that asks one after the other never goes back in time."""
    old, new = backend(name="old"), backend(name="new")
    site = proxy.site(old)
    service = site.service
    second = service.add(site.host, "/second", old.url)
    service.apply()
    seen, stop = [], threading.Event()

    def client():
        with site.connect() as connection:
            while not stop.is_set():
                seen.append((connection.get("/").json()["backend"], connection.get("/second").json()["backend"]))
    threads = [threading.Thread(target=client) for _ in range(3)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(seen) > 20, "some requests")
    service.do("ROUTE_UPDATE", service.route, "backend_url", new.url)
    service.do("ROUTE_UPDATE", second, "backend_url", new.url)
    service.apply()
    count = len(seen)
    eventually(lambda: len(seen) > count + 20, "some requests after the apply")
    stop.set()
    for thread in threads:
        thread.join()
    assert ("new", "old") not in seen
    assert set(seen[count + 3:]) == {("new", "new")}


@promise("staging.barrier")
def test_ok_is_a_barrier_on_old_and_new_connections(proxy, backend):
    backends = [backend(name=f"b{number}") for number in range(2)]
    site = proxy.site(backends[0])
    service = site.service
    old = [site.connect() for _ in range(8)]
    for connection in old:
        connection.get("/")
    for turn in range(1, 150):
        wanted = backends[turn % 2]
        service.do("ROUTE_UPDATE", service.route, "backend_url", wanted.url)
        service.apply()
        assert old[turn % 8].get("/").json()["backend"] == wanted.name
        assert site.get("/").json()["backend"] == wanted.name
    for connection in old:
        connection.close()


@promise("staging.barrier")
def test_a_request_in_flight_finishes_on_what_it_began_with(proxy, backend):
    go = threading.Event()
    one = backend(lambda exchange: go.wait(20) and exchange.reply(200, body=b"old"))
    site = proxy.site(one)
    service = site.service
    with site.connect() as client:
        client.start()
        one.expect(1)
        service.do("ROUTE_REMOVE", service.route)
        service.apply()
        assert site.get("/").status == 404
        go.set()
        assert client.response().body == b"old"
        assert client.get("/").status == 404


@promise("rollback.ok", "rollback.active")
def test_rollback_discards_everything_staged_and_nothing_else(proxy, backend):
    site = proxy.site(backend(name="active"))
    service = site.service
    service.add(site.host, "/more", NOWHERE)
    service.do("ROUTE_UPDATE", service.route, "backend_url", NOWHERE)
    service.do("HEADERS_SET", "ALL", "X-A", "1")
    service.do("OPTIONS_SET", "ALL", "timeout", "5s")
    service.do("HEALTH_SET", service.route, "/h", "30s", "5s")
    service.do("RATELIMIT_SET", "ALL", "1", "1h")
    service.do("CIRCUIT_BREAKER_SET", "ALL", "1", "30s", "1")
    service.do("CONFIG_ROLLBACK", expect="OK")
    listed = service.ask_json(f"ROUTE_LIST|{service.session}", "ROUTE_LIST_OK")
    assert [entry["status"] for entry in listed] == ["active"]
    service.apply()
    for _ in range(3):
        response = site.get("/")
        assert response.json()["backend"] == "active"
        assert "X-A" not in response.headers


@promise("diff.fields", "staging.diff", "trouble.diff")
def test_diff_counts_every_kind(proxy, backend):
    service, host = proxy.service(), unique_host()
    routes = [service.add(host, f"/{number}", backend().url) for number in range(12)]
    service.do("HEADERS_SET", "ALL", "X-Old", "1")
    service.apply()
    added = [service.add(host, f"/new{number}", NOWHERE) for number in range(3)]
    for route in (routes[10], routes[2]):
        service.do("ROUTE_REMOVE", route)
    for route in (routes[11], routes[1]):
        service.do("ROUTE_UPDATE", route, "priority", "3")
    service.do("HEADERS_SET", "ALL", "X-A", "1")
    service.do("HEADERS_SET", routes[0], "X-B", "1")
    service.do("HEADERS_REMOVE", "ALL", "X-Old")
    service.do("OPTIONS_SET", "ALL", "timeout", "5s")
    service.do("OPTIONS_SET", routes[0], "retries", "1")
    service.do("OPTIONS_SET", routes[0], "weight", "5")
    service.do("HEALTH_SET", routes[0], "/h", "30s", "5s")
    service.do("RATELIMIT_SET", routes[0], "5", "1s")
    service.do("CIRCUIT_BREAKER_SET", "ALL", "5", "30s", "1")
    assert diff(service) == {
        "routes": {"added": added, "removed": [routes[2], routes[10]], "modified": [routes[1], routes[11]]},
        "headers": {"added": 2, "removed": 1}, "options": {"modified": 3}, "health": {"modified": 1},
        "ratelimit": {"modified": 1}, "circuit_breaker": {"modified": 1}}


@promise("partial.ok", "partial.scopes", "partial.rest")
def test_a_partial_apply_leaves_the_rest_staged(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.add(site.host, "/more", backend(name="more").url)
    service.do("HEADERS_SET", "ALL", "X-A", "1")
    service.do("OPTIONS_SET", "ALL", "max_body_size", "5")
    service.do("RATELIMIT_SET", "ALL", "1000", "1m")
    service.do("HEALTH_SET", service.route, "/", "30s", "5s")
    service.do("CIRCUIT_BREAKER_SET", "ALL", "5", "30s", "1")
    service.do("CONFIG_APPLY_PARTIAL", "routes,headers", expect="OK")
    assert site.get("/more").json()["backend"] == "more"
    assert site.get("/").headers.get("X-A") == "1"
    assert site.request("POST", "/", body=b"x" * 10).status == 200
    told = diff(service)
    assert (told["routes"]["added"], told["headers"]["added"], told["options"]["modified"]) == ([], 0, 1)
    service.do("CONFIG_APPLY_PARTIAL", "options", expect="OK")
    assert site.request("POST", "/", body=b"x" * 10).status == 413
    service.do("CONFIG_APPLY_PARTIAL", "health,ratelimit,circuit_breaker", expect="OK")
    assert diff(service)["health"] == {"modified": 0}


@promise("partial.ok", "staging.partial")
@pytest.mark.parametrize("scope", ["", "colours", "routes,colours", "routes,", ","])
def test_an_unknown_scope_applies_nothing(proxy, scope):
    service = proxy.service()
    service.add(unique_host(), "/", NOWHERE)
    service.refused(f"CONFIG_APPLY_PARTIAL|{service.session}|{scope}")
    assert len(diff(service)["routes"]["added"]) == 1


@promise("staging.partial")
def test_a_setting_of_a_route_that_is_only_staged_stays_staged(proxy, backend):
    service, host = proxy.service(), unique_host()
    route = service.add(host, "/", backend().url)
    service.do("HEADERS_SET", route, "X-A", "1")
    assert route in service.refused(f"CONFIG_APPLY_PARTIAL|{service.session}|headers")
    assert diff(service)["headers"]["added"] == 1
    service.do("CONFIG_APPLY_PARTIAL", "routes", expect="OK")
    service.do("CONFIG_APPLY_PARTIAL", "headers", expect="OK")
    with Connection(proxy.http, host=host) as client:
        assert client.get("/").headers.get("X-A") == "1"


@promise("staged.expiry", "staging.event")
def test_staged_changes_expire(start, backend):
    server = start(registry_staged_expiry="700ms")
    site = server.site(backend())
    service = site.service
    service.do("SUBSCRIBE", "global_config_changed", expect="SUBSCRIBE_OK")
    service.add(site.host, "/x", NOWHERE)
    service.do("HEADERS_SET", "ALL", "X-A", "1")
    assert service.event_json("global_config_changed") == {"reason": "staged_expired"}
    assert diff(service)["routes"]["added"] == []
    assert diff(service)["headers"]["added"] == 0
    assert site.get("/").status == 200
    assert "staged" in server.log.lower()


@promise("staged.expiry")
def test_each_staging_command_extends_the_time(start):
    server = start(registry_staged_expiry="900ms")
    service = server.service()
    pause = threading.Event()
    for number in range(5):
        service.add(unique_host(), "/", NOWHERE)
        pause.wait(0.4)
        assert len(diff(service)["routes"]["added"]) == number + 1
