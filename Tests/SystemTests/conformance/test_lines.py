"""The line format: fields, encoding, limits, order, transaction ids, compression."""

import json
import re
import shutil
import time

import pytest
from promises import promise

from harness.apus import unique_host
from harness.process import run

COMMANDS_WITH_SESSION = [
    "PING", "SESSION_INFO", "ROUTE_LIST", "CONFIG_VALIDATE", "CONFIG_APPLY", "CONFIG_ROLLBACK", "CONFIG_DIFF",
    "DRAIN_STATUS", "DRAIN_CANCEL", "MAINT_STATUS", "CLIENT_SHUTDOWN"]
COMMANDS_WITH_MORE = {
    "ROUTE_ADD": "a.test|/|http://127.0.0.1:1|0", "ROUTE_ADD_BULK": "[]", "ROUTE_UPDATE": "r1|path|/x",
    "ROUTE_REMOVE": "r1", "HEADERS_SET": "ALL|X-A|1", "HEADERS_REMOVE": "ALL|X-A", "OPTIONS_SET": "ALL|timeout|5s",
    "OPTIONS_REMOVE": "ALL|timeout", "HEALTH_SET": "r1|/|30s|5s", "RATELIMIT_SET": "ALL|5|1s",
    "CONFIG_APPLY_PARTIAL": "routes", "STATS_GET": "ALL", "DRAIN_START": "30s", "MAINT_ENTER": "ALL|",
    "MAINT_EXIT": "ALL", "SUBSCRIBE": "all", "UNSUBSCRIBE": "all", "BACKEND_TEST": "http://127.0.0.1:1",
    "CIRCUIT_BREAKER_SET": "ALL|5|30s|1", "CIRCUIT_BREAKER_STATUS": "r1", "CIRCUIT_BREAKER_RESET": "r1"}


@promise("format.line", "format.persistent", "limits.utf8", "general.immediate")
def test_one_line_in_one_line_out_on_one_connection(proxy):
    service = proxy.service(metadata='{"town":"Z\u00fcrich"}')
    for _ in range(50):
        service.send(f"PING|{service.session}\n".encode("utf-8"))
        started = time.monotonic()
        assert service.read_line() == "PONG"
        assert time.monotonic() - started < 2
    assert service.ask_json(f"SESSION_INFO|{service.session}", "SESSION_OK")["metadata"] == {"town": "Z\u00fcrich"}


@promise("general.session", "trouble.invalid-session")
@pytest.mark.parametrize("command", COMMANDS_WITH_SESSION + list(COMMANDS_WITH_MORE))
def test_every_command_needs_a_valid_session(proxy, command):
    fields = COMMANDS_WITH_MORE.get(command)
    line = f"{command}|nobody" + (f"|{fields}" if fields else "")
    with proxy.registry() as connection:
        connection.expect(line, "ERROR|Invalid session")


@promise("general.replies")
def test_replies_are_of_few_kinds(proxy, backend):
    service = proxy.service()
    route = service.add(unique_host(), "/", backend().url)
    for line in (f"PING|{service.session}", f"CONFIG_APPLY|{service.session}", f"ROUTE_LIST|{service.session}",
                 f"SESSION_INFO|{service.session}", f"ROUTE_REMOVE|{service.session}|{route}", "NONSENSE",
                 f"HEADERS_SET|{service.session}|ALL|X-A|1", f"CONFIG_DIFF|{service.session}"):
        assert re.match(r"(OK|ACK|PONG|[A-Z_]+_OK)(\||$)|ERROR\|.+", service.ask(line))


@promise("lines.cr", "lines.ack")
def test_cr_empty_lines_and_acknowledgements_are_taken_quietly(proxy):
    service = proxy.service()
    service.send(f"\n\r\nACK\nACK\r\nPING|{service.session}\r\n\n")
    assert service.reply() == "PONG"
    assert service.is_silent()


@promise("lines.encoding", "lines.stays")
@pytest.mark.parametrize("bad", [b"PING|\xff\xfe", b"PING|a\x00b", b"PING|a\x01b", b"PING|a\x7fb", b"\xc3\x28|x",
                                 b"PING|a\rb"])
def test_what_is_not_clean_text_is_an_error_and_no_more(proxy, bad):
    service = proxy.service()
    service.send(bad + b"\n")
    assert service.reply() == "ERROR|invalid encoding"
    service.expect(f"PING|{service.session}", "PONG")


@promise("limits.command", "lines.too-long", "lines.stays")
def test_a_command_may_have_16_kib_and_no_more(proxy):
    service = proxy.service()
    start = f"HEADERS_SET|{service.session}|ALL|X-Fill|"
    longest = start + "x" * (16384 - len(start) - 1)
    assert service.ask(longest) in ("HEADERS_OK",) or not service.unasked
    service.expect("x" * 16385, "ERROR|line too long (limit 16384 bytes)")
    service.expect("y" * 1_000_000, "ERROR|line too long (limit 16384 bytes)")
    service.expect(f"PING|{service.session}", "PONG")


@promise("limits.command")
def test_a_bulk_command_of_nearly_16_kib_is_taken(proxy):
    service = proxy.service()
    host, routes = unique_host(), []
    while True:
        routes.append({"domains": [host], "path": f"/p{len(routes)}", "backend_url": "http://127.0.0.1:1", "priority": 0})
        line = f"ROUTE_ADD_BULK|{service.session}|" + json.dumps(routes, separators=(",", ":"))
        if len(line) > 16383:
            routes.pop()
            break
    line = f"ROUTE_ADD_BULK|{service.session}|" + json.dumps(routes, separators=(",", ":"))
    assert 16200 < len(line) <= 16383
    assert len(service.ask_json(line, "ROUTE_BULK_OK")) == len(routes)


def staged_routes(service, count):
    """Stages `count` routes with ROUTE_ADD_BULK."""
    host = unique_host()
    for start in range(0, count, 50):
        routes = [{"domains": [f"a{number}.{host}", f"b{number}.{host}"], "path": f"/{number}",
                   "backend_url": "http://127.0.0.1:1", "priority": 0} for number in range(start, min(start + 50, count))]
        line = f"ROUTE_ADD_BULK|{service.session}|" + json.dumps(routes, separators=(",", ":"))
        service.ask_json(line, "ROUTE_BULK_OK")


@promise("limits.response", "lines.too-large", "compressed.list", "limits.compressed")
def test_a_reply_over_64_kib_asks_for_compression(proxy):
    service = proxy.service()
    staged_routes(service, 1000)
    reason = service.refused(f"ROUTE_LIST|{service.session}")
    assert re.fullmatch(r"response too large \(\d+ bytes\), ask for compressed", reason)
    service.send(f"ROUTE_LIST|{service.session}|compressed\n")
    line = service.reply()
    assert len(line) < 1 << 20
    assert len(service.ask_compressed(f"ROUTE_LIST|{service.session}|compressed", "ROUTE_LIST_OK")) == 1000


@promise("limits.response")
def test_a_reply_below_64_kib_comes_plain(proxy):
    service = proxy.service()
    staged_routes(service, 200)
    assert len(service.ask_json(f"ROUTE_LIST|{service.session}", "ROUTE_LIST_OK")) == 200


@promise("compressed.list", "compressed.stats", "optional.compressed")
def test_compressed_replies_hold_the_same(proxy, backend):
    site = proxy.site(backend())
    site.get("/")
    service = site.service
    plain = service.ask_json(f"ROUTE_LIST|{service.session}", "ROUTE_LIST_OK")
    assert service.ask_compressed(f"ROUTE_LIST|{service.session}|compressed", "ROUTE_LIST_OK") == plain
    for line in (f"STATS_GET|{service.session}|{service.route}|compressed",
                 f"STATS_GET|{service.session}|ALL|compressed"):
        assert service.ask_compressed(line, "STATS_OK")["requests"] == 1
    reply = service.ask(f"ROUTE_LIST|{service.session}|t-1|compressed")
    assert reply.startswith("ROUTE_LIST_OK|t-1|") and "[" not in reply
    reply = service.ask(f"STATS_GET|{service.session}|t-2|ALL|compressed")
    assert reply.startswith("STATS_OK|t-2|") and "{" not in reply


@promise("lines.unasked")
def test_nothing_comes_unasked(proxy, backend):
    one = backend()
    site = proxy.site(one)
    one.stop()
    site.get("/")
    other = proxy.service()
    other.add(site.host, "/", "http://127.0.0.1:1", 0)
    other.apply()
    assert site.service.is_silent(0.5)


@promise("lines.order")
def test_replies_come_in_the_order_of_the_commands(proxy):
    service = proxy.service()
    host = unique_host()
    lines, expected = [], []
    for number in range(300):
        lines.append(f"ROUTE_ADD|{service.session}|t{number}|{host}|/{number}|http://127.0.0.1:1|0")
        expected.append(rf"ROUTE_OK\|t{number}\|r\d+")
        if number % 50 == 49:
            lines.append(f"CONFIG_APPLY|{service.session}|a{number}")
            expected.append(f"OK\\|a{number}")
        if number % 70 == 0:
            lines.append(f"BACKEND_TEST|{service.session}|b{number}|http://127.0.0.1:1")
            expected.append(rf"BACKEND_FAIL\|b{number}\|.*")
    service.send("\n".join(lines) + "\n")
    for pattern in expected:
        assert re.fullmatch(pattern, service.reply())


@promise("lines.json")
def test_a_pipe_inside_json_belongs_to_it(proxy):
    with proxy.registry() as connection:
        connection.register("pipes", unique_host(), 0, '{"a":"x|y|z"}')
        info = connection.ask_json(f"SESSION_INFO|{connection.session}", "SESSION_OK")
        assert info["metadata"] == {"a": "x|y|z"}
        connection.ask(f"CLIENT_SHUTDOWN|{connection.session}")


@promise("lines.unknown")
def test_unknown_commands_are_named(proxy):
    with proxy.registry() as connection:
        connection.expect("DANCE|x", "ERROR|unknown command: DANCE")
        connection.expect("ping|x", "ERROR|unknown command: ping")
        connection.expect("A" * 100 + "|x", "ERROR|unknown command: " + "A" * 64)


@promise("lines.fields", "lines.stays")
@pytest.mark.parametrize("command", COMMANDS_WITH_SESSION + list(COMMANDS_WITH_MORE) + ["REGISTER", "RECONNECT"])
def test_a_wrong_number_of_fields_shows_the_form(proxy, command):
    with proxy.registry() as connection:
        expected = f"ERROR|invalid format: expected {command}|"
        assert connection.ask(command).startswith(expected)
        assert connection.ask(f"{command}|" + "|".join("abcdefghi")).startswith(expected)
        connection.expect("PING|x", "ERROR|Invalid session")


@promise("txn.optional", "txn.reply", "txn.none", "optional.txn")
def test_a_transaction_id_comes_back(proxy, backend):
    service = proxy.service()
    sid = service.session
    one = backend()
    service.expect(f"PING|{sid}|t1", "PONG|t1")
    service.expect(f"PING|{sid}", "PONG")
    reply = service.ask(f"ROUTE_ADD|{sid}|t2|{unique_host()}|/|{one.url}|0")
    assert re.fullmatch(r"ROUTE_OK\|t2\|r\d+", reply)
    route = reply.split("|")[2]
    for line, start in [
            (f"ROUTE_ADD_BULK|{sid}|t3|[]", None), (f"ROUTE_UPDATE|{sid}|t4|{route}|path|/x", "ROUTE_OK|t4"),
            (f"HEADERS_SET|{sid}|t5|ALL|X-A|1", "HEADERS_OK|t5"), (f"HEADERS_REMOVE|{sid}|t6|ALL|X-A", "HEADERS_OK|t6"),
            (f"OPTIONS_SET|{sid}|t7|ALL|timeout|5s", "OPTIONS_OK|t7"),
            (f"OPTIONS_REMOVE|{sid}|t8|ALL|timeout", "OPTIONS_OK|t8"),
            (f"HEALTH_SET|{sid}|t9|{route}|/|30s|5s", "HEALTH_OK|t9"),
            (f"RATELIMIT_SET|{sid}|t10|{route}|100|1s", "RATELIMIT_OK|t10"),
            (f"CIRCUIT_BREAKER_SET|{sid}|t11|{route}|5|30s|1", "CIRCUIT_OK|t11"),
            (f"CONFIG_VALIDATE|{sid}|t12", "OK|t12"), (f"CONFIG_DIFF|{sid}|t13", "DIFF_OK|t13|{"),
            (f"CONFIG_APPLY_PARTIAL|{sid}|t14|routes", "OK|t14"), (f"CONFIG_APPLY|{sid}|t15", "OK|t15"),
            (f"CONFIG_ROLLBACK|{sid}|t16", "OK|t16"), (f"ROUTE_LIST|{sid}|t17", "ROUTE_LIST_OK|t17|["),
            (f"STATS_GET|{sid}|t18|{route}", "STATS_OK|t18|{"), (f"SESSION_INFO|{sid}|t19", "SESSION_OK|t19|{"),
            (f"BACKEND_TEST|{sid}|t20|{one.url}", "BACKEND_OK|t20|{"), (f"SUBSCRIBE|{sid}|t21|all", "SUBSCRIBE_OK|t21"),
            (f"UNSUBSCRIBE|{sid}|t22|all", "UNSUBSCRIBE_OK|t22"), (f"MAINT_STATUS|{sid}|t23", "MAINT_STATUS_OK|t23|{"),
            (f"CIRCUIT_BREAKER_STATUS|{sid}|t24|{route}", "CIRCUIT_STATUS_OK|t24|{"),
            (f"CIRCUIT_BREAKER_RESET|{sid}|t25|{route}", "CIRCUIT_OK|t25"),
            (f"DRAIN_STATUS|{sid}|t26", "ERROR|t26|no drain in progress"),
            (f"ROUTE_REMOVE|{sid}|t27|{route}", "ROUTE_OK|t27"),
            (f"ROUTE_REMOVE|{sid}|t28|r999999999", "ERROR|t28|route not found"),
            (f"DRAIN_START|{sid}|t29|30s", "DRAIN_OK|t29|"), (f"DRAIN_CANCEL|{sid}|t30", "DRAIN_OK|t30"),
            (f"CLIENT_SHUTDOWN|{sid}|t31", "SHUTDOWN_OK|t31")]:
        reply = service.ask(line)
        txn = re.search(r"\|(t\d+)(\||$)", line).group(1)
        assert reply.split("|")[1] == txn, f"{line} was answered {reply}"
        assert start is None or reply.startswith(start), f"{line} was answered {reply}"
    service.session = None


@promise("optional.txn")
@pytest.mark.parametrize("txn, fine", [
    ("a", True), ("A-z_0.9:x", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("\u00e4", False), ("a/b", False)])
def test_the_alphabet_of_transaction_ids(proxy, txn, fine):
    service = proxy.service()
    reply = service.ask(f"PING|{service.session}|{txn}")
    assert reply == f"PONG|{txn}" if fine else reply.startswith("ERROR|")


@promise("trouble.nc")
def test_nc_can_talk_to_the_registry(proxy):
    if not shutil.which("nc"):
        pytest.skip("there is no nc")
    host, port = proxy.registry_address
    status, _, _ = run(["nc", "-z", "-w", "2", host, port])
    assert status == 0
    _, out, _ = run(["nc", "-q", "2", "-w", "2", host, port], text="REGISTER|test|test-instance|9001|{}\n")
    assert re.fullmatch(r"ACK\|test-instance-9001-\d+-[0-9a-f]{32}\n", out)
