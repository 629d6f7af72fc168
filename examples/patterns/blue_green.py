"""Blue-green: the new version is tried on a path of its own, then takes over in one step, without a gap."""

import threading

from stage import Service, Stage


def main():
    stage = Stage(__doc__)
    blue_service, green_service = Service("blue"), Service("green")

    blue = stage.client("api-blue", "api-v1")
    blue.add_route([stage.host], "/v2", blue_service.url)
    blue.apply()
    stage.show("blue serves /v2", stage.ask("/v2") == (200, "blue"))

    green = stage.client("api-green", "api-v2")
    test = green.test_backend(green_service.url)
    stage.show(f"green answers the proxy (status {test.get('status_code')})", test["reachable"])
    green.add_route([stage.host], "/v2-beta", green_service.url)
    green.apply()
    stage.show("green can be tried at /v2-beta", stage.ask("/v2-beta") == (200, "green"))
    stage.show("blue still serves /v2", stage.ask("/v2") == (200, "blue"))

    failures, done = [], threading.Event()

    def users():
        while not done.is_set():
            status, body = stage.ask("/v2")
            if status != 200:
                failures.append((status, body))
    thread = threading.Thread(target=users)
    thread.start()

    # Green comes first with a higher priority; only then blue leaves. Each step is one apply.
    green.add_route([stage.host], "/v2", green_service.url, priority=1)
    green.apply()
    stage.show("from the apply on every request goes to green", set(stage.answers(20, "/v2")) == {(200, "green")})
    blue.shutdown()
    stage.show("blue is gone and green serves", stage.ask("/v2") == (200, "green"))
    done.set()
    thread.join()
    stage.show("no user saw a failure", not failures)
    green.shutdown()


if __name__ == "__main__":
    main()
