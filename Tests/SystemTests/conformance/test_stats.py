"""STATS_GET: figures of the real traffic."""

import threading

import pytest
from promises import promise

from harness.backend import answer
from harness.http import Connection


def stats(service, target=None):
    fields = [service.session] + ([target] if target else [])
    return service.ask_json("STATS_GET|" + "|".join(fields), "STATS_OK")


@promise("stats.ok", "stats.fields", "stats.real")
def test_the_figures_are_those_of_the_traffic(proxy, backend):
    status = {"value": 200}
    site = proxy.site(backend(lambda exchange: exchange.body() and None or exchange.reply(status["value"], body=b"x" * 100)))
    service = site.service
    told = stats(service, service.route)
    assert (told["route_id"], told["requests"], told["errors"], told["status_codes"]) == (service.route, 0, 0, {})
    for value, count in ((200, 20), (404, 5), (500, 3)):
        status["value"] = value
        for _ in range(count):
            site.request("POST", "/", body=b"y" * 50)
    told = stats(service, service.route)
    assert told["requests"] == 28
    assert told["errors"] == 3
    assert told["status_codes"] == {"200": 20, "404": 5, "500": 3}
    assert told["bytes_sent"] >= 28 * 100
    assert told["bytes_received"] >= 28 * 50
    for key in ("avg_latency_ms", "p95_latency_ms", "p99_latency_ms"):
        assert told[key] >= 0


@promise("stats.real")
def test_latency_percentiles(proxy, backend):
    pause = threading.Event()

    def handler(exchange):
        pause.wait(0.1 if exchange.target == "/slow" else 0)
        exchange.reply(200)
    site = proxy.site(backend(handler))
    with site.connect() as client:
        for number in range(100):
            client.get("/slow" if number % 10 == 0 else "/")
    told = stats(site.service, site.service.route)
    assert 90 <= told["p95_latency_ms"] <= 200
    assert 90 <= told["p99_latency_ms"] <= 200
    assert 9 <= told["avg_latency_ms"] <= 40


@promise("stats.real")
def test_failures_of_the_backend_are_errors(proxy, refusing):
    site = proxy.site(refusing)
    for _ in range(3):
        site.get("/")
    told = stats(site.service, site.service.route)
    assert (told["requests"], told["errors"]) == (3, 3)
    assert sum(told["status_codes"].values()) == 3


@promise("stats.all", "optional.stats-none")
def test_all_routes_of_the_session(proxy, backend):
    site = proxy.site(backend(answer(200)))
    service = site.service
    second = service.add(site.host, "/second", backend(answer(500)).url)
    service.apply()
    for _ in range(4):
        site.get("/")
        site.get("/second")
    told = stats(service, "ALL")
    assert (told["route_id"], told["requests"], told["errors"]) == ("ALL", 8, 4)
    assert {entry["route_id"]: entry["requests"] for entry in told["routes"]} == {service.route: 4, second: 4}
    listed = stats(service)
    assert {entry["route_id"]: entry["requests"] for entry in listed} == {service.route: 4, second: 4}


@promise("stats.ok")
def test_an_unknown_route(proxy, backend):
    site = proxy.site(backend())
    other = proxy.service()
    for route in ("r999999999", site.service.route):
        other.expect(f"STATS_GET|{other.session}|{route}", "ERROR|route not found")


@promise("stats.real")
def test_figures_are_merged_from_all_workers(start, backend):
    server = start(workers=4)
    site = server.site(backend())
    for _ in range(64):
        with Connection(server.http, host=site.host) as client:
            client.get("/")
    assert stats(site.service, site.service.route)["requests"] == 64


@pytest.mark.parametrize("change", ["HEADERS_SET|{}|ALL|X-A|1", "ROUTE_UPDATE|{}|{}|priority|4"])
@promise("stats.real")
def test_figures_survive_an_apply(proxy, backend, change):
    site = proxy.site(backend())
    service = site.service
    for _ in range(5):
        site.get("/")
    assert not service.ask(change.format(service.session, service.route)).startswith("ERROR")
    service.apply()
    site.get("/")
    assert stats(service, service.route)["requests"] == 6
