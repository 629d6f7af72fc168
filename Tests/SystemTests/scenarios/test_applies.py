"""Applies under traffic: OK is a barrier, others are not disturbed, memory stays flat."""

import json
import threading
import time

import pytest

from harness.apus import unique_host
from harness.backend import raw
from harness.http import Connection
from harness.process import resident_kib

A = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
B = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")


def no_stale_answer(start, backend, applies, per_apply):
    """Changes a route to and fro; every request sent after an OK, on old and new connections, gets the new answer."""
    server = start(workers=2)
    backends = {b"a": backend(A, "a"), b"b": backend(B, "b")}
    site = server.site(backends[b"a"])
    service = site.service
    old = [site.connect() for _ in range(8)]
    for connection in old:
        assert connection.get("/").body == b"a"
    request = f"GET / HTTP/1.1\r\nHost: {site.host}\r\n\r\n".encode()
    checked = 0
    for turn in range(applies):
        wanted = b"ba"[turn % 2:turn % 2 + 1]
        service.do("ROUTE_UPDATE", service.route, "backend_url", backends[wanted].url, expect="ROUTE_OK")
        service.apply()
        with site.connect() as new:
            connections = old + [new]
            for _ in range(per_apply):
                for connection in connections:
                    connection.send(request)
                for connection in connections:
                    assert connection.response().body == wanted, f"stale after apply {turn}"
                    checked += 1
    for connection in old:
        connection.close()
    return checked


def test_no_stale_answer_small(start, backend):
    assert no_stale_answer(start, backend, applies=100, per_apply=6) >= 5_000


@pytest.mark.heavy
def test_no_stale_answer_in_100_000(start, backend):
    assert no_stale_answer(start, backend, applies=1_200, per_apply=10) >= 100_000


def ask_all(connections):
    """A request on each, a few at a time: the backend's queue for new connections is short."""
    for first in range(0, len(connections), 200):
        some = connections[first:first + 200]
        for connection in some:
            connection.start()
        for connection in some:
            assert connection.response().body == b"a"


def undisturbed(start, backend, connections, applies):
    """Idle and busy connections of service A live through the applies, drains and maintenance of service B."""
    server = start(workers=2)
    site = server.site(backend(A))
    held = [Connection(server.http, host=site.host) for _ in range(connections)]
    ask_all(held)
    other = server.site(backend(B))
    service = other.service
    for turn in range(applies):
        service.do("ROUTE_UPDATE", service.route, "priority", str(turn % 7), expect="ROUTE_OK")
        service.apply()
        if turn % 20 == 0:
            service.do("DRAIN_START", "1s")
            service.do("DRAIN_CANCEL", expect="DRAIN_OK")
            service.do("MAINT_ENTER", "ALL", "", expect="ACK")
            service.event("MAINT_OK|")
            service.do("MAINT_EXIT", "ALL", expect="ACK")
            service.event("MAINT_OK|")
    ask_all(held)
    for connection in held:
        connection.close()


def test_applies_of_others_touch_no_connection_small(start, backend):
    undisturbed(start, backend, connections=500, applies=200)


@pytest.mark.heavy
def test_10_000_applies_touch_none_of_9_000_connections(start, backend):
    undisturbed(start, backend, connections=9_000, applies=10_000)


def memory_stays_flat(start, backend, warm_up, applies, tolerance):
    """Applies that add, change and remove routes leave nothing behind."""
    server = start(workers=2)
    site = server.site(backend(A))
    service = site.service

    def turn(number):
        route = service.add(f"x{number % 50}.{site.host}", "/", "http://127.0.0.1:1")
        service.do("HEADERS_SET", route, "X-A", str(number))
        service.apply()
        service.do("ROUTE_REMOVE", route)
        service.apply()
    for number in range(warm_up):
        turn(number)
    before = resident_kib(server.pid)
    for number in range(applies // 2):
        turn(number)
    grown = resident_kib(server.pid) - before
    assert grown < max(2048, before * tolerance), f"{grown} KiB more after {applies} applies (from {before})"


def test_memory_stays_flat_small(start, backend):
    memory_stays_flat(start, backend, warm_up=1_000, applies=3_000, tolerance=0.1)


@pytest.mark.heavy
def test_memory_stays_flat_over_10_000_applies(start, backend):
    memory_stays_flat(start, backend, warm_up=2_000, applies=10_000, tolerance=0.05)


@pytest.mark.heavy
def test_a_soak_of_1_000_000_applies(start, backend):
    """RSS within 5 % of the start, and the p99 of the last 10,000 applies within 10 % (and 0.2 ms) of the first."""
    server = start(workers=2)
    site = server.site(backend(A))
    service = site.service
    total, slice_size, times = 1_000_000, 10_000, []
    before = None
    p99s = []
    for number in range(total):
        service.send(f"ROUTE_UPDATE|{service.session}|{service.route}|priority|{number % 5}\n")
        service.reply()
        started = time.monotonic()
        service.send(f"CONFIG_APPLY|{service.session}\n")
        assert service.reply() == "OK"
        times.append(time.monotonic() - started)
        if len(times) == slice_size:
            times.sort()
            p99s.append(times[int(0.99 * slice_size)])
            times.clear()
            before = before or resident_kib(server.pid)
    after = resident_kib(server.pid)
    assert after < before * 1.05, f"{before} KiB to {after} KiB"
    assert p99s[-1] < p99s[1] * 1.1 + 0.0002, p99s[:3] + p99s[-3:]


def many_sessions(start, backend, sessions, routes, within):
    """Many sessions with many routes are registered, applied, cut off at the proxy's end of the wire and back in time."""
    server = start(workers=2, registry_grace="5m")
    one = backend(A)
    tail = unique_host()
    connections = []
    started = time.monotonic()
    for number in range(sessions):
        connection = server.registry(timeout=30)
        connections.append(connection)
        bulk = json.dumps([{"domains": [f"s{number}.{tail}"], "path": f"/{path}", "backend_url": one.url, "priority": 0}
                           for path in range(routes)], separators=(",", ":"))
        connection.send(f"REGISTER|service-{number}|one|0|{{}}\n")
        connection.session = connection.reply().split("|")[1]
        connection.send(f"ROUTE_ADD_BULK|{connection.session}|{bulk}\nCONFIG_APPLY|{connection.session}\n")
    for connection in connections:
        assert connection.reply().startswith("ROUTE_BULK_OK|")
        assert connection.reply() == "OK"
    registered = time.monotonic() - started
    server.cut_registry_connections()
    for connection in connections:
        connection.reset()
    started = time.monotonic()
    again = []
    for connection in connections:
        new = server.registry(timeout=30)
        new.send(f"RECONNECT|{connection.session}\n")
        new.session = connection.session
        again.append(new)
    for connection in again:
        assert connection.reply() == "OK"
    back = time.monotonic() - started
    with server.connect() as client:
        for number in (0, sessions // 2, sessions - 1):
            assert client.get(f"/{routes - 1}", host=f"s{number}.{tail}").body == b"a"
            assert client.get("/", host=f"s{number}.{tail}").status == 404
    assert back < within, f"{back:.1f} s to come back"
    return registered, back


def test_many_sessions_come_back_small(start, backend):
    many_sessions(start, backend, sessions=200, routes=20, within=30)


@pytest.mark.heavy
def test_5_000_sessions_with_20_routes_come_back_in_30_s(start, backend):
    print(many_sessions(start, backend, sessions=5_000, routes=20, within=30))


def test_applies_do_not_slow_traffic(start, backend):
    """While applies follow one another, requests of another service stay quick."""
    server = start(workers=2)
    site = server.site(backend(A))
    other = server.site(backend(B)).service
    stop, applied = threading.Event(), []

    def churn():
        while not stop.is_set():
            other.do("ROUTE_UPDATE", other.route, "priority", str(len(applied) % 9))
            other.apply()
            applied.append(1)
    thread = threading.Thread(target=churn)
    thread.start()
    times = []
    with site.connect() as connection:
        for _ in range(1000):
            started = time.monotonic()
            assert connection.get("/").body == b"a"
            times.append(time.monotonic() - started)
    stop.set()
    thread.join()
    times.sort()
    assert len(applied) > 50
    assert times[990] < 0.1, f"p99 {times[990] * 1000:.1f} ms"
