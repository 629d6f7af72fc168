"""Maintenance: users get a page while the service is worked on, and the service when it is back."""

from stage import Service, Stage


def main():
    stage = Stage(__doc__)
    service, page = Service("service"), Service("back in five minutes")

    client = stage.client("shop", "shop-1")
    client.add_route([stage.host], "/", service.url)
    checkout = client.add_route([stage.host], "/checkout", service.url)
    client.apply()

    client.enter_maintenance(checkout, page.url)
    stage.show("only the checkout is in maintenance", [stage.ask(path)[0] for path in ("/", "/checkout")] == [200, 503])
    stage.show("it has the page of its own", stage.ask("/checkout")[1] == "back in five minutes")
    client.exit_maintenance(checkout)
    stage.show("the checkout is back", stage.ask("/checkout") == (200, "service"))

    client.enter_maintenance()
    stage.show("all of it is in maintenance, with the built-in page", stage.ask("/")[0] == 503)
    stage.show("the status says so", len(client.maintenance_status()["in_maintenance"]) == 2)
    client.exit_maintenance()
    stage.show("all of it is back", stage.ask("/") == (200, "service"))
    client.shutdown()


if __name__ == "__main__":
    main()
