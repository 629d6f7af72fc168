"""ROUTE_ADD, ROUTE_ADD_BULK, ROUTE_UPDATE, ROUTE_REMOVE, ROUTE_LIST, with their effect on traffic."""

import json
import re

import pytest
from promises import promise

from harness.apus import unique_host
from harness.http import Connection


def get(proxy, host, target="/"):
    """The name of the answering backend, or the status."""
    with Connection(proxy.http, host=host) as client:
        response = client.get(target)
        return response.json()["backend"] if response.status == 200 else response.status


def listed(service):
    return service.ask_json(f"ROUTE_LIST|{service.session}", "ROUTE_LIST_OK")


@promise("route-add.ok", "route-add.staged", "general.staged", "general.route-id", "staged.apply", "staging.ids")
def test_a_route_serves_after_the_apply_and_not_before(proxy, backend):
    service, host = proxy.service(), unique_host()
    reply = service.ask(f"ROUTE_ADD|{service.session}|{host}|/|{backend(name='one').url}|0")
    assert re.fullmatch(r"ROUTE_OK\|r\d+", reply)
    assert get(proxy, host) == 404
    service.apply()
    assert get(proxy, host) == "one"


@promise("route-add.domains", "pattern.multi-domain")
def test_one_route_for_several_domains(proxy, backend):
    service, hosts = proxy.service(), [unique_host("com"), unique_host("org")]
    service.add(",".join(hosts), "/", backend(name="one").url)
    service.apply()
    assert [get(proxy, host) for host in hosts] == ["one", "one"]


@promise("route-add.path", "values.paths")
def test_the_path_is_a_prefix_of_whole_segments(proxy, backend):
    service, host = proxy.service(), unique_host()
    service.add(host, "/api", backend(name="api").url)
    service.apply()
    for target in ("/api", "/api/", "/api/x", "/api?q", "/x/../api/y", "/%61pi"):
        assert get(proxy, host, target) == "api"
    for target in ("/", "/apix", "/x/api"):
        assert get(proxy, host, target) == 404
    assert get(proxy, host, "/../api") == 400


@promise("general.backend", "route-add.schemes", "values.schemes")
@pytest.mark.parametrize("url", [
    "http://orbat:3000", "https://api:9443", "ws://chat:8080", "wss://chat:8443", "http://10.0.0.1", "http://[::1]:3000",
    "h2c://api:9000", "grpc://api:9000", "grpcs://api:9443", "http://api:9000/base/path"])
def test_backend_urls_of_these_kinds_are_accepted(proxy, url):
    service = proxy.service()
    service.add(unique_host(), "/", url)
    service.do("CONFIG_VALIDATE", expect="OK")


@promise("values.schemes", "staging.at-once")
@pytest.mark.parametrize("url", [
    "orbat:3000", "ftp://orbat:21", "http://", "http://user@orbat:3000", "http://user:pass@orbat", "http://orbat:3000/?q=1",
    "http://orbat:3000/#f", "http://orbat:0", "http://orbat:65536", "http://or bat:80", "", "http://[::1:3000"])
def test_backend_urls_of_other_kinds_are_refused_at_once(proxy, url):
    service = proxy.service()
    service.refused(f"ROUTE_ADD|{service.session}|{unique_host()}|/|{url}|0")
    assert listed(service) == []


@promise("values.schemes")
def test_a_path_in_the_backend_url_is_put_first(proxy, backend):
    service, host = proxy.service(), unique_host()
    service.add(host, "/api", backend().url + "/base")
    service.apply()
    with Connection(proxy.http, host=host) as client:
        assert client.get("/api/x?y").json()["target"] == "/base/api/x?y"


@promise("staging.at-once")
@pytest.mark.parametrize("fields", [
    "|/|http://127.0.0.1:1|0", "a b.test|/|http://127.0.0.1:1|0", "a.test:80|/|http://127.0.0.1:1|0",
    "a..test|/|http://127.0.0.1:1|0", "a.*.test|/|http://127.0.0.1:1|0", "a.test|api|http://127.0.0.1:1|0",
    "a.test||http://127.0.0.1:1|0", "a.test|/../x|http://127.0.0.1:1|0", "a.test|/|http://127.0.0.1:1|high",
    "a.test|/|http://127.0.0.1:1|1.5", "a.test,,b.test|/|http://127.0.0.1:1|0"])
def test_a_mistake_in_one_field_is_answered_at_once(proxy, fields):
    service = proxy.service()
    service.refused(f"ROUTE_ADD|{service.session}|{fields}")
    assert listed(service) == []


@promise("route-add.priority", "general.priority", "values.order")
def test_longest_prefix_first_and_priority_before_that(proxy, backend):
    service, host = proxy.service(), unique_host()
    service.add(host, "/", backend(name="root").url)
    service.add(host, "/api", backend(name="api").url)
    service.apply()
    assert get(proxy, host, "/api/x") == "api"
    service.add(host, "/", backend(name="high").url, 10)
    service.apply()
    assert get(proxy, host, "/api/x") == "high"


@promise("values.order", "overview.scaling")
def test_equal_routes_of_two_sessions_are_one_group(proxy, backend):
    site = proxy.site(backend(name="a"), backend(name="b"))
    with site.connect() as client:
        assert {client.get("/").json()["backend"] for _ in range(60)} == {"a", "b"}
    more = backend(name="c")
    service = proxy.service()
    service.add(site.host, "/", more.url)
    service.apply()
    with site.connect() as client:
        assert {client.get("/").json()["backend"] for _ in range(120)} == {"a", "b", "c"}


@promise("values.order")
def test_the_next_lower_priority_serves_when_a_group_cannot(proxy, backend):
    high, low = backend(name="high"), backend(name="low")
    site = proxy.site(low)
    service = proxy.service()
    service.add(site.host, "/", high.url, 5)
    service.apply()
    assert site.get("/").json()["backend"] == "high"
    high.stop()
    assert site.get("/").json()["backend"] == "low"


@promise("values.domains")
def test_exact_beats_wildcard_beats_catch_all(proxy, backend):
    service, host = proxy.service(), unique_host()
    service.add(f"*.{host}", "/", backend(name="wild").url)
    service.add(f"*.b.{host}", "/", backend(name="longer").url)
    service.add(f"A.B.{host}", "/", backend(name="exact").url)
    service.apply()
    assert get(proxy, f"a.b.{host}") == "exact"
    assert get(proxy, f"x.b.{host}") == "longer"
    assert get(proxy, f"y.x.{host}") == "wild"
    assert get(proxy, host) == 404


@promise("bulk.ok", "bulk.staged")
def test_bulk_stages_several_routes(proxy, backend):
    service, host = proxy.service(), unique_host()
    routes = [{"domains": [host], "path": "/v1", "backend_url": backend(name="v1").url, "priority": 0},
              {"domains": [host, "x." + host], "path": "/v2", "backend_url": backend(name="v2").url, "priority": 10}]
    got = service.ask_json(f"ROUTE_ADD_BULK|{service.session}|{json.dumps(routes)}", "ROUTE_BULK_OK")
    assert [entry["status"] for entry in got] == ["ok", "ok"]
    assert all(re.fullmatch(r"r\d+", entry["route_id"]) for entry in got)
    assert get(proxy, host, "/v1") == 404
    service.apply()
    assert (get(proxy, host, "/v1"), get(proxy, "x." + host, "/v2")) == ("v1", "v2")
    assert {entry["route_id"]: entry["priority"] for entry in listed(service)} == {
        got[0]["route_id"]: 0, got[1]["route_id"]: 10}


@promise("bulk.example")
def test_the_example_of_the_guide_is_accepted(proxy):
    service = proxy.service()
    got = service.ask_json(
        f'ROUTE_ADD_BULK|{service.session}|[{{"domains":["api.example.com"],"path":"/v1","backend_url":"http://api:9000",'
        '"priority":0},{"domains":["api.example.com"],"path":"/v2","backend_url":"http://api-v2:9001","priority":10}]',
        "ROUTE_BULK_OK")
    assert len(got) == 2
    service.do("CONFIG_ROLLBACK", expect="OK")


@promise("bulk.atomic")
@pytest.mark.parametrize("bad", [
    {"domains": ["b.test"], "path": "x", "backend_url": "http://127.0.0.1:1", "priority": 0},
    {"domains": ["b.test"], "path": "/x", "backend_url": "nonsense", "priority": 0},
    {"domains": [], "path": "/x", "backend_url": "http://127.0.0.1:1", "priority": 0},
    {"path": "/x", "backend_url": "http://127.0.0.1:1", "priority": 0},
    {"domains": ["b.test"], "path": "/x", "backend_url": "http://127.0.0.1:1", "priority": "high"}])
def test_one_bad_route_fails_the_whole_bulk(proxy, bad):
    service = proxy.service()
    good = {"domains": [unique_host()], "path": "/", "backend_url": "http://127.0.0.1:1", "priority": 0}
    service.refused(f"ROUTE_ADD_BULK|{service.session}|{json.dumps([good, bad])}")
    assert listed(service) == []


@promise("bulk.atomic")
@pytest.mark.parametrize("text", ["{}", "[1]", "[{]", "nonsense", '["a"]'])
def test_what_is_no_array_of_routes_is_refused(proxy, text):
    service = proxy.service()
    service.refused(f"ROUTE_ADD_BULK|{service.session}|{text}")
    assert listed(service) == []


@promise("update.ok", "update.fields", "update.staged", "staging.list")
def test_each_field_can_be_updated(proxy, backend):
    old, new = backend(name="old"), backend(name="new")
    site = proxy.site(old)
    service, other = site.service, unique_host()
    route = service.route
    service.do("ROUTE_UPDATE", route, "backend_url", new.url, expect="ROUTE_OK")
    assert site.get("/").json()["backend"] == "old"
    assert sorted((entry["status"], entry["backend"]) for entry in listed(service)) == [
        ("active", old.url), ("staged", new.url)]
    assert {entry["route_id"] for entry in listed(service)} == {route}
    service.apply()
    assert site.get("/").json()["backend"] == "new"
    service.do("ROUTE_UPDATE", route, "path", "/moved", expect="ROUTE_OK")
    service.apply()
    assert (get(proxy, site.host, "/moved/x"), get(proxy, site.host, "/")) == ("new", 404)
    service.do("ROUTE_UPDATE", route, "domains", f"{site.host},{other}", expect="ROUTE_OK")
    service.do("ROUTE_UPDATE", route, "priority", "7", expect="ROUTE_OK")
    service.apply()
    assert get(proxy, other, "/moved") == "new"
    [entry] = listed(service)
    assert (entry["domains"], entry["path"], entry["priority"]) == ([site.host, other], "/moved", 7)


@promise("update.ok", "update.staged")
def test_a_staged_route_can_be_updated_before_its_first_apply(proxy, backend):
    service, host = proxy.service(), unique_host()
    route = service.add(host, "/", "http://127.0.0.1:1")
    service.do("ROUTE_UPDATE", route, "backend_url", backend(name="right").url, expect="ROUTE_OK")
    service.do("ROUTE_UPDATE", route, "path", "/x", expect="ROUTE_OK")
    assert [(entry["path"], entry["status"]) for entry in listed(service)] == [("/x", "staged")]
    service.apply()
    assert (get(proxy, host, "/x"), get(proxy, host, "/")) == ("right", 404)


@promise("update.ok", "staging.at-once")
@pytest.mark.parametrize("field, value", [
    ("colour", "red"), ("backend_url", "nonsense"), ("priority", "high"), ("domains", ""), ("path", "x")])
def test_a_bad_update_is_refused(proxy, backend, field, value):
    site = proxy.site(backend())
    site.service.refused(f"ROUTE_UPDATE|{site.service.session}|{site.service.route}|{field}|{value}")
    assert [entry["status"] for entry in listed(site.service)] == ["active"]


@promise("update.ok")
def test_an_update_of_a_route_that_is_not_ones_own_is_refused(proxy, backend):
    site = proxy.site(backend())
    other = proxy.service()
    assert other.refused(f"ROUTE_UPDATE|{other.session}|{site.service.route}|path|/x") == "route not found"
    assert other.refused(f"ROUTE_UPDATE|{other.session}|r999999999|path|/x") == "route not found"


@promise("remove.ok", "remove.staged", "list.status", "overview.no-restart")
def test_a_removed_route_serves_until_the_apply(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.do("ROUTE_REMOVE", service.route, expect="ROUTE_OK")
    assert site.get("/").status == 200
    assert [(entry["route_id"], entry["status"]) for entry in listed(service)] == [(service.route, "pending_removal")]
    service.apply()
    assert site.get("/").status == 404
    assert listed(service) == []


@promise("remove.unknown")
def test_removing_an_unknown_route(proxy, backend):
    site = proxy.site(backend())
    other = proxy.service()
    for route in ("r999999999", site.service.route):
        other.expect(f"ROUTE_REMOVE|{other.session}|{route}", "ERROR|route not found")


@promise("staging.remove-staged")
def test_removing_a_staged_route_unstages_it_with_its_settings(proxy):
    service = proxy.service()
    route = service.add(unique_host(), "/", "http://127.0.0.1:1")
    service.do("HEADERS_SET", route, "X-A", "1", expect="HEADERS_OK")
    service.do("ROUTE_REMOVE", route, expect="ROUTE_OK")
    assert listed(service) == []
    diff = service.ask_json(f"CONFIG_DIFF|{service.session}", "DIFF_OK")
    assert diff["routes"] == {"added": [], "removed": [], "modified": []}
    assert diff["headers"]["added"] == 0
    service.apply()


@promise("staging.remove-staged")
def test_the_settings_of_a_route_leave_with_it(proxy, backend):
    one = backend()
    site = proxy.site(one)
    service = site.service
    service.do("HEADERS_SET", service.route, "X-A", "1")
    service.apply()
    assert site.get("/").headers.get("X-A") == "1"
    service.do("ROUTE_REMOVE", service.route)
    service.add(site.host, "/", one.url)
    service.apply()
    assert "X-A" not in site.get("/").headers


@promise("list.ok", "list.fields", "list.status", "values.list-id")
def test_the_list_shows_active_and_staged_routes_of_this_session(proxy, backend):
    one = backend()
    site = proxy.site(one, priority=3)
    service = site.service
    staged = service.add(["a." + site.host, "b." + site.host], "/x", one.url, 10)
    proxy.site(one)
    entries = {entry["route_id"]: entry for entry in listed(service)}
    assert set(entries) == {service.route, staged}
    active = entries[service.route]
    assert (active["domains"], active["path"], active["backend"], active["priority"], active["status"]) == (
        [site.host], "/", one.url, 3, "active")
    assert entries[staged]["domains"] == ["a." + site.host, "b." + site.host]
    assert entries[staged]["status"] == "staged"
    assert all(entry["id"] == entry["route_id"] for entry in entries.values())


@promise("staging.ids")
def test_route_ids_are_never_used_twice(proxy):
    service = proxy.service()
    seen = []
    for _ in range(5):
        route = service.add(unique_host(), "/", "http://127.0.0.1:1")
        seen.append(int(route[1:]))
        service.do("ROUTE_REMOVE", route)
    service.do("CONFIG_ROLLBACK")
    seen.append(int(service.add(unique_host(), "/", "http://127.0.0.1:1")[1:]))
    assert seen == sorted(set(seen))


@promise("ops.503")
def test_unclaimed_is_404_and_claimed_but_unavailable_503(proxy, backend):
    one = backend()
    site = proxy.site(one)
    assert get(proxy, unique_host()) == 404
    one.stop()
    site.get("/")
    response = site.get("/")
    assert response.status in (502, 503)
    if response.status == 503:
        assert int(response.headers.get("Retry-After")) >= 1
