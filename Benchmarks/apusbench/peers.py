"""The proxies under test and the backend behind them."""
import http.client
import os
import pwd
import random
import re
import shlex
import shutil
import socket

from .machine import BenchmarkError, free_port, raise_open_file_limit
from .processes import Process, wait_until
from .registry import RegistryClient

TEMPLATES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "templates")
HOST = "www.example.com"
BODIES = {"/": b"x" * 1024, "/64k": random.Random(1).randbytes(65536), "/1m": random.Random(2).randbytes(1 << 20)}


def fetch(port, path, method="GET", body=None, timeout=5):
    """One request with our Host header to a local port: (status, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers={"Host": HOST})
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(repr(error)) from error
    finally:
        connection.close()


def answers(port):
    return lambda: fetch(port, "/", timeout=2)[0] == 200


class Peer:
    """A program that is started on a free port `http`. Subclasses say how."""

    name = "peer"
    patience = 15
    priority = 1

    def __init__(self, directory, cpus):
        self.directory = os.path.join(directory, f"{self.name}-{random.getrandbits(32):08x}")
        os.mkdir(self.directory)
        self.cpus = cpus
        self.http = free_port()
        self.process = None

    def launch(self, arguments, environment=None):
        log = os.path.join(self.directory, "out.log")
        self.process = Process(arguments, log, self.cpus, environment, priority=self.priority)

    def render(self, template, **values):
        """Writes the template with @name@ replaced into our directory; returns the path."""
        root = os.geteuid() == 0
        values.update(
            directory=self.directory, http=self.http, connections=max(raise_open_file_limit() - 500, 1000),
            user_line=f"user {pwd.getpwuid(os.geteuid()).pw_name};" if root else "")
        with open(os.path.join(TEMPLATES, template)) as file:
            text = re.sub(r"@(\w+)@", lambda match: str(values.get(match[1], match[0])), file.read())
        path = os.path.join(self.directory, template)
        with open(path, "w") as file:
            file.write(text)
        return path

    def await_ready(self):
        wait_until(answers(self.http), self.patience, f"{self.name} does not answer", self.process)

    def stop(self):
        if self.process:
            self.process.stop()


def program(name):
    """The path of a program; also looked for in the sbin folders, which only root's PATH has."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if not found:
        raise BenchmarkError(f"{name} is not installed (Debian: apt install nginx-light haproxy wrk)")
    return found


class Backend(Peer):
    """nginx with constant answers and a request counter."""

    name = "backend"

    def start(self):
        files = os.path.join(self.directory, "files")
        os.mkdir(files)
        for path, body in BODIES.items():
            if path != "/":
                with open(os.path.join(files, path[1:]), "wb") as file:
                    file.write(body)
        with open(os.path.join(files, "post"), "wb") as file:
            file.write(b"post here\n")
        os.chmod(self.directory, 0o755)
        configuration = self.render("backend.nginx.conf", files=files, body=BODIES["/"].decode())
        self.launch([program("nginx"), "-p", self.directory, "-e", self.directory + "/error.log", "-c", configuration])
        self.await_ready()
        return self

    def requests(self):
        """How many requests it has answered."""
        return int(re.search(rb"^\s*\d+ \d+ (\d+)", fetch(self.http, "/stats")[1], re.M)[1])


class Nginx(Peer):
    name = "nginx"

    def start(self, backend):
        configuration = self.render("nginx.conf", backend=backend)
        self.launch([program("nginx"), "-p", self.directory, "-e", self.directory + "/error.log", "-c", configuration])
        self.await_ready()
        return self


class HAProxy(Peer):
    name = "haproxy"

    def start(self, backend):
        self.launch([program("haproxy"), "-db", "-f", self.render("haproxy.cfg", backend=backend)])
        self.await_ready()
        return self


class Apus(Peer):
    """Apus with one service registered the way every service is: over a registry connection that stays open."""

    policies = False

    def __init__(self, directory, cpus, binary=None, workers=1, flags=(), wrapper=(), name="apus"):
        self.name = name
        super().__init__(directory, cpus)
        self.binary = binary or default_binary()
        self.registry_port = free_port()
        self.arguments = list(wrapper) + [
            self.binary, "serve", "--http", f"127.0.0.1:{self.http}", "--registry", f"127.0.0.1:{self.registry_port}",
            "--workers", str(workers), "--keep-alive-timeout", "600s", "--log-level", "warning", *flags]
        self.session = None

    def start_bare(self):
        """Starts the process and waits for the registry port; no route yet."""
        self.launch(self.arguments)

        def registry_is_open():
            socket.create_connection(("127.0.0.1", self.registry_port), timeout=1).close()
            return True

        wait_until(registry_is_open, self.patience, f"{self.name} does not open its registry port", self.process)
        return self

    def start(self, backend):
        self.start_bare()
        self.session = RegistryClient(self.registry_port)
        self.session.add_route(HOST, "/", f"http://127.0.0.1:{backend}")
        if self.policies:
            self.session.command("RATELIMIT_SET", "ALL", 1_000_000_000, "1s", expected="RATELIMIT_OK")
            self.session.command("CIRCUIT_BREAKER_SET", "ALL", 5, "30s", 3, expected="CIRCUIT_OK")
            self.session.command("HEADERS_SET", "ALL", "X-Service-Version", "1.2.3", expected="HEADERS_OK")
        self.session.apply()
        self.await_ready()
        return self

    def stop(self):
        if self.session:
            self.session.close()
        super().stop()


class Command(Peer):
    """Any other proxy, given as a command line with {http} and {backend} in it."""

    def __init__(self, directory, cpus, name, command):
        self.name = name
        super().__init__(directory, cpus)
        self.command = command

    def start(self, backend):
        self.launch(shlex.split(self.command.replace("{http}", str(self.http)).replace("{backend}", str(backend))))
        self.await_ready()
        return self


def default_binary():
    """$APUS_BIN, or the release build of this repository."""
    root = os.path.dirname(os.path.dirname(TEMPLATES))
    path = os.environ.get("APUS_BIN") or os.path.join(root, ".build", "release", "apus")
    if not os.access(path, os.X_OK):
        raise BenchmarkError(f"no program at {path}: build with `swift build -c release` or set APUS_BIN")
    return os.path.abspath(path)
