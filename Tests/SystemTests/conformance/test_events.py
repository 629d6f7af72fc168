"""SUBSCRIBE, UNSUBSCRIBE and the events; BACKEND_TEST."""

import threading

import pytest
from promises import promise

from harness.apus import unique_host
from harness.backend import RefusingPort, answer
from harness.process import Program, run
from harness.waiting import eventually


@promise("subscribe.ok", "subscribe.types", "unsubscribe.ok")
@pytest.mark.parametrize("kind", ["cert_renewed", "global_config_changed", "backend_health_changed", "all",
                                  "drain_completed", "route_conflict"])
def test_every_type_can_be_subscribed_to(proxy, kind):
    service = proxy.service()
    service.do("SUBSCRIBE", kind, expect="SUBSCRIBE_OK")
    service.do("SUBSCRIBE", kind, expect="SUBSCRIBE_OK")
    service.do("UNSUBSCRIBE", kind, expect="UNSUBSCRIBE_OK")


@promise("subscribe.ok")
def test_an_unknown_type_is_refused(proxy):
    service = proxy.service()
    assert "weather" in service.refused(f"SUBSCRIBE|{service.session}|weather")


@promise("subscribe.health", "subscribe.async")
def test_health_changes_are_told(proxy, backend):
    one = backend()
    site = proxy.site(one)
    service = site.service
    service.do("SUBSCRIBE", "all", expect="SUBSCRIBE_OK")
    one.refuse()
    one.drop_connections()
    site.get("/")
    told = service.event_json("backend_health_changed")
    assert (told["route_id"], told["healthy"]) == (service.route, False)
    assert "refused" in told["reason"]
    service.expect(f"PING|{service.session}", "PONG")
    one.listen()
    eventually(lambda: site.get("/").status == 200, "traffic to flow again", within=15)
    told = service.event_json("backend_health_changed", within=15)
    assert (told["route_id"], told["healthy"]) == (service.route, True)


@promise("subscribe.health")
def test_the_reason_connection_timeout(proxy, unanswering):
    site = proxy.site(unanswering, options={"connect_timeout": "200ms", "health_check_timeout": "200ms",
                                            "health_check_interval": "200ms"})
    service = site.service
    service.do("SUBSCRIBE", "backend_health_changed", expect="SUBSCRIBE_OK")
    assert service.event_json("backend_health_changed", within=15) == {
        "route_id": service.route, "healthy": False, "reason": "connection_timeout"}


@promise("unsubscribe.ok", "unsubscribe.all")
def test_events_stop(proxy, backend):
    one = backend()
    site = proxy.site(one)
    service = site.service
    service.do("SUBSCRIBE", "all")
    service.do("SUBSCRIBE", "drain_completed")
    service.do("UNSUBSCRIBE", "all", expect="UNSUBSCRIBE_OK")
    one.stop()
    site.get("/")
    service.do("DRAIN_START", "50ms")
    assert service.is_silent(1.2)


@promise("ops.events")
def test_all_means_the_guide_s_three(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.do("SUBSCRIBE", "all")
    service.do("DRAIN_START", "50ms")
    assert service.is_silent(1.0)


@promise("ops.events")
def test_route_conflicts_are_told_by_name(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.do("SUBSCRIBE", "route_conflict", expect="SUBSCRIBE_OK")
    other = proxy.service("another-service")
    other.add(site.host, "/", backend().url)
    other.apply()
    assert service.event("EVENT|route_conflict|")


@promise("test.ok", "test.get", "ops.test")
def test_a_reachable_backend(proxy, backend):
    one = backend(answer(204))
    one.probe_handler = answer(204)
    service = proxy.service()
    told = service.ask_json(f"BACKEND_TEST|{service.session}|{one.url}", "BACKEND_OK")
    assert told["reachable"] is True
    assert told["status_code"] == 204
    assert told["tls_valid"] is None
    assert 0 <= told["response_time_ms"] < 5000


@promise("test.fail")
def test_an_unreachable_backend(proxy, refusing):
    service = proxy.service()
    told = service.ask_json(f"BACKEND_TEST|{service.session}|{refusing.url}", "BACKEND_FAIL")
    assert told == {"reachable": False, "error": "connection refused"}
    told = service.ask_json(f"BACKEND_TEST|{service.session}|http://does-not-exist.invalid", "BACKEND_FAIL")
    assert told["reachable"] is False
    assert told["error"]


@promise("test.get", "ops.test")
def test_the_health_path_is_asked_where_there_is_one_and_redirects_are_not_followed(proxy, backend):
    asked = []
    one = backend()

    def probe(exchange):
        asked.append((exchange.method, exchange.target))
        exchange.reply(302, [("Location", "/elsewhere")])
    one.probe_handler = probe
    service = proxy.service()
    told = service.ask_json(f"BACKEND_TEST|{service.session}|{one.url}", "BACKEND_OK")
    assert told["status_code"] == 302
    assert asked == [("GET", "/")]
    route = service.add(unique_host(), "/", one.url)
    service.do("HEALTH_SET", route, "/health", "1h", "5s")
    service.apply()
    eventually(lambda: ("GET", "/health") in asked, "the first probe")
    asked.clear()
    service.ask_json(f"BACKEND_TEST|{service.session}|{one.url}", "BACKEND_OK")
    assert ("GET", "/health") in asked


@promise("ops.test")
def test_a_backend_that_does_not_answer_fails_after_5_s(proxy, backend):
    go = threading.Event()
    one = backend(lambda exchange: go.wait(20))
    one.probe_handler = lambda exchange: go.wait(20)
    service = proxy.service()
    told = service.ask_json(f"BACKEND_TEST|{service.session}|{one.url}", "BACKEND_FAIL", within=8)
    go.set()
    assert told["reachable"] is False


@promise("test.ok", "ops.test")
def test_a_backend_with_a_certificate_nobody_vouches_for(proxy, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    status, _, err = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                          "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                          "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
    assert status == 0, err
    with RefusingPort() as port:
        number = port.port
    server = Program(["openssl", "s_server", "-accept", f"127.0.0.1:{number}", "-key", key, "-cert", certificate, "-www"])
    try:
        server.wait_for_line("ACCEPT")
        service = proxy.service()
        told = service.ask_json(f"BACKEND_TEST|{service.session}|https://127.0.0.1:{number}", "BACKEND_OK")
        assert told["reachable"] is True
        assert told["status_code"] == 200
        assert told["tls_valid"] is False
    finally:
        server.kill()


@promise("test.pure")
def test_a_test_changes_nothing(proxy, backend):
    service = proxy.service()
    route = service.add(unique_host(), "/", backend().url)
    before = service.ask(f"CONFIG_DIFF|{service.session}")
    service.ask(f"BACKEND_TEST|{service.session}|{backend().url}")
    assert service.ask(f"CONFIG_DIFF|{service.session}") == before
    listed = service.ask_json(f"ROUTE_LIST|{service.session}", "ROUTE_LIST_OK")
    assert [entry["route_id"] for entry in listed] == [route]


@promise("test.fail")
@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "", "http://user@127.0.0.1"])
def test_a_bad_url_is_an_error(proxy, url):
    service = proxy.service()
    service.refused(f"BACKEND_TEST|{service.session}|{url}")
