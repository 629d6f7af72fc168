"""Several domains: one route for all of them, or one route each with backends of their own."""

from stage import Service, Stage


def main():
    stage = Stage(__doc__)
    service, european = Service("main"), Service("eu")
    com, org = f"com.{stage.host}", f"org.{stage.host}"

    client = stage.client("api", "api-1")
    shared = client.add_route([com, org], "/v2", service.url)
    client.apply()
    stage.show("one route serves both domains", [stage.ask("/v2", host)[1] for host in (com, org)] == ["main", "main"])

    # One step: no request meets a moment without a route.
    client.remove_route(shared)
    client.add_route([com], "/v2", service.url)
    client.add_route([org], "/v2", european.url)
    client.apply()
    stage.show("each domain has its own", [stage.ask("/v2", host)[1] for host in (com, org)] == ["main", "eu"])
    client.shutdown()


if __name__ == "__main__":
    main()
