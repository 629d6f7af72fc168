"""Programs under test: started, listened to line by line, and never left behind."""

import atexit
import os
import re
import signal
import subprocess
import threading
import time

_running = set()


@atexit.register
def _end_all():
    for program in list(_running):
        program.kill()


def environment_with(more):
    """Our environment without settings of the proxy, and `more`."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("APUS_")}, **(more or {})}


class Program:
    """A child process whose standard output and error are collected as lines."""

    def __init__(self, arguments, environment=None, name=None, standard_input=False):
        self.name = name or os.path.basename(str(arguments[0]))
        self.lines = []
        self._arrived = threading.Condition()
        self._process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.PIPE if standard_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment_with(environment),
        )
        _running.add(self)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self):
        return self._process.pid

    @property
    def text(self):
        """Everything that it wrote so far."""
        with self._arrived:
            return "\n".join(self.lines)

    def _read(self):
        for raw in self._process.stdout:
            with self._arrived:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self._arrived.notify_all()
        with self._arrived:
            self._arrived.notify_all()

    def write(self, text):
        """Writes to its standard input."""
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def wait_for_line(self, pattern, within=15.0, after=0):
        """The match of the first line (from index `after`) in which `pattern` is found."""
        expression = re.compile(pattern)
        deadline = time.monotonic() + within
        seen = after
        with self._arrived:
            while True:
                for line in self.lines[seen:]:
                    match = expression.search(line)
                    if match:
                        return match
                seen = len(self.lines)
                remaining = deadline - time.monotonic()
                if remaining <= 0 or (not self._reader.is_alive() and seen == len(self.lines)):
                    shown = "\n  ".join(self.lines[-30:])
                    ended = self._process.poll()
                    raise AssertionError(
                        f"{self.name} wrote no line like /{pattern}/ within {within} s "
                        f"(exit status {ended}):\n  {shown}")
                self._arrived.wait(min(remaining, 0.2))

    def send_signal(self, number):
        self._process.send_signal(number)

    @property
    def is_running(self):
        return self._process.poll() is None

    def wait(self, within=15.0):
        """Its exit status, once it has ended by itself."""
        try:
            status = self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {within} s:\n{self.text[-3000:]}") from None
        self._reader.join(5)
        _running.discard(self)
        return status

    def stop(self, within=15.0, number=signal.SIGTERM):
        """Asks it to end and returns the exit status."""
        if self.is_running:
            self.send_signal(number)
        return self.wait(within)

    def kill(self):
        """Ends it at once; nothing happens when it has ended already."""
        if self.is_running:
            self._process.kill()
        self._process.wait()
        _running.discard(self)


def run(arguments, environment=None, within=20.0, text=None):
    """Runs a program to its end: its exit status, standard output and standard error."""
    done = subprocess.run(
        [str(argument) for argument in arguments], capture_output=True, timeout=within,
        env=environment_with(environment), input=text, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def resident_kib(pid):
    """Resident memory of a process in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def open_files(pid):
    """How many file descriptors a process holds."""
    return len(os.listdir(f"/proc/{pid}/fd"))
