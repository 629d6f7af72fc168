"""What the patterns need to be played on one machine: small services, and a client that asks through the proxy."""

import argparse
import http.client
import os
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from apus_client import ApusClient  # noqa: E402


class Service:
    """A service on a free port: it says its version, and can be made slow or broken."""

    def __init__(self, version, host="127.0.0.1"):
        service = self
        self.version = version
        self.delay = 0.0
        self.status = 200

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if service.delay:
                    time.sleep(service.delay)
                body = service.version.encode()
                self.send_response(service.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format, *arguments):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self._server = Server((host, 0), Handler)
        self.url = f"http://{host}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class Stage:
    """The proxy under which a pattern is played, and a host name for it."""

    def __init__(self, description):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--registry", default="127.0.0.1:8081", help="the registry port of the proxy")
        parser.add_argument("--http", default="127.0.0.1:8080", help="its HTTP port")
        parser.add_argument("--host", default="pattern.localhost", help="the host name to use")
        options = parser.parse_args()
        self.registry = split(options.registry)
        self.http = split(options.http)
        self.host = options.host

    def client(self, service, instance):
        """A registered client."""
        client = ApusClient(*self.registry)
        client.register(service, instance)
        return client

    def ask(self, path="/", host=None):
        """One request through the proxy: status and body."""
        connection = http.client.HTTPConnection(*self.http, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host or self.host})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def answers(self, count, path="/", host=None):
        """How often each answer came in `count` requests."""
        return Counter(self.ask(path, host) for _ in range(count))

    @staticmethod
    def say(text):
        print(text, flush=True)

    @staticmethod
    def show(what, is_so):
        """Prints what was to be shown, and ends the play when it is not so."""
        print(f"{'ok' if is_so else 'NOT SO'}: {what}", flush=True)
        if not is_so:
            sys.exit(1)


def split(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
