"""The load generator: wrk, 64 connections on one thread."""
import json
import os
import re
import subprocess

from .machine import BenchmarkError
from .peers import HOST, TEMPLATES, program

CONNECTIONS = 64


def wrk_arguments(scenario, port, seconds, connections=CONNECTIONS):
    arguments = [program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s",
                 "-H", f"Host: {HOST}"]
    script = scenario.script or "report.lua"
    arguments += ["-s", os.path.join(TEMPLATES, script)]
    if scenario.close:
        arguments += ["-H", "Connection: close"]
    return arguments + [f"http://127.0.0.1:{port}{scenario.path}"]


def run_wrk(scenario, port, seconds, connections=CONNECTIONS):
    """Runs the load and returns wrk's figures: requests, microseconds, p50, p99 (µs) and its counts of errors."""
    try:
        done = subprocess.run(
            wrk_arguments(scenario, port, seconds, connections), capture_output=True, text=True, timeout=seconds + 30,
            stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"wrk did not end {seconds + 30} s after its start") from error
    match = re.search(r"^RESULT (\{.*\})$", done.stdout, re.M)
    if not match:
        raise BenchmarkError(f"wrk printed no result: {(done.stdout + done.stderr).strip()[-300:]}")
    result = json.loads(match[1])
    result["errors"] = {key: result[key] for key in ("connect", "read", "write", "status", "timeout") if result[key]}
    if not result["requests"]:
        raise BenchmarkError(f"wrk: no request was answered {result['errors']}")
    return result
