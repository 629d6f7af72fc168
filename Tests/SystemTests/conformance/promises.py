"""What the registry guide and the decisions on its open questions promise, sentence by sentence, in short.

Each has a name; the tests say with `@promise(name)` which they show. `table.py` makes Docs/Conformance.md of both.
"""

import pytest

#: Sections in order: (title, {name: sentence}).
GUIDE = [
    ("Overview", {
        "overview.no-restart": "Services add and remove routes without configuration files and without a restart.",
        "overview.scaling": "A new instance gets its share of the traffic by registering.",
        "overview.cleanup": "Routes of a service that died are removed automatically.",
        "overview.crash": "The connection itself tells the proxy that a service crashed.",
    }),
    ("Protocol format", {
        "format.line": "A command is one line of fields separated by `|`, ended by LF; so is every answer.",
        "format.persistent": "One connection carries any number of commands.",
    }),
    ("General conventions", {
        "general.session": "Every command after registration carries the session id.",
        "general.immediate": "Every command is answered at once.",
        "general.route-id": "The id from ROUTE_ADD names the route in later commands.",
        "general.target": "A target is a route id or `ALL`.",
        "general.backend": "A backend is a full URL with scheme.",
        "general.replies": "Replies are `OK`, `ACK`, `…_OK` codes or `ERROR|message`.",
        "general.staged": "ROUTE, HEADERS_SET, OPTIONS_SET, HEALTH_SET and RATELIMIT_SET commands change nothing before an apply.",
        "general.validate": "CONFIG_VALIDATE checks what is staged, CONFIG_APPLY applies all of it atomically.",
        "general.errors": "CONFIG_APPLY says in detail what is wrong.",
        "general.priority": "The longest prefix matches first; a higher priority comes before.",
    }),
    ("REGISTER", {
        "register.ack": "REGISTER|service|instance|maintenance_port|metadata is answered `ACK|session_id`.",
        "register.metadata": "Metadata is an optional JSON object, used for observation only.",
        "register.keepalive": "The server switches TCP keepalive (30 s) on for the connection.",
    }),
    ("ROUTE_ADD", {
        "route-add.ok": "ROUTE_ADD|session|domains|path|backend|priority is answered `ROUTE_OK|route_id`.",
        "route-add.domains": "Several domains are separated by commas.",
        "route-add.path": "The path is a prefix.",
        "route-add.schemes": "http, https and ws URLs are accepted as backends.",
        "route-add.priority": "Priority 0 is the default: longest prefix; a higher one is matched first.",
        "route-add.staged": "The route serves only after CONFIG_APPLY.",
    }),
    ("ROUTE_ADD_BULK", {
        "bulk.ok": "ROUTE_ADD_BULK|session|[…] stages several routes and answers `ROUTE_BULK_OK|[{route_id,status}…]`.",
        "bulk.example": "The guide's example line is accepted as written.",
        "bulk.staged": "The routes serve only after CONFIG_APPLY.",
        "bulk.atomic": "One invalid route fails the whole command; nothing of it is staged.",
    }),
    ("ROUTE_UPDATE", {
        "update.ok": "ROUTE_UPDATE|session|route_id|field|value is answered `ROUTE_OK`, or `ERROR|reason`.",
        "update.fields": "The fields are backend_url, priority, domains (comma-separated) and path.",
        "update.staged": "The change takes effect with CONFIG_APPLY.",
    }),
    ("ROUTE_REMOVE", {
        "remove.ok": "ROUTE_REMOVE|session|route_id is answered `ROUTE_OK`.",
        "remove.staged": "The route is gone after CONFIG_APPLY, not before.",
        "remove.unknown": "An unknown id is answered `ERROR|route not found`.",
    }),
    ("ROUTE_LIST", {
        "list.ok": "ROUTE_LIST|session is answered `ROUTE_LIST_OK|[…]` with this session's routes, active and staged.",
        "list.fields": "An entry has route_id, domains, path, backend, priority and status.",
        "list.status": "The status is `active`, `staged` or `pending_removal`.",
    }),
    ("HEADERS_SET", {
        "headers-set.ok": "HEADERS_SET|session|target|name|value is answered `HEADERS_OK`, or `ERROR|reason`.",
        "headers-set.target": "The target is a route or `ALL` for all routes.",
        "headers-set.staged": "The header is set after CONFIG_APPLY.",
    }),
    ("HEADERS_REMOVE", {
        "headers-remove.ok": "HEADERS_REMOVE|session|target|name is answered `HEADERS_OK`, or `ERROR|reason`.",
        "headers-remove.staged": "The header is gone after CONFIG_APPLY, for the route or for all.",
    }),
    ("OPTIONS_SET", {
        "options-set.ok": "OPTIONS_SET|session|target|key|value is answered `OPTIONS_OK`, or `ERROR|reason`.",
        "options-set.keys": "timeout, health_check_interval, compression, websocket, http2 and http3 are among the keys.",
        "options-set.typed": "The value is parsed by the key's type.",
        "options-set.staged": "The option takes effect with CONFIG_APPLY, for one route or for all.",
    }),
    ("OPTIONS_REMOVE", {
        "options-remove.ok": "OPTIONS_REMOVE|session|target|key is answered `OPTIONS_OK`, or `ERROR|reason`.",
        "options-remove.default": "The option returns to its default with CONFIG_APPLY.",
    }),
    ("HEALTH_SET", {
        "health.ok": "HEALTH_SET|session|route_id|path|interval|timeout is answered `HEALTH_OK`, or `ERROR|reason`.",
        "health.staged": "The check changes with CONFIG_APPLY.",
        "health.probes": "The path is asked every interval, with the timeout.",
        "health.default": "By default the backend's root path is asked every 30 s with 5 s.",
    }),
    ("RATELIMIT_SET", {
        "ratelimit.ok": "RATELIMIT_SET|session|target|requests|window is answered `RATELIMIT_OK`, or `ERROR|reason`.",
        "ratelimit.staged": "The limit holds after CONFIG_APPLY.",
        "ratelimit.source": "It counts per source address.",
        "ratelimit.all": "`ALL` limits all routes.",
    }),
    ("CONFIG_VALIDATE", {
        "validate.ok": "CONFIG_VALIDATE|session is answered `OK` or `ERROR|details`.",
        "validate.nothing": "It applies nothing.",
        "validate.names": "The error names the route and what is wrong with it.",
    }),
    ("CONFIG_APPLY", {
        "apply.ok": "CONFIG_APPLY|session is answered `OK` or `ERROR|details`.",
        "apply.validates": "When validation fails nothing is applied.",
        "apply.clears": "After success everything staged is active and the staging area is empty.",
        "apply.atomic": "All changes apply or none.",
    }),
    ("CONFIG_ROLLBACK", {
        "rollback.ok": "CONFIG_ROLLBACK|session is answered `OK` and discards all that is staged, of every kind.",
        "rollback.active": "The active configuration stays as it is.",
    }),
    ("CONFIG_DIFF", {
        "diff.ok": "CONFIG_DIFF|session is answered `DIFF_OK|{…}` with what an apply would change.",
        "diff.fields": "routes has added, removed, modified; headers has added, removed; options has modified.",
    }),
    ("CONFIG_APPLY_PARTIAL", {
        "partial.ok": "CONFIG_APPLY_PARTIAL|session|scopes is answered `OK` or `ERROR|details`.",
        "partial.scopes": "The scopes routes, headers, options, health, ratelimit can be combined by commas.",
        "partial.rest": "What is of other kinds stays staged.",
    }),
    ("STATS_GET", {
        "stats.ok": "STATS_GET|session|route_id is answered `STATS_OK|{…}`.",
        "stats.fields": "It has route_id, requests, errors, avg/p95/p99_latency_ms, bytes_sent, bytes_received, status_codes.",
        "stats.real": "The figures are those of the traffic, at once.",
        "stats.all": "`ALL` covers all routes of the session.",
    }),
    ("PING", {
        "ping.pong": "PING|session is answered `PONG`.",
        "ping.optional": "Nobody has to send it.",
    }),
    ("SESSION_INFO", {
        "info.ok": "SESSION_INFO|session is answered `SESSION_OK|{…}`.",
        "info.fields": "It has session_id, service_name, instance_name, connected_at, uptime_seconds, routes_active, "
                       "routes_staged, last_apply and metadata.",
    }),
    ("DRAIN_START", {
        "drain.ok": "DRAIN_START|session|duration is answered `DRAIN_OK|completion_time`.",
        "drain.gradual": "Traffic falls gradually by weighted balancing.",
        "drain.after": "After the drain the service can enter maintenance or leave.",
        "drain.no-downtime": "No request fails meanwhile.",
    }),
    ("DRAIN_STATUS", {
        "drain-status.ok": "DRAIN_STATUS|session is answered `DRAIN_STATUS_OK|{…}`.",
        "drain-status.fields": "It has active, started_at, duration_seconds, elapsed_seconds, remaining_seconds and "
                               "traffic_percent (100 to 0).",
        "drain-status.none": "Without a drain it is `ERROR|no drain in progress`.",
    }),
    ("DRAIN_CANCEL", {
        "drain-cancel.ok": "DRAIN_CANCEL|session is answered `DRAIN_OK`.",
        "drain-cancel.restores": "The service has its full share of the traffic again at once.",
        "drain-cancel.none": "Without a drain it is `ERROR|no drain in progress`.",
    }),
    ("MAINT_ENTER", {
        "maint-enter.ack": "MAINT_ENTER|session|target|backend is answered `ACK`, then `MAINT_OK|target` follows.",
        "maint-enter.page": "Clients get the page of the given backend.",
        "maint-enter.targets": "The target is `ALL` or a comma-separated list of routes; other routes are not affected.",
        "maint-enter.client-ack": "The client may acknowledge the event with `ACK`.",
    }),
    ("MAINT_EXIT", {
        "maint-exit.ack": "MAINT_EXIT|session|target is answered `ACK`, then `MAINT_OK|target` follows.",
        "maint-exit.some": "Some routes can leave maintenance while others stay.",
    }),
    ("MAINT_STATUS", {
        "maint-status.ok": "MAINT_STATUS|session is answered `MAINT_STATUS_OK|{…}` with in_maintenance, "
                           "maintenance_backend and entered_at.",
        "maint-status.empty": "in_maintenance is an empty array when there is none.",
    }),
    ("SUBSCRIBE", {
        "subscribe.ok": "SUBSCRIBE|session|event_type is answered `SUBSCRIBE_OK`.",
        "subscribe.types": "The types are cert_renewed, global_config_changed, backend_health_changed and all.",
        "subscribe.health": "`EVENT|backend_health_changed|{route_id,healthy,reason}` comes when a backend's health changes.",
        "subscribe.async": "Events come on the same connection between replies.",
    }),
    ("UNSUBSCRIBE", {
        "unsubscribe.ok": "UNSUBSCRIBE|session|event_type is answered `UNSUBSCRIBE_OK`, and such events stop.",
        "unsubscribe.all": "`all` ends every subscription.",
    }),
    ("BACKEND_TEST", {
        "test.ok": "BACKEND_TEST|session|url is answered `BACKEND_OK|{reachable,response_time_ms,status_code,tls_valid}`.",
        "test.fail": "A backend that cannot be reached is `BACKEND_FAIL|{\"reachable\":false,\"error\":…}`.",
        "test.get": "It is a GET of the root path or of the health check path.",
        "test.pure": "It changes neither staged nor active configuration.",
    }),
    ("CIRCUIT_BREAKER_SET", {
        "circuit-set.ok": "CIRCUIT_BREAKER_SET|session|target|threshold|timeout|half_open_requests is answered `CIRCUIT_OK`.",
        "circuit-set.open": "After `threshold` failures in a row the circuit opens and requests fail fast.",
        "circuit-set.half-open": "After `timeout` it lets `half_open_requests` through to test recovery, and closes on success.",
        "circuit-set.staged": "The breaker works after CONFIG_APPLY; `ALL` is every route.",
    }),
    ("CIRCUIT_BREAKER_STATUS", {
        "circuit-status.ok": "CIRCUIT_BREAKER_STATUS|session|route_id is answered "
                             "`CIRCUIT_STATUS_OK|{state,failures,last_failure,next_attempt}`.",
        "circuit-status.states": "The state is closed, open or half_open.",
    }),
    ("CIRCUIT_BREAKER_RESET", {
        "circuit-reset.ok": "CIRCUIT_BREAKER_RESET|session|route_id is answered `CIRCUIT_OK` and closes the circuit.",
    }),
    ("CLIENT_SHUTDOWN", {
        "shutdown.ok": "CLIENT_SHUTDOWN|session is answered `SHUTDOWN_OK`.",
        "shutdown.routes": "The session's routes are removed at once.",
    }),
    ("SERVER_SHUTDOWN", {
        "server-shutdown.event": "`SHUTDOWN` tells every connected service that the proxy stops.",
    }),
    ("RECONNECT", {
        "reconnect.ok": "RECONNECT|session is answered `OK` for a known session, `REREGISTER` otherwise.",
    }),
    ("Connection monitoring", {
        "monitoring.grace": "Routes are kept for a grace period after the connection dropped, then removed.",
        "monitoring.session-info": "SESSION_INFO shows the connection's state.",
    }),
    ("Staged configuration", {
        "staged.apply": "Nothing staged takes effect without an apply.",
        "staged.expiry": "Staged changes expire after 30 minutes (configurable).",
    }),
    ("Transaction ids", {
        "txn.optional": "A transaction id may follow the session id in every command.",
        "txn.reply": "The reply carries it as its second field.",
        "txn.none": "Without one the reply has none.",
    }),
    ("Response compression", {
        "compressed.list": "ROUTE_LIST|session|compressed is answered `ROUTE_LIST_OK|base64 of gzip of the JSON`.",
        "compressed.stats": "STATS_GET takes `compressed` as well.",
    }),
    ("Troubleshooting", {
        "trouble.nc": "The registry port can be tried with nc.",
        "trouble.reregister": "RECONNECT after the session's expiry is `REREGISTER`; registering again works.",
        "trouble.older-register": "The older form REGISTER|service|host|port|maintenance_port is accepted.",
        "trouble.invalid-session": "A wrong session id is `ERROR|Invalid session`.",
        "trouble.diff": "CONFIG_DIFF shows what was forgotten to be applied.",
    }),
    ("Security", {
        "security.internal": "The registry port is open to internal networks only.",
    }),
    ("Monitoring", {
        "log.registered": "The log has `[registry] Service registered: …`.",
        "log.route": "The log has `[registry] Route added: …`.",
        "log.header": "The log has `[registry] Header added: …`.",
    }),
    ("Patterns", {
        "pattern.blue-green": "Blue-green: green is tested beside blue, then takes over.",
        "pattern.canary": "Canary: a new version gets a small part of the traffic, which grows.",
        "pattern.maintenance": "Maintenance: enter, work, exit.",
        "pattern.multi-domain": "One service serves several domains, with one route or one for each.",
    }),
    ("Message format and limits", {
        "limits.utf8": "Lines are UTF-8, ended by LF, separated by `|`.",
        "limits.command": "A command line may have 16 KB.",
        "limits.response": "A response line has at most 64 KB.",
        "limits.compressed": "A compressed response has at most 1 MB.",
        "limits.read": "A command must arrive within 30 s of its beginning.",
        "limits.idle": "A connection that is silent stays, thanks to keepalive.",
        "limits.expiry": "A session expires 60 s after its connection ended.",
    }),
]

DECISIONS = [
    ("Lines", {
        "lines.cr": "CR before LF is dropped; empty lines are ignored.",
        "lines.encoding": "Invalid UTF-8 or a control character is `ERROR|invalid encoding`.",
        "lines.too-long": "A line over 16 KiB is `ERROR|line too long (limit 16384 bytes)`; the connection goes on.",
        "lines.too-large": "A reply over 64 KiB is an ERROR that asks for `compressed`.",
        "lines.unasked": "No line comes unasked but SHUTDOWN, a MAINT command's events and subscribed events.",
        "lines.order": "Replies come in the order of the commands, also when pipelined; MAINT_OK never before its ACK.",
        "lines.json": "A `|` inside JSON belongs to the JSON.",
        "lines.ack": "A client's `ACK` gets no reply.",
        "lines.unknown": "An unknown command is `ERROR|unknown command: NAME`, cut at 64 characters; names are case-sensitive.",
        "lines.fields": "A wrong number of fields is `ERROR|invalid format: expected …` with the command's form.",
        "lines.stays": "No mistake of a client closes its connection.",
    }),
    ("Sessions", {
        "sessions.id": "A session id is INSTANCE-PORT-SECONDS-RANDOM with 128 random bits in hex.",
        "sessions.other-connection": "A command with a valid id works on another connection, which does not take ownership.",
        "sessions.two": "A second REGISTER on a connection makes a second session.",
        "sessions.register-fields": "REGISTER needs names, a port from 0 to 65535 and, where given, a JSON object.",
        "sessions.clocks": "RECONNECT works until the session's expiry, routes serve until the end of the grace.",
        "sessions.prefer": "Traffic prefers instances whose session is connected.",
        "sessions.supersede": "REGISTER with the same names supersedes: the old id is invalid at once, its routes serve until "
                              "the first apply of the new session replaces them.",
        "sessions.reconnect": "RECONNECT takes ownership, also from an open connection, and keeps staged changes, "
                              "subscriptions, maintenance and drain.",
        "sessions.shutdown": "CLIENT_SHUTDOWN closes the connection when it owns no other session.",
        "sessions.idle": "A connection without session is closed after 30 s, one with a session stays.",
    }),
    ("Optional fields", {
        "optional.txn": "A transaction id has 1 to 64 characters of a small alphabet and is not `compressed`.",
        "optional.txn-maint": "MAINT_OK carries the transaction id of its command.",
        "optional.compressed": "`compressed` is the last field of ROUTE_LIST and STATS_GET, also behind a transaction id.",
        "optional.stats-none": "STATS_GET without target is an array of the active routes; `ALL` has totals and `routes`.",
    }),
    ("Values", {
        "values.durations": "Durations are Go's (`300ms`, `1m30s`) or whole seconds; a bad one is named with its field.",
        "values.times": "Times are RFC 3339 in UTC with seconds.",
        "values.domains": "Exact beats wildcard, a longer wildcard a shorter one, any of them `*`.",
        "values.paths": "Prefixes match whole segments of the normalised path; `..` above the root is 400.",
        "values.order": "Priority, then path length, then exactness of the domain decide; equals form a group; when none of a "
                        "group can serve, the next lower priority is tried.",
        "values.schemes": "http, https, ws, wss, h2c, grpc, grpcs; a path in the URL is put first; user info, query and "
                          "fragment are errors.",
        "values.headers": "Names and values are checked; hop-by-hop and framing headers cannot be set; a route's own beats ALL's.",
        "values.options": "Unknown keys and bad values are errors at once that name the key and what is allowed.",
        "values.ratelimit": "0 requests is an error.",
        "values.list-id": "ROUTE_LIST entries carry the id also as `id`.",
    }),
    ("Staging", {
        "staging.at-once": "What one command alone shows as wrong is answered at once and stages nothing.",
        "staging.whole": "What only the whole shows is found by VALIDATE and APPLY: a route twice, settings of missing routes.",
        "staging.barrier": "After OK the next request on any connection sees the new configuration; one in flight does not.",
        "staging.list": "An updated route is listed active with its old values and staged with the new ones.",
        "staging.remove-staged": "Removing a staged route unstages it; a route's settings leave with it.",
        "staging.diff": "CONFIG_DIFF counts all kinds; ids are sorted by number.",
        "staging.partial": "An unknown or empty scope is an error; a setting of a route that is only staged stays staged.",
        "staging.event": "Expiry of staged changes is an event to subscribers.",
        "staging.ids": "Route ids are r1, r2, … and are never used twice.",
    }),
    ("Operations", {
        "ops.drain-linear": "The weight of a drained session falls linearly; the rest goes to others of the group.",
        "ops.drain-alone": "Without others it serves until the drain completes, then 503 with Retry-After.",
        "ops.drain-kept": "After completion DRAIN_STATUS still answers, until cancelled.",
        "ops.drain-receipt": "DRAIN_STATUS has in_flight, websockets and last_request_at.",
        "ops.drain-event": "drain_completed comes once nothing is left, to who subscribed by name.",
        "ops.maint-targets": "MAINT targets may also be a path or a domain of the session.",
        "ops.maint-builtin": "An empty URL means the built-in page: 503 with Retry-After and X-Maintenance-Mode.",
        "ops.maint-backend": "A maintenance backend's 200 becomes 503; other codes pass as they are.",
        "ops.maint-failed": "A maintenance backend that does not answer is an ERROR event; maintenance stays on.",
        "ops.maint-owner": "MAINT_OK goes only to the connection that gave the command.",
        "ops.test": "BACKEND_TEST has 5 s, follows no redirects, uses the health path; tls_valid is null without TLS.",
        "ops.health": "Any status below 500 is healthy, with HEALTH_SET 2xx and 3xx; two failures make unhealthy, one success "
                      "healthy.",
        "ops.503": "A claimed host and path is 503 with Retry-After when nobody can serve it; an unclaimed host is 404.",
        "ops.circuit": "Failures are connect errors, timeouts, resets before a response head, 502, 503 and 504.",
        "ops.events": "drain_completed and route_conflict come only by name; `all` means the guide's three.",
        "ops.shutdown": "SHUTDOWN goes to every registry connection.",
    }),
]


def all_promises():
    """Every sentence by name."""
    return {name: text for _, section in GUIDE + DECISIONS for name, text in section.items()}


def promise(*names):
    """Marks a test as showing these sentences."""
    return pytest.mark.promise(*names)
