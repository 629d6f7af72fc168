"""Many active routes, and the time of single changes among them."""
import gc
import time

from .registry import RegistryClient

ROUTES_PER_SESSION = 500


def percentile(values, fraction):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * fraction), len(ordered) - 1)]


class Population:
    """Active routes of many sessions, each with its own registry connection."""

    def __init__(self, registry_port, backend_port):
        self.registry_port = registry_port
        self.backend = f"http://127.0.0.1:{backend_port}"
        self.sessions = []
        self.count = 0

    def grow(self, count):
        """Registers and applies routes until there are `count`: ten paths on each host name."""
        while self.count < count:
            number = min(ROUTES_PER_SESSION, count - self.count)
            client = RegistryClient(self.registry_port, "population", f"population-{len(self.sessions)}")
            routes = [self._route(index) for index in range(self.count, self.count + number)]
            client.add_routes(routes)
            client.apply()
            self.sessions.append(client)
            self.count += number

    def _route(self, index):
        return {"domains": [f"host-{index // 10}.example.org"], "path": f"/service/{index % 10}",
                "backend_url": self.backend, "priority": 0}

    def close(self):
        for session in self.sessions:
            session.close()


def time_applies(client, backend_port, count, keep_going=lambda: True):
    """`count` applies, by turns one that adds a route and one that removes it.

    Returns the milliseconds of each ROUTE_ADD + CONFIG_APPLY pair (two commands, two replies) and of each removal.
    """
    backend = f"http://127.0.0.1:{backend_port}"
    additions, removals = [], []
    clock = time.perf_counter_ns
    gc.collect()
    gc.disable()
    try:
        for number in range(count // 2):
            began = clock()
            route = client.add_route("changing.example.org", f"/{number}", backend)
            client.apply()
            added = clock()
            client.command("ROUTE_REMOVE", route, expected="ROUTE_OK")
            client.apply()
            removals.append((clock() - added) / 1e6)
            additions.append((added - began) / 1e6)
            if not keep_going():
                break
    finally:
        gc.enable()
    return additions, removals
