"""Who may claim a domain and path, and which addresses backends may have."""

import pytest

from harness.apus import unique_host


def test_shared_services_form_one_group(start, backend):
    server = start(registry_ownership="shared")
    host = unique_host()
    for name in "ab":
        service = server.service(f"service-{name}")
        service.add(host, "/", backend(name=name).url)
        service.apply()
    with server.connect(host) as client:
        assert {client.get("/").json()["backend"] for _ in range(60)} == {"a", "b"}


def test_the_first_service_owns_until_it_leaves(start, backend):
    server = start(registry_ownership="first")
    host = unique_host()
    first = server.service("first-service", "one")
    first.add(host, "/", backend(name="one").url)
    first.apply()
    sibling = server.service("first-service", "two")
    sibling.add(host, "/", backend(name="two").url)
    sibling.apply()
    second = server.service("second-service")
    second.add(host, "/", backend(name="intruder").url)
    assert "first-service" in second.refused(f"CONFIG_APPLY|{second.session}")
    second.do("CONFIG_ROLLBACK")
    second.add(host, "/other", backend(name="other").url)
    second.apply()
    with server.connect(host) as client:
        assert {client.get("/").json()["backend"] for _ in range(60)} == {"one", "two"}
        for service in (first, sibling):
            service.shut_down()
        second.add(host, "/", backend(name="heir").url)
        second.apply()
        assert client.get("/").json()["backend"] == "heir"


@pytest.mark.parametrize("settings", [{"backend_deny": "127.0.0.0/8"}, {"backend_allow": "10.0.0.0/8"}])
def test_denied_addresses_are_never_connected_to(start, backend, settings):
    server = start(**settings)
    one = backend()
    for url in (one.url, f"http://localhost:{one.port}"):
        service = server.service()
        host = unique_host()
        reply = service.ask(f"ROUTE_ADD|{service.session}|{host}|/|{url}|0")
        applied = reply.startswith("ROUTE_OK") and service.ask(f"CONFIG_APPLY|{service.session}") == "OK"
        with server.connect(host) as client:
            assert client.get("/").status in ((502, 503) if applied else (404,))
        tested = service.ask(f"BACKEND_TEST|{service.session}|{url}")
        assert tested.startswith(("BACKEND_FAIL|", "ERROR|"))
    assert not one.requests
    assert not one.probes


def test_what_is_allowed_and_not_denied_is_used(start, backend):
    server = start(backend_allow="127.0.0.0/8", backend_deny="127.0.0.2/32")
    assert server.site(backend()).get("/").status == 200
    assert server.site(backend(host="127.0.0.2")).get("/").status in (502, 503)
