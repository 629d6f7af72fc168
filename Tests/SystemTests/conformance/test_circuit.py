"""CIRCUIT_BREAKER_SET, STATUS, RESET: closed, open, half-open."""

import re
import threading
import time

import pytest
from promises import promise

from harness.backend import answer
from harness.waiting import eventually


class Moody:
    """A backend handler whose status can be changed, and which counts."""

    def __init__(self, status=500):
        self.status = status
        self.count = 0

    def __call__(self, exchange):
        self.count += 1
        exchange.body()
        exchange.reply(self.status, body=b"moody")


def status_of(service):
    return service.ask_json(f"CIRCUIT_BREAKER_STATUS|{service.session}|{service.route}", "CIRCUIT_STATUS_OK")


def breaker(proxy, backend, handler, threshold=3, timeout="1s", half_open=1, **more):
    site = proxy.site(backend(handler), **more)
    service = site.service
    service.do("CIRCUIT_BREAKER_SET", service.route, threshold, timeout, half_open, expect="CIRCUIT_OK")
    service.apply()
    return site, service


@promise("circuit-set.ok", "circuit-set.open", "circuit-set.staged", "circuit-status.ok", "circuit-status.states",
         "ops.circuit")
def test_the_circuit_opens_after_failures_in_a_row(proxy, backend):
    moody = Moody(503)
    site = proxy.site(backend(moody))
    service = site.service
    service.do("CIRCUIT_BREAKER_SET", service.route, "3", "30s", "1", expect="CIRCUIT_OK")
    assert [site.get("/").status for _ in range(6)] == [503] * 6
    assert moody.count == 6, "a staged breaker has no effect"
    service.apply()
    told = status_of(service)
    assert told["state"] == "closed"
    for _ in range(3):
        assert site.get("/").body == b"moody"
    count = moody.count
    started = time.monotonic()
    for _ in range(20):
        response = site.get("/")
        assert response.status == 503
        assert response.body != b"moody"
        assert int(response.headers.get("Retry-After")) >= 1
    assert time.monotonic() - started < 2
    assert moody.count == count, "an open circuit touched the backend"
    told = status_of(service)
    assert told["state"] == "open"
    assert told["failures"] >= 3
    for key in ("last_failure", "next_attempt"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told[key])


@promise("circuit-set.half-open", "circuit-status.states")
def test_a_trial_closes_the_circuit_or_opens_it_again(proxy, backend):
    moody = Moody(502)
    site, service = breaker(proxy, backend, moody, timeout="500ms")
    for _ in range(3):
        site.get("/")
    count = moody.count
    eventually(lambda: site.get("/").body == b"moody", "a trial")
    assert moody.count == count + 1
    assert site.get("/").body != b"moody", "a failed trial opens the circuit again"
    moody.status = 200
    eventually(lambda: site.get("/").status == 200, "the circuit to close")
    assert status_of(service)["state"] == "closed"
    assert [site.get("/").status for _ in range(5)] == [200] * 5


@promise("circuit-set.half-open")
def test_half_open_lets_exactly_the_set_number_through(proxy, backend):
    go, counted = threading.Event(), []
    moody = Moody(503)

    def handler(exchange):
        if moody.status == 503:
            return moody(exchange)
        counted.append(exchange)
        go.wait(20)
        exchange.reply(200, body=b"well")
    site, service = breaker(proxy, backend, handler, timeout="300ms", half_open=2)
    for _ in range(3):
        site.get("/")
    moody.status = 200
    clients = [site.connect() for _ in range(10)]
    eventually(lambda: status_of(service)["state"] == "half_open" or time.sleep(0.3) is None, "the timeout to pass")
    for client in clients:
        client.start()
    eventually(lambda: len(counted) == 2, "two trials")
    answered = []
    for client in clients:
        client.socket.settimeout(0.5)
        try:
            answered.append(client.response().status)
        except OSError:
            pass
    assert answered == [503] * 8
    assert status_of(service)["state"] == "half_open"
    go.set()
    eventually(lambda: status_of(service)["state"] == "closed", "the circuit to close")
    assert len(counted) == 2
    for client in clients:
        client.close()


@promise("circuit-reset.ok")
def test_reset_closes_the_circuit(proxy, backend):
    moody = Moody(504)
    site, service = breaker(proxy, backend, moody, timeout="1h")
    for _ in range(3):
        site.get("/")
    assert status_of(service)["state"] == "open"
    moody.status = 200
    assert site.get("/").status == 503
    service.do("CIRCUIT_BREAKER_RESET", service.route, expect="CIRCUIT_OK")
    assert status_of(service)["state"] == "closed"
    assert site.get("/").status == 200


@promise("ops.circuit")
def test_what_is_and_what_is_no_failure(proxy, backend):
    for status, is_failure in ((500, False), (404, False), (501, False), (502, True), (503, True), (504, True)):
        moody = Moody(status)
        site, service = breaker(proxy, backend, moody, threshold=2, timeout="1h")
        for _ in range(4):
            site.get("/")
        assert status_of(service)["state"] == ("open" if is_failure else "closed"), status


@promise("ops.circuit", "circuit-set.open")
def test_a_success_between_failures_starts_the_count_anew(proxy, backend):
    moody = Moody(503)
    site, service = breaker(proxy, backend, moody, threshold=3, timeout="1h")
    for status in (503, 503, 200, 503, 503, 200):
        moody.status = status
        assert site.get("/").body == b"moody"
    assert status_of(service)["state"] == "closed"


@promise("ops.circuit")
def test_resets_and_timeouts_are_failures(proxy, backend):
    site, service = breaker(proxy, backend, lambda exchange: exchange.reset(), threshold=2, timeout="1h",
                            options={"retries": "0"})
    for _ in range(3):
        site.get("/")
    assert status_of(service)["state"] == "open"
    go = threading.Event()
    site, service = breaker(proxy, backend, lambda exchange: go.wait(5) and exchange.reset(), threshold=2, timeout="1h",
                            options={"timeout": "100ms", "retries": "0"})
    for _ in range(2):
        assert site.get("/").status == 504
    assert status_of(service)["state"] == "open"
    go.set()


@promise("circuit-set.staged", "general.target")
def test_all_is_every_route(proxy, backend):
    moody = Moody(503)
    site = proxy.site(backend(moody))
    service = site.service
    service.do("CIRCUIT_BREAKER_SET", "ALL", "2", "1h", "1", expect="CIRCUIT_OK")
    service.apply()
    for _ in range(4):
        site.get("/")
    assert moody.count == 2
    assert status_of(service)["state"] == "open"


@promise("circuit-set.open")
def test_one_broken_instance_opens_its_own_circuit(proxy, backend):
    moody = Moody(503)
    site = proxy.site(backend(moody, "broken"), backend(answer(body=b"fine"), "well"))
    for service in site.services:
        service.do("CIRCUIT_BREAKER_SET", service.route, "3", "1h", "1", expect="CIRCUIT_OK")
        service.apply()
    eventually(lambda: status_of(site.services[0])["state"] == "open" or site.get("/") is None, "the circuit to open")
    with site.connect() as client:
        assert {client.get("/").status for _ in range(50)} == {200}
    assert status_of(site.services[1])["state"] == "closed"


@promise("circuit-set.open")
def test_one_circuit_for_all_workers(start, backend):
    moody = Moody(503)
    site, service = breaker(start(workers=4), backend, moody, threshold=5, timeout="1h")
    for _ in range(40):
        site.get("/")
    assert moody.count == 5
    assert status_of(service)["state"] == "open"


@promise("circuit-set.ok")
@pytest.mark.parametrize("fields", ["0|30s|1", "-1|30s|1", "x|30s|1", "5|0s|1", "5|soon|1", "5|30s|0", "5|30s|x"])
def test_a_bad_breaker_is_refused(proxy, fields):
    service = proxy.service()
    service.refused(f"CIRCUIT_BREAKER_SET|{service.session}|ALL|{fields}")


@promise("circuit-status.ok")
def test_the_status_of_an_unknown_route(proxy):
    service = proxy.service()
    service.expect(f"CIRCUIT_BREAKER_STATUS|{service.session}|r999999999", "ERROR|route not found")
