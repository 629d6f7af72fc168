"""Canary by weight: the new version joins the group with a small share, which grows step by step."""

from stage import Service, Stage


def main():
    stage = Stage(__doc__)
    stable_service, canary_service = Service("v1"), Service("v2")

    stable = stage.client("api", "api-v1")
    stable.add_route([stage.host], "/api", stable_service.url)
    stable.apply()

    canary = stage.client("api", "api-v2")
    route = canary.add_route([stage.host], "/api", canary_service.url)
    canary.set_option("weight", "0", route)
    canary.apply()
    stage.show("the canary begins without traffic", set(stage.answers(30, "/api")) == {(200, "v1")})

    # Of a stable weight of 100, w makes a share of w / (w + 100).
    for percent in (10, 25, 50):
        canary.set_option("weight", str(round(100 * percent / (100 - percent))), route)
        canary.apply()
        count = 800
        share = 100 * stage.answers(count, "/api")[(200, "v2")] / count
        stage.show(f"about {percent} % of the users see v2 ({share:.0f} %)", abs(share - percent) < 8)

    stable.shutdown()
    stage.show("v2 serves everybody", set(stage.answers(20, "/api")) == {(200, "v2")})
    canary.shutdown()


if __name__ == "__main__":
    main()
