"""Clients of the registry that are slow, loud or many harm nobody but themselves."""

import json
import socket
import threading
import time

import pytest

from harness.apus import unique_host
from harness.process import open_files, resident_kib
from harness.registry import RegistryConnection
from harness.waiting import eventually


def answers_quickly(service, within=1.0):
    started = time.monotonic()
    service.expect(f"PING|{service.session}", "PONG")
    return time.monotonic() - started < within


def test_a_flood_of_commands_harms_nobody_else(start, backend):
    server = start(workers=2)
    site = server.site(backend())
    other = server.service()
    loud = server.service()
    before = resident_kib(server.pid)
    stop = threading.Event()

    def flood():
        line = f"PING|{loud.session}\n".encode() * 2000
        try:
            while not stop.is_set():
                loud.socket.sendall(line)
        except OSError:
            pass

    def swallow():
        try:
            while not stop.is_set() and loud.socket.recv(1 << 20):
                pass
        except OSError:
            pass
    threads = [threading.Thread(target=flood, daemon=True), threading.Thread(target=swallow, daemon=True)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            assert answers_quickly(other)
            assert site.get("/").status == 200
        assert resident_kib(server.pid) - before < 32 << 10
    finally:
        stop.set()
        loud.socket.shutdown(socket.SHUT_RDWR)


def test_a_reader_that_does_not_read_is_held_back_and_then_closed(start):
    """Its own output is bounded; beyond the limit its connection ends, and its session begins its grace."""
    server = start(registry_output_limit="64KiB", registry_read_timeout="1s")
    other = server.service()
    slow = server.service()
    for number in range(20):
        slow.add(unique_host(), f"/{number}", "http://127.0.0.1:1")
    before = resident_kib(server.pid)
    slow.socket.settimeout(0.2)
    line = f"ROUTE_LIST|{slow.session}\n".encode() * 100
    ended = False
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not ended:
        try:
            slow.socket.send(line)
        except (TimeoutError, socket.timeout):
            assert answers_quickly(other)
        except OSError:
            ended = True
    assert ended, "the connection of a client that never reads was kept for ever"
    assert resident_kib(server.pid) - before < 16 << 10
    assert answers_quickly(other)


def test_events_for_a_reader_that_does_not_read_are_bounded(start, backend):
    server = start(registry_output_limit="64KiB")
    one = backend()
    site = server.site(one)
    slow = server.service()
    slow.do("SUBSCRIBE", "route_conflict")
    slow.add(site.host, "/", one.url)
    slow.apply()
    other = site.service
    for number in range(200):
        other.do("ROUTE_UPDATE", other.route, "priority", str(number % 3))
        other.apply()
    assert answers_quickly(other)


def test_16_kib_lines_without_end_are_bounded(start):
    server = start()
    other = server.service()
    before = resident_kib(server.pid)
    loud = [server.registry() for _ in range(10)]
    stop = threading.Event()

    def pour(connection):
        try:
            while not stop.is_set():
                connection.socket.sendall(b"x" * 65536)
        except OSError:
            pass
    threads = [threading.Thread(target=pour, args=(connection,), daemon=True) for connection in loud]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            assert answers_quickly(other)
        assert resident_kib(server.pid) - before < 32 << 10
    finally:
        stop.set()
        for connection in loud:
            connection.close()


def test_a_line_byte_by_byte(start):
    service = start().service()
    for byte in f"PING|{service.session}\n".encode():
        service.send(bytes([byte]))
    assert service.reply() == "PONG"


def test_a_half_closed_client_gets_its_replies(start):
    server = start()
    service = server.service()
    service.send(f"PING|{service.session}\nPING|{service.session}\n")
    service.socket.shutdown(socket.SHUT_WR)
    assert (service.reply(), service.reply()) == ("PONG", "PONG")
    assert service.ends()


def many_connections(start, count):
    server = start(registry_idle_timeout="10m")
    files = open_files(server.pid)
    before = resident_kib(server.pid)
    held = [RegistryConnection(server.registry_address) for _ in range(count)]
    try:
        for connection in held:
            connection.send(f"REGISTER|many|{id(connection)}|0|{{}}\n")
        for connection in held:
            connection.session = connection.reply().split("|")[1]
        grown = resident_kib(server.pid) - before
        assert grown < count * 16 + 16384, f"{grown} KiB for {count} sessions"
        assert answers_quickly(held[0])
        assert answers_quickly(held[-1])
        service = server.service()
        started = time.monotonic()
        service.add(unique_host(), "/", "http://127.0.0.1:1")
        service.apply()
        assert time.monotonic() - started < 1
    finally:
        for connection in held:
            connection.close()
    eventually(lambda: open_files(server.pid) <= files + 4, "descriptors to be closed", within=30)
    return grown


def test_a_thousand_connections(start):
    many_connections(start, 1_000)


@pytest.mark.heavy
def test_ten_thousand_connections(start):
    print(many_connections(start, 9_000))


def test_connections_over_the_limit_are_refused(start):
    server = start(registry_max_connections=10)
    held = [server.service() for _ in range(10)]
    with socket.create_connection(server.registry_address, timeout=5) as extra:
        extra.settimeout(5)
        try:
            extra.sendall(b"PING|x\n")
            answer = extra.recv(1000)
            assert not answer or answer.startswith(b"ERROR|")
            while extra.recv(1000):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
    assert answers_quickly(held[0])
    held.pop().close()

    def fits():
        with RegistryConnection(server.registry_address) as connection:
            return connection.ask("PING|x") == "ERROR|Invalid session"
    eventually(fits, "a place to be free again")


def test_connections_of_one_address_over_the_limit_are_refused(start):
    server = start(registry_max_connections_per_address=3)
    for _ in range(3):
        server.service()
    with socket.create_connection(server.registry_address, timeout=5) as extra:
        extra.settimeout(5)
        try:
            extra.sendall(b"PING|x\n")
            answer = extra.recv(1000)
            assert not answer or answer.startswith(b"ERROR|")
        except (ConnectionResetError, BrokenPipeError):
            pass
    with RegistryConnection(server.registry_address, source="127.0.0.7") as other:
        assert other.ask("PING|x") == "ERROR|Invalid session"


def test_a_client_that_dies_in_the_middle_of_a_pipeline(start, backend):
    server = start()
    site = server.site(backend())
    for _ in range(20):
        service = server.service()
        service.send("".join(f"ROUTE_ADD|{service.session}|{unique_host()}|/|http://127.0.0.1:1|0\nCONFIG_APPLY|"
                             f"{service.session}\n" for _ in range(50)))
        service.reset()
    assert site.get("/").status == 200
    assert answers_quickly(site.service)


def test_commands_of_one_session_over_many_connections(start, backend):
    """Shell scripts open one connection per command: order is kept because each waits for its reply."""
    server = start()
    one = backend()
    owner = server.service()
    host = unique_host()

    def ask(line):
        with RegistryConnection(server.registry_address) as connection:
            return connection.ask(line)
    for number in range(30):
        assert ask(f"ROUTE_ADD|{owner.session}|{host}|/{number}|{one.url}|0").startswith("ROUTE_OK|")
    assert ask(f"CONFIG_APPLY|{owner.session}") == "OK"
    listed = json.loads(ask(f"ROUTE_LIST|{owner.session}").split("|", 1)[1])
    assert [entry["path"] for entry in listed] == [f"/{number}" for number in range(30)]
    with server.connect(host) as client:
        assert client.get("/29/x").status == 200


def test_concurrent_applies_of_many_sessions(start, backend):
    server = start()
    one = backend()
    host = unique_host()
    failures = []

    def work(number):
        try:
            service = RegistryConnection(server.registry_address)
            service.register("crowd", f"crowd-{number}")
            for turn in range(20):
                route = service.add(f"h{number}.{host}", f"/{turn}", one.url)
                service.apply()
                with server.connect(f"h{number}.{host}") as client:
                    if client.get(f"/{turn}").status != 200:
                        failures.append((number, turn))
                if turn % 2:
                    service.do("ROUTE_REMOVE", route)
                    service.apply()
            service.close()
        except Exception as error:  # what a thread would swallow
            failures.append(error)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
