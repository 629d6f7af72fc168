"""A small client for the registry of Apus: one connection, one session, plain Python 3.9+ without dependencies.

    client = ApusClient("127.0.0.1", 8081)
    client.register("web", "web-1")
    client.add_route(["web.localhost"], "/", "http://127.0.0.1:3000")
    client.apply()

Replies and unasked lines (`EVENT|…`, `MAINT_OK|…`, `SHUTDOWN`) share the connection; a thread of the client tells them
apart. All methods may be called from any thread. `keep` makes a client come back by itself when its connection ends.
"""

import base64
import gzip
import json
import queue
import socket
import threading
import time


class RegistryError(Exception):
    """The registry answered ERROR; the text is its reason."""


class ConnectionLost(Exception):
    """The connection ended before the reply came."""


class ApusClient:
    """One session with the registry of a proxy."""

    def __init__(self, host="127.0.0.1", port=81, timeout=35.0):
        self.address = (host, port)
        self.timeout = timeout
        self.session_id = None
        self.on_event = None
        self.is_stopping = False
        self._identity = None
        self._socket = None
        self._asking = threading.Lock()
        self._writing = threading.Lock()
        self._replies = queue.Queue()
        self._events = queue.Queue()
        self._lost = threading.Event()
        self._lost.set()

    # Connection

    def connect(self):
        """Opens the connection; done by `register` and `reconnect` where needed."""
        connection = socket.create_connection(self.address, timeout=self.timeout)
        connection.settimeout(None)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._replies = queue.Queue()
        self._lost = threading.Event()
        threading.Thread(target=self._read, args=(connection, self._replies, self._lost), daemon=True).start()

    @property
    def is_connected(self):
        return not self._lost.is_set()

    def close(self):
        """Closes the connection and leaves the session to its grace."""
        self.is_stopping = True
        self._disconnect()

    def _disconnect(self):
        if self._socket:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self._socket.close()
        self._lost.wait(5)

    def _read(self, connection, replies, lost):
        try:
            with connection.makefile("r", encoding="utf-8", newline="\n") as lines:
                for line in lines:
                    line = line.rstrip("\n")
                    if line == "SHUTDOWN" or line.startswith(("EVENT|", "MAINT_OK|")):
                        self._take_event(line)
                    else:
                        replies.put(line)
        except (OSError, ValueError):
            pass
        lost.set()
        replies.put(None)

    def _take_event(self, line):
        self._events.put(line)
        if line.startswith("MAINT_OK|") and self._socket:
            self._send("ACK")
        if self.on_event:
            self.on_event(line)

    def _send(self, line):
        try:
            with self._writing:
                self._socket.sendall((line + "\n").encode())
        except OSError as error:
            raise ConnectionLost(str(error)) from error

    def send_command(self, line):
        """Sends a line as it is and returns the reply as it is."""
        with self._asking:
            return self._exchange(line)

    def _exchange(self, line):
        if self._socket is None:
            self.connect()
        if self._lost.is_set():
            raise ConnectionLost("not connected")
        self._send(line)
        return self._next_reply(self.timeout)

    def _next_reply(self, timeout):
        try:
            reply = self._replies.get(timeout=timeout)
        except queue.Empty:
            raise ConnectionLost(f"no reply within {timeout} s") from None
        if reply is None:
            self._replies.put(None)
            raise ConnectionLost("the registry closed the connection")
        return reply

    def command(self, name, *fields):
        """`NAME|session|fields…`: what follows the first `|` of the reply, or an empty text; ERROR is raised."""
        reply = self.send_command("|".join([name, self.session_id or "", *[str(field) for field in fields]]))
        return _content(reply)

    def event(self, timeout=None):
        """The next unasked line; None when none comes in time."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    # Session

    def register(self, service, instance, maintenance_port=0, metadata=None):
        """Begins a session; an older one of the same service and instance is superseded by its first apply."""
        self._identity = (service, instance, maintenance_port, metadata)
        if not self.is_connected:
            self.connect()
        reply = self.send_command(
            f"REGISTER|{service}|{instance}|{maintenance_port}|{json.dumps(metadata or {}, separators=(',', ':'))}")
        self.session_id = _content(reply)
        return self.session_id

    def reconnect(self):
        """Takes the session up again on a new connection; False when it has expired and `register` is needed."""
        self._disconnect()
        self.connect()
        return self.send_command(f"RECONNECT|{self.session_id}") == "OK"

    def keep(self, set_up, on_state=None):
        """Starts a thread that brings the session back whenever its connection ends, until `shutdown` or `close`.

        `set_up(client)` adds the routes and applies; it is called again when the session had to be registered anew.
        """
        threading.Thread(target=self._keep, args=(set_up, on_state or (lambda _: None)), daemon=True).start()

    def _keep(self, set_up, on_state):
        pause = 0.1
        while True:
            self._lost.wait()
            if self.is_stopping:
                return
            try:
                if self.reconnect():
                    on_state("reconnected")
                else:
                    self.register(*self._identity)
                    set_up(self)
                    on_state("registered again")
                pause = 0.1
            except (OSError, ConnectionLost, RegistryError) as error:
                on_state(f"no connection to the registry: {error}")
                time.sleep(pause)
                pause = min(pause * 2, 5)

    def ping(self):
        return self.command("PING")

    def info(self):
        return json.loads(self.command("SESSION_INFO"))

    def shutdown(self):
        """Ends the session: the proxy sends no new request from the moment this returns."""
        self.is_stopping = True
        return self.command("CLIENT_SHUTDOWN")

    # Routes

    def add_route(self, domains, path, backend_url, priority=0):
        """Stages a route and returns its id."""
        return self.command("ROUTE_ADD", ",".join(domains), path, backend_url, priority)

    def add_routes(self, routes):
        """Stages many routes or none: dictionaries with domains, path, backend_url, priority."""
        return json.loads(self.command("ROUTE_ADD_BULK", json.dumps(routes, separators=(",", ":"))))

    def update_route(self, route_id, field, value):
        self.command("ROUTE_UPDATE", route_id, field, ",".join(value) if isinstance(value, (list, tuple)) else value)

    def remove_route(self, route_id):
        self.command("ROUTE_REMOVE", route_id)

    def routes(self):
        return _unpacked(self.command("ROUTE_LIST", "compressed"))

    # Settings; `target` is a route id or ALL

    def set_header(self, name, value, target="ALL"):
        self.command("HEADERS_SET", target, name, value)

    def remove_header(self, name, target="ALL"):
        self.command("HEADERS_REMOVE", target, name)

    def set_option(self, key, value, target="ALL"):
        self.command("OPTIONS_SET", target, key, value)

    def remove_option(self, key, target="ALL"):
        self.command("OPTIONS_REMOVE", target, key)

    def set_health(self, route_id, path, interval="30s", timeout="5s"):
        self.command("HEALTH_SET", route_id, path, interval, timeout)

    def set_rate_limit(self, requests, window, target="ALL"):
        self.command("RATELIMIT_SET", target, requests, window)

    def set_circuit_breaker(self, threshold, timeout, half_open_requests, target="ALL"):
        self.command("CIRCUIT_BREAKER_SET", target, threshold, timeout, half_open_requests)

    # Staged configuration

    def validate(self):
        self.command("CONFIG_VALIDATE")

    def apply(self):
        """Applies all that is staged: when this returns, the next request sees it."""
        self.command("CONFIG_APPLY")

    def apply_only(self, *scopes):
        self.command("CONFIG_APPLY_PARTIAL", ",".join(scopes))

    def rollback(self):
        self.command("CONFIG_ROLLBACK")

    def diff(self):
        return json.loads(self.command("CONFIG_DIFF"))

    # Observation

    def stats(self, target="ALL"):
        return _unpacked(self.command("STATS_GET", target, "compressed"))

    def circuit(self, route_id):
        return json.loads(self.command("CIRCUIT_BREAKER_STATUS", route_id))

    def reset_circuit(self, route_id):
        self.command("CIRCUIT_BREAKER_RESET", route_id)

    def test_backend(self, url):
        """The result of a test request as a dictionary; `reachable` tells whether it worked."""
        reply = self.send_command(f"BACKEND_TEST|{self.session_id}|{url}")
        _content(reply)
        return json.loads(reply.split("|", 1)[1])

    def subscribe(self, event_type="all"):
        self.command("SUBSCRIBE", event_type)

    def unsubscribe(self, event_type="all"):
        self.command("UNSUBSCRIBE", event_type)

    # Drain and maintenance

    def start_drain(self, duration):
        """Lets the traffic fall to nothing over `duration` (`30s`); returns when it will be there."""
        return self.command("DRAIN_START", duration)

    def drain_status(self):
        return json.loads(self.command("DRAIN_STATUS"))

    def cancel_drain(self):
        self.command("DRAIN_CANCEL")

    def drain(self, duration, every=0.2):
        """Drains and waits for the receipt: no traffic comes and nothing is in flight any more."""
        self.start_drain(duration)
        while True:
            status = self.drain_status()
            if status["traffic_percent"] == 0 and status["in_flight"] == 0 and status["websockets"] == 0:
                return status
            time.sleep(every)

    def enter_maintenance(self, target="ALL", backend_url=""):
        """Puts routes into maintenance and waits until the proxy confirms it."""
        self._maintenance("MAINT_ENTER", target, backend_url)

    def exit_maintenance(self, target="ALL"):
        """Ends maintenance and waits until the proxy confirms it."""
        self._maintenance("MAINT_EXIT", target)

    def maintenance_status(self):
        return json.loads(self.command("MAINT_STATUS"))

    def _maintenance(self, name, target, *fields):
        # An ERROR that comes instead of MAINT_OK looks like a reply: no other command may be under way meanwhile.
        with self._asking:
            _content(self._exchange("|".join([name, self.session_id, target, *fields])))
            deadline = time.monotonic() + self.timeout
            while time.monotonic() < deadline:
                line = self.event(timeout=0.05)
                if line and line.startswith("MAINT_OK|"):
                    return
                if not self._replies.empty():
                    _content(self._next_reply(1))
        raise ConnectionLost(f"no MAINT_OK within {self.timeout} s")


def _content(reply):
    """What follows the first `|` of a reply; ERROR is raised."""
    kind, _, content = reply.partition("|")
    if kind == "ERROR":
        raise RegistryError(content)
    return content


def _unpacked(text):
    """JSON from base64 of gzip."""
    return json.loads(gzip.decompress(base64.b64decode(text)))
