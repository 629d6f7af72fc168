"""MAINT_ENTER, MAINT_EXIT, MAINT_STATUS: pages, targets, acknowledgements."""

import re

import pytest
from promises import promise

from harness.apus import unique_host
from harness.backend import answer
from harness.waiting import eventually


def status(service):
    return service.ask_json(f"MAINT_STATUS|{service.session}", "MAINT_STATUS_OK")


def enter(service, target, url=""):
    service.do("MAINT_ENTER", target, url, expect="ACK")
    assert service.event("MAINT_OK|") == f"MAINT_OK|{target}"


def leave(service, target):
    service.do("MAINT_EXIT", target, expect="ACK")
    assert service.event("MAINT_OK|") == f"MAINT_OK|{target}"


@promise("maint-enter.ack", "maint-enter.page", "maint-exit.ack", "pattern.maintenance", "ops.maint-backend")
def test_the_page_of_the_maintenance_backend(proxy, backend):
    page = backend(answer(200, [("Content-Type", "text/html")], b"<h1>back soon</h1>"), "page")
    one = backend(name="app")
    site = proxy.site(one)
    service = site.service
    enter(service, "ALL", page.url)
    for _ in range(3):
        response = site.get("/some/where")
        assert (response.status, response.body) == (503, b"<h1>back soon</h1>")
        assert int(response.headers.get("Retry-After")) >= 1
        assert response.headers.get("X-Maintenance-Mode") == "true"
    assert not one.requests
    leave(service, "ALL")
    assert site.get("/").json()["backend"] == "app"


@promise("ops.maint-backend")
@pytest.mark.parametrize("code, seen", [(200, 503), (503, 503), (404, 404), (302, 302), (500, 500)])
def test_codes_of_the_maintenance_backend(proxy, backend, code, seen):
    site = proxy.site(backend())
    enter(site.service, "ALL", backend(answer(code, body=b"page")).url)
    assert site.get("/").status == seen


@promise("ops.maint-builtin")
def test_the_built_in_page(proxy, backend):
    site = proxy.site(backend())
    enter(site.service, "ALL")
    response = site.get("/")
    assert response.status == 503
    assert int(response.headers.get("Retry-After")) >= 1
    assert response.headers.get("X-Maintenance-Mode") == "true"
    assert "maintenance" in response.text.lower()
    assert site.get("/", [("Accept", "application/json")]).json()["status"] == 503


@promise("maint-enter.targets", "maint-exit.some", "maint-status.ok")
def test_some_routes_and_not_others(proxy, backend):
    site = proxy.site(backend(name="root"))
    service = site.service
    a, b = (service.add(site.host, path, backend(name=path).url) for path in ("/a", "/b"))
    service.apply()
    page = backend(answer(200, body=b"page"))
    enter(service, f"{a},{b}", page.url)
    assert [site.get(path).status for path in ("/", "/a", "/b")] == [200, 503, 503]
    told = status(service)
    assert sorted(told["in_maintenance"]) == sorted([a, b])
    assert told["maintenance_backend"] == page.url
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["entered_at"])
    leave(service, a)
    assert [site.get(path).status for path in ("/", "/a", "/b")] == [200, 200, 503]
    assert status(service)["in_maintenance"] == [b]
    leave(service, "ALL")
    assert [site.get(path).status for path in ("/", "/a", "/b")] == [200, 200, 200]


@promise("maint-status.empty")
def test_no_maintenance(proxy, backend):
    site = proxy.site(backend())
    assert status(site.service)["in_maintenance"] == []
    enter(site.service, "ALL")
    leave(site.service, "ALL")
    assert status(site.service)["in_maintenance"] == []


@promise("ops.maint-targets")
def test_a_path_or_a_domain_as_target(proxy, backend):
    service, first, second = proxy.service(), unique_host(), unique_host()
    one = backend()
    service.add(first, "/", one.url)
    service.add(first, "/admin", one.url)
    service.add(second, "/", one.url)
    service.apply()

    def codes():
        with proxy.connect() as client:
            return [client.get(path, host=host).status
                    for host, path in ((first, "/"), (first, "/admin/x"), (second, "/"))]
    enter(service, "/admin")
    assert codes() == [200, 503, 200]
    leave(service, "/admin")
    enter(service, second)
    assert codes() == [200, 200, 503]
    leave(service, second)
    assert codes() == [200, 200, 200]


@promise("maint-enter.ack")
@pytest.mark.parametrize("target", ["r999999999", "/nowhere", "nowhere.test", "", "r1,"])
def test_a_target_that_names_nothing(proxy, backend, target):
    site = proxy.site(backend())
    site.service.refused(f"MAINT_ENTER|{site.service.session}|{target}|")
    assert site.get("/").status == 200


@promise("maint-enter.client-ack", "lines.order", "optional.txn-maint")
def test_acknowledgements_in_order_and_with_transaction_id(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    service.send(f"MAINT_ENTER|{service.session}|t1|ALL|\n")
    assert service.read_line() == "ACK|t1"
    assert service.read_line() == "MAINT_OK|t1|ALL"
    service.send("ACK\n")
    service.expect(f"PING|{service.session}", "PONG")
    service.send(f"MAINT_EXIT|{service.session}|t2|ALL\n")
    assert service.read_line() == "ACK|t2"
    assert service.read_line() == "MAINT_OK|t2|ALL"


@promise("maint-enter.ack")
def test_maintenance_is_active_from_the_ack_on(proxy, backend):
    site = proxy.site(backend())
    with site.connect() as client:
        for _ in range(20):
            site.service.do("MAINT_ENTER", "ALL", "", expect="ACK")
            assert client.get("/").status == 503
            assert site.service.event("MAINT_OK|")
            site.service.do("MAINT_EXIT", "ALL", expect="ACK")
            assert client.get("/").status == 200
            assert site.service.event("MAINT_OK|")


@promise("ops.maint-failed")
def test_a_maintenance_backend_that_does_not_answer_is_waited_for(proxy, backend):
    page = backend(answer(200, body=b"page"))
    page.refuse()
    site = proxy.site(backend())
    service = site.service
    service.do("MAINT_ENTER", "ALL", page.url, expect="ACK")
    assert site.get("/").status == 503
    assert service.is_silent(0.7)
    page.listen()
    assert service.event("MAINT_OK|ALL", within=5)
    eventually(lambda: site.get("/").body == b"page", "the page")


@pytest.mark.heavy
@promise("ops.maint-failed")
def test_a_maintenance_backend_that_never_answers_is_an_error(proxy, backend, refusing):
    site = proxy.site(backend())
    service = site.service
    service.do("MAINT_ENTER", "ALL", refusing.url, expect="ACK")
    assert service.read_line(within=30).startswith("ERROR|")
    response = site.get("/")
    assert response.status == 503
    assert "maintenance" in response.text.lower()


@promise("ops.maint-failed", "maint-exit.ack")
def test_an_exit_whose_backend_does_not_answer_is_an_error_after_8_s(proxy, backend):
    one = backend()
    site = proxy.site(one)
    service = site.service
    enter(service, "ALL")
    one.stop()
    service.do("MAINT_EXIT", "ALL", expect="ACK")
    assert service.read_line(within=10).startswith("ERROR|")
    assert status(service)["in_maintenance"] == []


@promise("ops.maint-owner", "lines.unasked")
def test_maint_ok_goes_only_to_who_gave_the_command(proxy, backend):
    page = backend(answer(200))
    page.refuse()
    site = proxy.site(backend())
    owner = site.service
    other = proxy.registry()
    other.expect(f"MAINT_ENTER|{owner.session}|ALL|{page.url}", "ACK")
    other.close()
    page.listen()
    eventually(lambda: site.get("/").status == 503 and page.probes + len(page.requests) > 0, "the page to be asked")
    assert owner.is_silent(0.7)


@promise("sessions.reconnect")
def test_maintenance_outlives_a_reconnect(proxy, backend):
    site = proxy.site(backend())
    service = site.service
    enter(service, "ALL")
    service.reset()
    with proxy.registry() as again:
        again.expect(f"RECONNECT|{service.session}", "OK")
        again.session = service.session
        assert site.get("/").status == 503
        assert status(again)["in_maintenance"] == [service.route]
        leave(again, "ALL")
        assert site.get("/").status == 200
        again.shut_down()


@promise("maint-enter.targets")
def test_maintenance_of_one_instance_leaves_the_group_to_others(proxy, backend):
    """An instance in maintenance is out of the balancing while others of its group can serve."""
    site = proxy.site(backend(name="resting"), backend(name="working"))
    enter(site.services[0], "ALL")
    with site.connect() as client:
        answers = [client.get("/") for _ in range(20)]
    assert {response.status for response in answers} == {200}
    assert {response.json()["backend"] for response in answers} == {"working"}
