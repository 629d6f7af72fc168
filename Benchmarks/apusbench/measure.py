"""Windows of load on started peers, in turn, so that what disturbs the machine disturbs them alike."""
import os
import resource
import time

from .load import run_wrk
from .machine import busy_seconds


def measure_window(peer, backend, scenario, seconds, placement):
    """One window: CPU µs per request of the peer, requests per second, latency, errors and the machine's noise.

    `noise`: CPU time of everything that is neither peer, backend nor load generator, in percent of one CPU.
    """
    def clocks():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (time.monotonic(), peer.process.cpu_nanoseconds() / 1e9, backend.process.cpu_nanoseconds() / 1e9,
                children.ru_utime + children.ru_stime, busy_seconds(placement.all))

    forwarded = backend.requests()
    before = clocks()
    result = run_wrk(scenario, peer.http, seconds)
    after = clocks()
    forwarded = backend.requests() - forwarded - 1
    wall, cpu, behind, client, busy = (late - early for early, late in zip(before, after))
    errors = dict(result["errors"])
    if abs(forwarded - result["requests"]) > 0.02 * result["requests"] + 400:
        errors["not proxied"] = abs(forwarded - result["requests"])
    return {
        "cpu": cpu * 1e6 / result["requests"], "rate": result["requests"] * 1e6 / result["microseconds"],
        "p99": result["p99"] / 1000, "noise": max(0.0, 100 * (busy - cpu - behind - client) / wall), "errors": errors}


def measure_rounds(peers, backend, scenarios, rounds, seconds, placement, tell):
    """`rounds` × scenarios × peers windows. Returns {scenario name: {peer name: [window, …]}}."""
    results = {scenario.name: {peer.name: [] for peer in peers} for scenario in scenarios}
    for number in range(rounds):
        order = peers[number % len(peers):] + peers[:number % len(peers)]
        for scenario in scenarios:
            for peer in order:
                window = measure_window(peer, backend, scenario, seconds, placement)
                results[scenario.name][peer.name].append(window)
                tell(f"[{number + 1}/{rounds}] {scenario.name:9} {peer.name:10} {window['cpu']:8.1f} µs/request"
                     f"  {window['rate']:8.0f}/s  noise {window['noise']:3.0f}%"
                     + (f"  ERRORS {window['errors']}" if window["errors"] else ""))
    return results


def load_average():
    return f"{os.getloadavg()[0]:.2f}"
