"""A small web service that registers itself with Apus.

    python3 examples/demo_service.py --registry 127.0.0.1:8081 --name web --instance web-1

It serves on a free port, adds a route for its domains, applies, and comes back by itself when the registry connection
ends. On SIGTERM or SIGINT it leaves without losing a request: with `--drain 10s` its share of the traffic falls to
nothing first and it waits for the receipt; then it ends its session, answers what it still holds, and exits.
"""

import argparse
import html
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from apus_client import ApusClient, ConnectionLost, RegistryError  # noqa: E402


class Page(BaseHTTPRequestHandler):
    """Says who answered, and what reached it."""

    protocol_version = "HTTP/1.1"
    server_version = "demo"

    def do_GET(self):
        if self.path == "/health":
            return self._answer(200, "text/plain; charset=utf-8", "fine\n")
        if "application/json" in self.headers.get("Accept", ""):
            told = {"instance": self.server.instance, "path": self.path, "headers": list(self.headers.items())}
            return self._answer(200, "application/json", json.dumps(told, indent=2) + "\n")
        if "text/html" not in self.headers.get("Accept", ""):
            return self._answer(200, "text/plain; charset=utf-8", f"Hello from {self.server.instance}: {self.path}\n")
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>"
            for name, value in self.headers.items())
        return self._answer(
            200, "text/html; charset=utf-8",
            f"<!doctype html><title>{html.escape(self.server.instance)}</title>"
            f"<h1>Hello from {html.escape(self.server.instance)}</h1><p>Path: {html.escape(self.path)}</p>"
            f"<p>Reload: the instances share the traffic.</p><table>{rows}</table>\n")

    do_HEAD = do_GET

    def do_POST(self):
        size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self._answer(200, "text/plain; charset=utf-8", f"{self.server.instance} received {size} bytes\n")

    def _answer(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Instance", self.server.instance)
        if self.server.is_leaving:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_one_request(self):
        super().handle_one_request()
        self.server.finished(self)

    def parse_request(self):
        self.server.began(self)
        return super().parse_request()

    def log_message(self, format, *arguments):
        if self.server.is_verbose:
            sys.stdout.write(f"{self.server.instance}: {format % arguments}\n")


class Service(ThreadingHTTPServer):
    """The web server, which knows how many requests it holds."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host, port, instance, is_verbose):
        super().__init__((host, port), Page)
        self.instance = instance
        self.is_verbose = is_verbose
        self.is_leaving = False
        self._held = set()
        self._changed = threading.Condition()

    def began(self, handler):
        with self._changed:
            self._held.add(handler)

    def finished(self, handler):
        with self._changed:
            self._held.discard(handler)
            self._changed.notify_all()

    def wait_until_idle(self, seconds):
        """Whether everything that was under way has been answered in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._held, seconds)


def split_address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]") or "127.0.0.1", int(port)


def main():
    parser = argparse.ArgumentParser(description="A small web service that registers itself with Apus.")
    parser.add_argument("--registry", default="127.0.0.1:81", help="the registry port of the proxy")
    parser.add_argument("--name", default="web", help="the service")
    parser.add_argument("--instance", help="the instance (NAME-PID)")
    parser.add_argument("--domains", default="*", help="comma-separated; * is any host")
    parser.add_argument("--path", default="/")
    parser.add_argument("--listen", default="127.0.0.1:0", help="where to serve (a free port)")
    parser.add_argument("--drain", default="", help="how long traffic takes to fall to nothing on SIGTERM, such as 10s")
    parser.add_argument("--verbose", action="store_true", help="a line per request")
    options = parser.parse_args()
    instance = options.instance or f"{options.name}-{os.getpid()}"

    leave = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leave.set())
    signal.signal(signal.SIGINT, lambda *_: leave.set())

    def say(text):
        print(f"{instance}: {text}", flush=True)

    server = Service(*split_address(options.listen), instance, options.verbose)
    url = "http://{}:{}".format(*server.server_address)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    client = ApusClient(*split_address(options.registry))

    def set_up(session):
        session.add_route(options.domains.split(","), options.path, url)
        session.apply()

    try:
        client.register(options.name, instance, metadata={"example": True})
        set_up(client)
    except (OSError, ConnectionLost, RegistryError) as error:
        print(f"{instance}: cannot register at {options.registry}: {error}", file=sys.stderr)
        return 1
    client.on_event = lambda line: say(f"the proxy says {line}")
    client.keep(set_up, say)
    say(f"serving {options.domains}{options.path} at {url}, session {client.session_id}")

    leave.wait()
    try:
        if options.drain:
            say(f"draining over {options.drain}")
            client.drain(options.drain)
        client.shutdown()
        say("left the proxy")
    except (OSError, ConnectionLost, RegistryError) as error:
        say(f"left without saying so: {error}")
    server.is_leaving = True
    server.wait_until_idle(10)
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
