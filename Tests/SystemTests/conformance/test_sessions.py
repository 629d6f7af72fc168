"""Sessions: REGISTER, RECONNECT, CLIENT_SHUTDOWN, PING, SESSION_INFO, and the clocks of a lost connection."""

import re
import socket
import time
import uuid
from datetime import datetime, timezone

import pytest
from promises import promise

from harness.apus import unique_host
from harness.process import run
from harness.waiting import eventually, holds

ID = r"[^|]+-\d+-\d+-[0-9a-f]{32}"


def names():
    tail = uuid.uuid4().hex[:10]
    return f"svc-{tail}", f"one-{tail}"


@promise("register.ack", "sessions.id")
def test_register_gives_a_session_id(proxy):
    service, instance = names()
    with proxy.registry() as connection:
        before = int(time.time())
        reply = connection.ask(f"REGISTER|{service}|{instance}|9001|{{}}")
        match = re.fullmatch(rf"ACK\|({re.escape(instance)})-9001-(\d+)-([0-9a-f]{{32}})", reply)
        assert match, reply
        assert abs(int(match.group(2)) - before) < 120
        other = connection.ask(f"REGISTER|{service}|{instance}-2|9001|{{}}")
        assert other.rsplit("-", 1)[1] != match.group(3)


@promise("register.metadata", "sessions.register-fields")
def test_metadata_is_shown_and_optional(proxy):
    service, instance = names()
    with proxy.registry() as connection:
        connection.register(service, instance, 0, '{"version":"1.2.3","build":"abc123","tags":["a"]}')
        info = connection.ask_json(f"SESSION_INFO|{connection.session}", "SESSION_OK")
        assert info["metadata"] == {"version": "1.2.3", "build": "abc123", "tags": ["a"]}
        assert connection.ask(f"REGISTER|{service}|{instance}-2|0|").startswith("ACK|")
        assert connection.ask(f"REGISTER|{service}|{instance}-3|0").startswith("ACK|")


@promise("sessions.register-fields")
@pytest.mark.parametrize("line, reason", [
    ("REGISTER||one|0|{}", "service"), ("REGISTER|svc||0|{}", "instance"), ("REGISTER|svc|one|65536|{}", "port"),
    ("REGISTER|svc|one|-1|{}", "port"), ("REGISTER|svc|one|x|{}", "port"), ("REGISTER|svc|one|0|[1]", "metadata"),
    ("REGISTER|svc|one|0|{bad}", "metadata"), ("REGISTER|svc|one|0|{", "metadata")])
def test_register_checks_its_fields(proxy, line, reason):
    with proxy.registry() as connection:
        assert reason in connection.refused(line)


@promise("trouble.older-register")
def test_the_older_form_of_register(proxy):
    _, instance = names()
    with proxy.registry() as connection:
        reply = connection.ask(f"REGISTER|api|{instance}|9000|9001")
        assert re.fullmatch(rf"ACK\|{instance}-9001-\d+-[0-9a-f]{{32}}", reply)
        info = connection.ask_json(f"SESSION_INFO|{reply.split('|')[1]}", "SESSION_OK")
        assert (info["service_name"], info["instance_name"], info["metadata"]) == ("api", instance, {"port": 9000})


@promise("register.keepalive")
def test_keepalive_is_on_with_a_period_of_30_s(start):
    server = start()
    service = server.service()
    port = service.socket.getsockname()[1]
    _, out, _ = run(["ss", "-tnoH", f"( sport = :{server.registry_address[1]} and dport = :{port} )"])
    assert "timer:(keepalive" in out, out
    left = re.search(r"keepalive,([\d.]+)(ms|sec|min)", out)
    assert left, out
    seconds = float(left.group(1).rstrip(".")) * {"ms": 0.001, "sec": 1, "min": 60}[left.group(2)]
    assert seconds <= 30


@promise("ping.pong", "ping.optional")
def test_ping(proxy):
    service = proxy.service()
    service.expect(f"PING|{service.session}", "PONG")


@promise("info.ok", "info.fields", "values.times", "monitoring.session-info")
def test_session_info(proxy, backend):
    service_name, instance = names()
    service = proxy.service(service_name, instance, '{"version":"1"}')
    info = service.ask_json(f"SESSION_INFO|{service.session}", "SESSION_OK")
    assert info["session_id"] == service.session
    assert (info["service_name"], info["instance_name"]) == (service_name, instance)
    assert info["metadata"] == {"version": "1"}
    assert (info["routes_active"], info["routes_staged"]) == (0, 0)
    assert info["last_apply"] is None
    connected = datetime.strptime(info["connected_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert abs(datetime.now(timezone.utc).timestamp() - connected.timestamp()) < 120
    assert 0 <= info["uptime_seconds"] < 60
    service.add(unique_host(), "/", backend().url)
    assert service.ask_json(f"SESSION_INFO|{service.session}", "SESSION_OK")["routes_staged"] == 1
    service.apply()
    info = service.ask_json(f"SESSION_INFO|{service.session}", "SESSION_OK")
    assert (info["routes_active"], info["routes_staged"]) == (1, 0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", info["last_apply"])


@promise("shutdown.ok", "shutdown.routes", "sessions.shutdown", "overview.no-restart")
def test_client_shutdown_removes_the_routes_at_once(proxy, backend):
    site = proxy.site(backend())
    assert site.get("/").status == 200
    service = site.service
    service.expect(f"CLIENT_SHUTDOWN|{service.session}", "SHUTDOWN_OK")
    assert site.get("/").status == 404
    assert service.ends()
    with proxy.registry() as connection:
        connection.expect(f"PING|{service.session}", "ERROR|Invalid session")
        connection.expect(f"RECONNECT|{service.session}", "REREGISTER")


@promise("sessions.shutdown", "sessions.two")
def test_a_connection_with_two_sessions_stays_after_the_first_ends(proxy, backend):
    one = backend()
    connection = proxy.registry()
    sessions = [connection.register(*names()) for _ in range(2)]
    hosts = [unique_host() for _ in sessions]
    for session, host in zip(sessions, hosts):
        connection.add(host, "/", one.url, session=session)
        connection.expect(f"CONFIG_APPLY|{session}", "OK")
    connection.expect(f"CLIENT_SHUTDOWN|{sessions[0]}", "SHUTDOWN_OK")
    connection.expect(f"PING|{sessions[1]}", "PONG")
    with proxy.connect() as client:
        assert client.get("/", host=hosts[0]).status == 404
        assert client.get("/", host=hosts[1]).status == 200
    connection.expect(f"CLIENT_SHUTDOWN|{sessions[1]}", "SHUTDOWN_OK")
    assert connection.ends()


@promise("sessions.other-connection")
def test_a_session_works_on_another_connection_too(proxy, backend):
    site = proxy.site(backend())
    session = site.service.session
    with proxy.registry() as other:
        other.expect(f"PING|{session}", "PONG")
        other.add(site.host, "/x", site.service.route and "http://127.0.0.1:1", session=session)
        other.expect(f"CONFIG_APPLY|{session}", "OK")
    # The other connection ended: the session is still connected, and its events still come to its owner.
    site.service.expect(f"PING|{session}", "PONG")
    assert len(site.service.ask_json(f"ROUTE_LIST|{session}", "ROUTE_LIST_OK")) == 2
    assert site.get("/").status == 200


@promise("reconnect.ok", "sessions.reconnect", "overview.crash")
def test_reconnect_keeps_what_the_session_had(proxy, backend):
    one = backend()
    site = proxy.site(one)
    service = site.service
    service.do("SUBSCRIBE", "backend_health_changed", expect="SUBSCRIBE_OK")
    staged = service.add(site.host, "/staged", one.url)
    service.reset()
    with proxy.registry() as again:
        again.expect(f"RECONNECT|{service.session}", "OK")
        again.session = service.session
        assert {entry["route_id"]: entry["status"] for entry in again.ask_json(
            f"ROUTE_LIST|{again.session}", "ROUTE_LIST_OK")} == {service.route: "active", staged: "staged"}
        again.apply()
        assert site.get("/staged").status == 200
        one.stop()
        site.get("/")
        assert again.event_json("backend_health_changed")["healthy"] is False
        again.shut_down()


@promise("sessions.reconnect")
def test_reconnect_takes_over_from_a_connection_that_looks_open(proxy, backend):
    site = proxy.site(backend())
    old, session = site.service, site.service.session
    new = proxy.registry()
    new.expect(f"RECONNECT|{session}", "OK")
    old.close()
    holds(lambda: site.get("/").status == 200, "traffic")
    info = new.ask_json(f"SESSION_INFO|{session}", "SESSION_OK")
    assert info["session_id"] == session
    new.expect(f"CLIENT_SHUTDOWN|{session}", "SHUTDOWN_OK")
    assert new.ends()


@promise("reconnect.ok")
def test_reconnect_to_an_unknown_session_is_reregister(proxy):
    with proxy.registry() as connection:
        connection.expect("RECONNECT|nobody-0-0-00", "REREGISTER")
        connection.expect("PING|x", "ERROR|Invalid session")


@promise("sessions.supersede")
def test_a_restart_under_the_same_names_has_no_gap(proxy, backend):
    name, instance = names()
    host = unique_host()
    old, new = backend(name="old"), backend(name="new")
    first = proxy.service(name, instance)
    first.add(host, "/", old.url)
    first.add(host, "/only-old", old.url)
    first.apply()

    def answered(path="/"):
        with proxy.connect() as client:
            response = client.get(path, host=host)
            return response.json()["backend"] if response.status == 200 else response.status
    second = proxy.service(name, instance)
    assert second.session != first.session
    first.expect(f"PING|{first.session}", "ERROR|Invalid session")
    first.expect(f"RECONNECT|{first.session}", "REREGISTER")
    assert answered() == "old"
    second.add(host, "/", new.url)
    assert answered() == "old"
    first.close()
    assert answered() == "old"
    second.apply()
    assert (answered(), answered("/only-old")) == ("new", "new")
    listed = second.ask_json(f"ROUTE_LIST|{second.session}", "ROUTE_LIST_OK")
    assert [entry["path"] for entry in listed] == ["/"]


@promise("sessions.clocks", "limits.expiry", "trouble.reregister", "monitoring.grace", "overview.cleanup")
def test_the_two_clocks_of_a_lost_connection(start, backend):
    server = start(registry_session_expiry="700ms", registry_grace="2500ms")
    one = backend()
    site = server.site(one)
    service = site.service
    service.reset()
    lost = time.monotonic()
    with server.registry() as connection:
        connection.expect(f"RECONNECT|{service.session}", "OK")
        connection.reset()
    lost = time.monotonic()

    def reconnect():
        # Asked once: a RECONNECT that succeeds would start the clocks anew.
        with server.registry() as connection:
            return connection.ask(f"RECONNECT|{service.session}")
    eventually(lambda: time.monotonic() - lost > 1.2, "the session's expiry")
    assert reconnect() == "REREGISTER"
    assert site.get("/").status == 200, "routes outlive the session until the end of the grace"
    eventually(lambda: site.get("/").status == 404, "the routes' end", within=6)
    assert time.monotonic() - lost > 2
    service = server.service()
    service.add(site.host, "/", one.url)
    service.apply()
    assert site.get("/").status == 200


@promise("sessions.clocks")
def test_a_service_that_registers_anew_within_the_grace_has_no_gap(start, backend):
    server = start(registry_session_expiry="200ms", registry_grace="10s")
    host = unique_host()
    old, new = backend(name="old"), backend(name="new")
    first = server.service("web", "web-1")
    first.add(host, "/", old.url)
    first.apply()
    first.reset()

    def answered():
        with server.connect() as client:
            return client.get("/", host=host).json()["backend"]
    with server.registry() as connection:
        server.program.wait_for_line(r"(?i)session.*expired|expired.*session")
        connection.expect(f"RECONNECT|{first.session}", "REREGISTER")
        assert answered() == "old"
        connection.register("web", "web-1")
        assert answered() == "old"
        connection.add(host, "/", new.url)
        connection.apply()
        assert {answered() for _ in range(10)} == {"new"}


@promise("sessions.prefer")
def test_traffic_prefers_connected_instances(start, backend):
    away, here = backend(name="away"), backend(name="here")
    site = start().site(away, here)
    site.services[0].reset()
    with site.connect() as client:
        eventually(lambda: {client.get("/").json()["backend"] for _ in range(20)} == {"here"}, "the preference")


@promise("sessions.idle", "limits.idle", "ping.optional")
def test_only_connections_without_session_are_closed_when_idle(start):
    server = start(registry_idle_timeout="400ms")
    idle, service = server.registry(), server.service()
    started = time.monotonic()
    assert idle.ends(5)
    assert time.monotonic() - started > 0.2
    assert service.is_silent(0.8)
    service.expect(f"PING|{service.session}", "PONG")


@promise("limits.read")
def test_a_command_must_arrive_in_time(start):
    server = start(registry_read_timeout="400ms")
    service = server.service()
    assert service.is_silent(0.8), "silence between lines is no fault"
    service.send("PING|")
    assert service.ends(5)


@promise("security.internal")
def test_the_registry_is_for_internal_networks(start):
    """Loopback is allowed by default; with another list it is not, and the connection is closed without a word."""
    assert start().service().ask("PING|x") == "ERROR|Invalid session"
    server = start(registry_allow="10.0.0.0/8")
    with socket.create_connection(server.registry_address, timeout=5) as connection:
        connection.settimeout(5)
        try:
            connection.sendall(b"PING|x\n")
            assert connection.recv(100) == b""
        except (ConnectionResetError, BrokenPipeError):
            pass
    server = start(registry_allow=["10.0.0.0/8", "127.0.0.1/32"])
    assert server.registry().ask("PING|x") == "ERROR|Invalid session"
    with socket.create_connection(server.registry_address, timeout=5, source_address=("127.0.0.2", 0)) as connection:
        connection.settimeout(5)
        try:
            connection.sendall(b"PING|x\n")
            assert connection.recv(100) == b""
        except (ConnectionResetError, BrokenPipeError):
            pass


@promise("log.registered", "log.route", "log.header")
def test_the_log_tells_what_services_do(start, backend):
    server = start()
    one = backend()
    service = server.service("api-service", "api-v2", '{}', 9000)
    service.add("api.example.com", "/v2", one.url)
    service.do("HEADERS_SET", "ALL", "X-API-Version", "2.0")
    service.apply()
    log = server.program
    log.wait_for_line(rf"\[registry\] Service registered: api-service at api-v2:9000 \(session: api-v2-9000-\d+")
    log.wait_for_line(rf"\[registry\] Route added: api-service at \[api\.example\.com\]/v2 -> {re.escape(one.url)}")
    log.wait_for_line(r"\[registry\] Header added: X-API-Version = 2\.0 for api-service")


@promise("server-shutdown.event", "ops.shutdown")
def test_shutdown_goes_to_every_connection(start):
    server = start()
    connections = [server.service(), server.service(), server.registry()]
    connections[2].ask("PING|x")
    status = []
    import threading
    stopping = threading.Thread(target=lambda: status.append(server.stop()))
    stopping.start()
    for connection in connections:
        assert connection.event("SHUTDOWN") == "SHUTDOWN"
        assert connection.ends()
    stopping.join()
    assert status == [0]
