"""Child processes: started apart from our terminal, accounted with all their threads, ended for certain."""
import ctypes
import os
import signal
import subprocess
import time

PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
_running = []


class Process:
    """A child in a session of its own. Its output goes to a log file that error texts quote.

    `priority`: among our own real-time processes; where we are not one (see `machine.go_real_time`) it means nothing.
    """

    def __init__(self, arguments, log, cpus=None, environment=None, cwd=None, priority=1):
        def prepare():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if cpus:
                os.sched_setaffinity(0, cpus)
            if os.sched_getscheduler(0) == os.SCHED_RR:
                os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))

        self.log = log
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                arguments, cwd=cwd, env=environment, preexec_fn=prepare, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.pid = self.popen.pid
        _running.append(self)

    def members(self):
        """The process and its descendants, by id."""
        found, queue = [], [self.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for thread in _listing(f"/proc/{pid}/task"):
                queue += [int(child) for child in _text(f"/proc/{pid}/task/{thread}/children").split()]
        return found

    def cpu_nanoseconds(self):
        """CPU time of all living threads, exact to the nanosecond (the clock ticks of /proc/PID/stat are 10 ms)."""
        total = 0
        for pid in self.members():
            for thread in _listing(f"/proc/{pid}/task"):
                total += int((_text(f"/proc/{pid}/task/{thread}/schedstat").split() or [0])[0])
        return total

    def resident_bytes(self):
        """Resident memory of the process and its descendants; pages they share count for each."""
        pages = [_text(f"/proc/{pid}/statm").split() for pid in self.members()]
        return sum(int(fields[1]) for fields in pages if len(fields) > 1) * PAGE_SIZE

    def alive(self):
        return self.popen.poll() is None

    def last_output(self, lines=6):
        """The end of the log, on one line."""
        text = _text(self.log).splitlines()[-lines:]
        return " | ".join(line.strip() for line in text) or "(it printed nothing)"

    def stop(self, patience=3.0):
        """SIGTERM to the group, SIGKILL after `patience` seconds."""
        if self in _running:
            _running.remove(self)
        if not self.alive():
            return
        os.killpg(self.pid, signal.SIGTERM)
        try:
            self.popen.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.popen.wait()


def stop_all():
    """Ends whatever is still running; the last step of every benchmark."""
    for process in list(_running):
        process.stop()


def wait_until(condition, seconds, what, process=None, pause=0.02):
    """Asks again and again until the condition's answer is true, and returns it; TimeoutError after `seconds`.

    An OSError of the condition counts as "not yet".
    """
    deadline = time.monotonic() + seconds
    last = None
    while time.monotonic() < deadline:
        try:
            answer = condition()
            last = f"the answer was {answer!r}"
            if answer:
                return answer
        except OSError as error:
            last = error
        if process and not process.alive():
            raise TimeoutError(f"{what}: the process ended: {process.last_output()}")
        time.sleep(pause)
    tail = f": {process.last_output()}" if process else ""
    raise TimeoutError(f"{what}: not within {seconds} s ({last}){tail}")


def _listing(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def _text(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""
