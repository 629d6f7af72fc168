"""A service that watches itself: it takes more weight step by step, sees its own errors and p99, and rolls back."""

import threading
import time

from stage import Service, Stage

MOST_ERRORS, MOST_P99_MS = 0.02, 200


def observe(client, before, requests=40, within=20):
    """The error rate and p99 of what came since `before`, once enough has come."""
    deadline = time.monotonic() + within
    while True:
        now = client.stats("ALL")
        count = now["requests"] - before["requests"]
        if count >= requests or time.monotonic() > deadline:
            return (now["errors"] - before["errors"]) / max(count, 1), now["p99_latency_ms"]
        time.sleep(0.05)


def roll_out(stage, client, route, break_at=None, service=None):
    """Raises the weight while all is well. Answers the weight it came to; 0 after a rollback."""
    for weight in (10, 30, 100):
        before = client.stats("ALL")
        client.set_option("weight", str(weight), route)
        client.apply()
        if weight == break_at:
            service.status = 500
        errors, p99 = observe(client, before)
        stage.say(f"weight {weight}: {errors:.0%} errors, p99 {p99} ms")
        if errors > MOST_ERRORS or p99 > MOST_P99_MS:
            client.set_option("weight", "0", route)
            client.apply()
            return 0
    return weight


def main():
    stage = Stage(__doc__)
    stable_service, new_service = Service("stable"), Service("new")
    stable = stage.client("api", "stable")
    stable.add_route([stage.host], "/", stable_service.url)
    stable.apply()

    done = threading.Event()

    def users():
        while not done.is_set():
            stage.ask()
    threads = [threading.Thread(target=users) for _ in range(3)]
    for thread in threads:
        thread.start()

    new = stage.client("api", "new")
    route = new.add_route([stage.host], "/", new_service.url)
    new.set_option("weight", "0", route)
    new.apply()
    stage.show("a version with a defect rolls itself back", roll_out(stage, new, route, 30, new_service) == 0)
    stage.show("users see the stable version alone", set(stage.answers(30)) == {(200, "stable")})

    new_service.status = 200
    stage.show("the mended version comes to its full weight", roll_out(stage, new, route) == 100)
    stage.show("users see both", len(stage.answers(60)) == 2)
    done.set()
    for thread in threads:
        thread.join()
    new.shutdown()
    stable.shutdown()


if __name__ == "__main__":
    main()
