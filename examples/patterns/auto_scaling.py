"""Auto-scaling: instances come when the figures say so and leave with a drain, without a failed request."""

import threading
import time

from stage import Service, Stage

BUSY_MS = 30


class Instance:
    """A service with its session."""

    def __init__(self, stage, number):
        self.service = Service(f"worker-{number}")
        self.service.delay = 0.04 if number == 1 else 0.002
        self.client = stage.client("worker", f"worker-{number}")
        self.client.add_route([stage.host], "/", self.service.url)
        self.client.apply()

    def leave(self):
        """Hands its traffic over, waits for the receipt, and ends."""
        receipt = self.client.drain("1s")
        self.client.shutdown()
        self.service.stop()
        return receipt


def main():
    stage = Stage(__doc__)
    instances = [Instance(stage, 1)]
    failures, seen, done = [], set(), threading.Event()

    def users():
        while not done.is_set():
            status, body = stage.ask()
            seen.add(body)
            if status != 200:
                failures.append((status, body))
    threads = [threading.Thread(target=users) for _ in range(4)]
    for thread in threads:
        thread.start()

    deadline = time.monotonic() + 20
    while instances[0].client.stats("ALL")["p95_latency_ms"] < BUSY_MS and time.monotonic() < deadline:
        time.sleep(0.05)
    told = instances[0].client.stats("ALL")
    stage.show(f"the service sees that it is busy: p95 {told['p95_latency_ms']} ms", told["p95_latency_ms"] >= BUSY_MS)
    for number in (2, 3):
        instances.append(Instance(stage, number))
    while len(seen) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    stage.show("three instances share the traffic", len(seen) == 3)

    for instance in instances[:0:-1]:
        receipt = instance.leave()
        stage.show(f"{instance.service.version} left with its receipt, {receipt['in_flight']} in flight",
                   receipt["in_flight"] == 0)
    done.set()
    for thread in threads:
        thread.join()
    stage.show("no user saw a failure", not failures)
    instances[0].client.shutdown()


if __name__ == "__main__":
    main()
