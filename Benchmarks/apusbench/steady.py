"""About 10,000 requests per second in the background, and what became of them."""
import json
import os
import re

from .load import wrk_arguments
from .machine import BenchmarkError
from .processes import Process
from .scenarios import Scenario

CONNECTIONS = 104
SCENARIO = Scenario("steady", "GET 1 KiB, 10,000 a second", 0, script="steady.lua")


class SteadyLoad:
    """wrk with pauses, from start to `finish`, or until `seconds` are over."""

    def __init__(self, port, directory, seconds, priority=1):
        self.log = os.path.join(directory, f"steady-{os.urandom(4).hex()}.log")
        self.seconds = seconds
        self.process = Process(
            wrk_arguments(SCENARIO, port, seconds, CONNECTIONS), self.log, priority=priority)

    def finish(self):
        """Waits for the end: requests, rate, p50 and p99 in µs, errors."""
        self.process.popen.wait(self.seconds + 30)
        return self._result()

    def interrupt(self):
        """Ends the load early; the figures cover the time until now."""
        if self.process.alive():
            self.process.popen.send_signal(2)
            self.process.popen.wait(10)
        return self._result()

    def _result(self):
        self.process.stop()
        with open(self.log, errors="replace") as file:
            text = file.read()
        match = re.search(r"^RESULT (\{.*\})$", text, re.M)
        if not match:
            raise BenchmarkError(f"the steady load gave no result: {text.strip()[-300:]}")
        result = json.loads(match[1])
        result["rate"] = result["requests"] * 1e6 / max(result["microseconds"], 1)
        result["failed"] = sum(result[key] for key in ("connect", "read", "write", "status", "timeout"))
        return result
