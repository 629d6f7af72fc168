"""DRAIN_START, DRAIN_STATUS, DRAIN_CANCEL: traffic that falls, and the receipt."""

import re
import threading
import time
from collections import Counter
from datetime import datetime, timezone

import pytest
from promises import promise

from harness.backend import echo
from harness.waiting import eventually


def status(service):
    return service.ask_json(f"DRAIN_STATUS|{service.session}", "DRAIN_STATUS_OK")


@promise("drain.ok", "drain-status.ok", "drain-status.fields", "values.times", "ops.drain-receipt")
def test_a_drain_says_when_it_will_be_done_and_how_far_it_is(proxy, backend):
    site = proxy.site(backend(), backend())
    service = site.services[0]
    site.get("/")
    reply = service.do("DRAIN_START", "2m")
    match = re.fullmatch(r"DRAIN_OK\|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", reply)
    assert match
    done = datetime.strptime(match.group(1), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert 110 < (done - datetime.now(timezone.utc)).total_seconds() < 130
    told = status(service)
    assert told["active"] is True
    assert told["duration_seconds"] == 120
    assert 0 <= told["elapsed_seconds"] <= 5
    assert told["remaining_seconds"] + told["elapsed_seconds"] == 120
    assert 95 <= told["traffic_percent"] <= 100
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["started_at"])
    assert (told["in_flight"], told["websockets"]) == (0, 0)
    assert "last_request_at" in told


@promise("drain-status.none", "drain-cancel.none")
def test_without_a_drain(proxy):
    service = proxy.service()
    service.expect(f"DRAIN_STATUS|{service.session}", "ERROR|no drain in progress")
    service.expect(f"DRAIN_CANCEL|{service.session}", "ERROR|no drain in progress")


@promise("drain.ok", "values.durations")
@pytest.mark.parametrize("duration", ["soon", "0s", "-5s", "25h", ""])
def test_a_bad_duration(proxy, duration):
    service = proxy.service()
    service.refused(f"DRAIN_START|{service.session}|{duration}")


@promise("drain.gradual", "drain.no-downtime", "ops.drain-linear")
def test_traffic_falls_linearly_and_nothing_fails(proxy, backend):
    site = proxy.site(backend(name="leaving"), backend(name="staying"))
    service = site.services[0]
    seconds = 6.0
    answers, stop = [], threading.Event()

    def client():
        with site.connect() as connection:
            while not stop.is_set():
                at = time.monotonic()
                response = connection.get("/")
                answers.append((at, response.status, response.status == 200 and response.json()["backend"]))
    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(answers) > 50, "traffic")
    service.do("DRAIN_START", f"{seconds:.0f}s")
    begun = time.monotonic()
    eventually(lambda: status(service)["traffic_percent"] == 0, "the drain's end", within=15, every=0.1)
    ended = time.monotonic()
    count = len(answers)
    eventually(lambda: len(answers) > count + 50, "traffic after the drain")
    stop.set()
    for thread in threads:
        thread.join()
    assert {code for _, code, _ in answers} == {200}
    assert abs(ended - begun - seconds) < 1.5
    # Of two equal instances the leaving one gets w/(w+1) of the traffic, its weight w falling from 1 to 0.
    slices = 6
    for number in range(slices):
        low, high = begun + seconds * number / slices, begun + seconds * (number + 1) / slices
        names = [name for at, _, name in answers if low <= at < high]
        weight = 1 - (number + 0.5) / slices
        wanted = (weight / (weight + 1), weight * 0.5)
        share = names.count("leaving") / len(names)
        assert min(wanted) - 0.09 < share < max(wanted) + 0.09, (number, share, wanted)
    assert not [at for at, _, name in answers if name == "leaving" and at > ended + 0.2]


@promise("drain-cancel.ok", "drain-cancel.restores", "ops.drain-kept")
def test_cancel_restores_the_full_share(proxy, backend):
    site = proxy.site(backend(name="leaving"), backend(name="staying"))
    service = site.services[0]
    service.do("DRAIN_START", "200ms")
    eventually(lambda: status(service)["traffic_percent"] == 0, "the drain's end")

    def shares():
        with site.connect() as client:
            return Counter(client.get("/").json()["backend"] for _ in range(100))
    assert set(shares()) == {"staying"}
    assert status(service)["traffic_percent"] == 0, "DRAIN_STATUS still answers"
    service.do("DRAIN_CANCEL", expect="DRAIN_OK")
    assert shares()["leaving"] > 20
    service.expect(f"DRAIN_STATUS|{service.session}", "ERROR|no drain in progress")


@promise("ops.drain-alone", "drain.after")
def test_a_lonely_service_serves_until_the_end(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.do("DRAIN_START", "1s")
    begun = time.monotonic()
    while time.monotonic() - begun < 0.7:
        assert site.get("/").status == 200
    eventually(lambda: site.get("/").status == 503, "the drain's end", within=5)
    assert time.monotonic() - begun > 0.9
    assert int(site.get("/").headers.get("Retry-After")) >= 1
    service.do("MAINT_ENTER", "ALL", "", expect="ACK")
    assert service.event("MAINT_OK|ALL")
    service.shut_down()


@promise("ops.drain-event", "ops.events", "ops.drain-receipt")
def test_the_receipt_comes_when_nothing_is_left(proxy, backend):
    go = threading.Event()

    def handler(exchange):
        if exchange.target == "/slow":
            go.wait(20)
        echo(exchange)
    one = backend(handler, "leaving")
    site = proxy.site(one)
    service = site.service
    service.do("SUBSCRIBE", "drain_completed", expect="SUBSCRIBE_OK")
    with site.connect() as client:
        client.start("GET", "/slow")
        one.expect(1)
        service.do("DRAIN_START", "200ms")
        eventually(lambda: status(service)["traffic_percent"] == 0, "the drain's end")
        assert status(service)["in_flight"] == 1
        assert service.is_silent(0.4)
        go.set()
        assert client.response().status == 200
    told = service.event_json("drain_completed")
    assert (told["session_id"], told["in_flight"], told["websockets"]) == (service.session, 0, 0)
    told = status(service)
    assert told["in_flight"] == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["last_request_at"])


@promise("ops.drain-linear")
def test_sticky_clients_stay_while_it_drains_and_move_then(proxy, backend):
    site = proxy.site(backend(name="leaving"), backend(name="staying"), options={"sticky": "place"})
    for _ in range(50):
        first = site.get("/")
        if first.json()["backend"] == "leaving":
            break
    cookie = [("Cookie", first.headers.get("Set-Cookie").split(";")[0])]
    service = site.services[0]
    service.do("DRAIN_START", "1s")
    assert site.get("/", cookie).json()["backend"] == "leaving"
    eventually(lambda: status(service)["traffic_percent"] == 0, "the drain's end")
    assert site.get("/", cookie).json()["backend"] == "staying"


@promise("sessions.reconnect")
def test_a_drain_outlives_a_reconnect(proxy, backend):
    site = proxy.site(backend(), backend())
    service = site.services[0]
    service.do("DRAIN_START", "1m")
    service.reset()
    with proxy.registry() as again:
        again.expect(f"RECONNECT|{service.session}", "OK")
        assert again.ask_json(f"DRAIN_STATUS|{service.session}", "DRAIN_STATUS_OK")["duration_seconds"] == 60
        again.expect(f"CLIENT_SHUTDOWN|{service.session}", "SHUTDOWN_OK")
