"""The machine under the benchmark: which CPU carries what, free ports, how busy the rest of it is."""
import os
import platform
import random
import re
import resource
import socket

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """Something that keeps a benchmark from going on; its text tells the reader what to do."""


class Placement:
    """The proxy gets the first CPU, load generator and backend the others, where there is more than one."""

    def __init__(self):
        cpus = sorted(os.sched_getaffinity(0))
        self.all = set(cpus)
        self.pinned = len(cpus) > 1
        self.proxy = set(cpus[:1]) if self.pinned else self.all
        self.client = set(cpus[1:]) if self.pinned else self.all

    def take_client_side(self):
        """Moves this process, and so what it starts without a choice of its own, to the client's CPUs."""
        os.sched_setaffinity(0, self.client)

    def __str__(self):
        if not self.pinned:
            return "one CPU, not pinned"
        names = [",".join(map(str, sorted(cpus))) for cpus in (self.proxy, self.client)]
        return f"proxy on CPU {names[0]}, load generator and backend on CPU {names[1]}"


def raise_open_file_limit():
    """Raises the open-file limit of this process, and so of what it starts, to the hard limit; returns it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20


def raise_priority(nice=-10):
    """Keeps other programs of the machine from taking the CPU in mid-window, where the rights allow it."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    except PermissionError:
        pass


def go_real_time():
    """Puts this process and what it starts before all ordinary ones: for latencies below a millisecond, which another
    program's time slice would drown at any nice value. Returns whether the rights allow it."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        return True
    except PermissionError:
        return False


def busy_seconds(cpus):
    """Seconds that these CPUs were not idle, since the machine started."""
    total = 0
    with open("/proc/stat") as file:
        for line in file:
            match = re.match(r"cpu(\d+) (.*)", line)
            if match and int(match.group(1)) in cpus:
                values = [int(value) for value in match.group(2).split()]
                total += sum(values[:3]) + sum(values[5:8])
    return total / TICKS_PER_SECOND


def free_port(taken=set()):
    """A port that nobody listens on, outside the range that outgoing connections take theirs from."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        low, high = (int(value) for value in file.read().split())
    choices = [port for port in range(10000, 65000) if not low <= port <= high and port not in taken]
    for port in random.sample(choices, min(2000, len(choices))):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        return port
    raise BenchmarkError("no free port outside the ephemeral range")


def describe():
    """One line on CPU and kernel."""
    model = platform.processor() or "unknown CPU"
    try:
        with open("/proc/cpuinfo") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} CPUs, Linux {platform.release()}"
