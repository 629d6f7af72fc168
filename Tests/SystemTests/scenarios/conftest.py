"""The programs of the load scenarios."""

import json
import signal
import sys
from pathlib import Path

import pytest

from harness.apus import unique_host
from harness.process import Program

HARNESS = Path(__file__).resolve().parents[1] / "harness"


class Instance:
    """A service instance in a process of its own."""

    def __init__(self, server, host, service, name, drain):
        registry = f"{server.registry_address[0]}:{server.registry_address[1]}"
        self.program = Program(
            [sys.executable, HARNESS / "instance.py", registry, host, service, name, drain], name=f"instance {name}")

    def ready(self):
        self.program.wait_for_line(r"^ready (\d+) (\S+)")
        return self

    def reconnect(self):
        """Cuts its registry connection and waits until it has come back."""
        seen = len(self.program.lines)
        self.program.send_signal(signal.SIGUSR1)
        self.program.wait_for_line("^reconnected", after=seen)

    def leave(self):
        assert self.program.stop() == 0

    def kill(self):
        self.program.kill()


class Load:
    """The load generator in a process of its own."""

    def __init__(self, server, host, connections, *more):
        self.program = Program(
            [sys.executable, HARNESS / "load.py", server.http[0], server.http[1], host, connections, *more], name="load")

    @property
    def ok(self):
        """How many requests have succeeded so far."""
        for line in reversed(list(self.program.lines)):
            if line.startswith("progress"):
                return int(line.split()[1])
        return 0

    def wait_for(self, count, within=120):
        """Waits until so many requests have succeeded."""
        from harness.waiting import eventually
        eventually(lambda: self.ok >= count or not self.program.is_running, f"{count} requests", within, every=0.05)
        return self

    def finish(self, within=60):
        """Ends the load and answers its report."""
        if self.program.is_running:
            self.program.send_signal(signal.SIGTERM)
        return self.report(within)

    def report(self, within=600):
        """The report of a load that ends by itself."""
        self.program.wait(within)
        return json.loads(self.program.lines[-1])


@pytest.fixture
def stage(start):
    """A proxy with a host, instances and loads; all of them end with the test."""
    programs = []

    class Stage:
        host = unique_host()
        service = "web"

        def __init__(self):
            self.server = None

        def begin(self, **settings):
            self.server = start(**settings)
            return self

        def instance(self, name, service=None, host=None, drain=""):
            one = Instance(self.server, host or self.host, service or self.service, name, drain)
            programs.append(one.program)
            return one

        def load(self, connections=16, *more, host=None):
            load = Load(self.server, host or self.host, connections, *more)
            programs.append(load.program)
            return load

    yield Stage()
    for program in programs:
        program.kill()
