"""What is measured, and what Apus has to reach."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """One kind of load. `target`: the largest allowed ratio of Apus's CPU time to that of the better peer."""

    name: str
    text: str
    target: float
    path: str = "/"
    script: str = ""
    close: bool = False


SCENARIOS = [
    Scenario("plain", "GET 1 KiB, keep-alive", 0.95),
    Scenario("browser", "GET 1 KiB, keep-alive, 9 browser headers", 0.95, script="browser.lua"),
    Scenario("get-64k", "GET 64 KiB, keep-alive", 1.0, path="/64k"),
    Scenario("get-1m", "GET 1 MiB, keep-alive", 0.6, path="/1m"),
    Scenario("close", "GET 1 KiB, a new connection for each request", 1.0, close=True),
    Scenario("post-64k", "POST 64 KiB, keep-alive", 1.0, path="/post", script="post.lua"),
]
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
IDLE = "idle"
IDLE_TARGET_KIB = 1.0
