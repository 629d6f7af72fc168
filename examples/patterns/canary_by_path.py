"""Canary by path: the new version has a path of its own, and the application sends some of its users there."""

from stage import Service, Stage


def main():
    stage = Stage(__doc__)
    old_service, new_service = Service("v1"), Service("v2")

    old = stage.client("api", "api-v1")
    old.add_route([stage.host], "/api", old_service.url)
    old.apply()
    new = stage.client("api-canary", "api-v2")
    new.add_route([stage.host], "/api-canary", new_service.url)
    new.apply()
    stage.show("/api is v1", stage.ask("/api/users") == (200, "v1"))
    stage.show("/api-canary is v2", stage.ask("/api-canary/users") == (200, "v2"))

    # The application picks the path by user, here one of ten.
    seen = [stage.ask("/api-canary" if user % 10 == 0 else "/api")[1] for user in range(100)]
    stage.show("10 of 100 users saw v2", seen.count("v2") == 10)
    canary = new.stats("ALL")
    stage.show(f"the canary's own figures: {canary['requests']} requests, {canary['errors']} errors",
               canary["requests"] == 11 and canary["errors"] == 0)
    new.shutdown()
    old.shutdown()


if __name__ == "__main__":
    main()
