"""Services and the proxy come and go under load, and no user notices."""

import pytest


def rolling_restart(stage, restarts, requests):
    """Restarts two instances in turn, each time in another way the guide has for it, while a load flows."""
    stage.begin()
    instances = {name: stage.instance(name).ready() for name in ("web-1", "web-2")}
    load = stage.load(16)
    load.wait_for(500)
    for number in range(restarts):
        name = ("web-1", "web-2")[number % 2]
        if number % 4 < 2:
            # Superseded: the successor registers under the same names, and its first apply replaces the routes.
            successor = stage.instance(name).ready()
            instances[name].leave()
        else:
            # Shut down: the routes go at once, the other instance serves, a new one comes.
            instances[name].leave()
            successor = stage.instance(name).ready()
        instances[name] = successor
        if number % 5 == 0:
            successor.reconnect()
        load.wait_for(requests * (number + 1) // restarts)
    report = load.wait_for(requests).finish()
    assert report["failed"] == 0, "\n".join([str(report["ok"]), *report["failures"]])
    assert report["ok"] >= requests
    return report


def test_rolling_restart_small(stage):
    rolling_restart(stage, restarts=6, requests=6_000)


@pytest.mark.heavy
def test_rolling_restart_20_times_and_100_000_requests(stage):
    print(rolling_restart(stage, restarts=20, requests=100_000))


def killed(stage, rounds, requests, options=()):
    """Kills one of two instances without warning under load, again and again."""
    stage.begin()
    stage.instance("web-1").ready()
    load = None
    for number in range(rounds):
        victim = stage.instance(f"web-{number + 2}").ready()
        load = load or stage.load(16, *options).wait_for(200)
        load.wait_for(load.ok + requests // rounds // 2)
        victim.kill()
        load.wait_for(load.ok + requests // rounds // 2)
    report = load.finish()
    assert report["failed"] == 0, "\n".join([str(report["ok"]), *report["failures"]])
    assert report["ok"] >= requests
    return report


def test_kill_of_an_instance_small(stage):
    killed(stage, rounds=3, requests=3_000)


def test_kill_of_an_instance_with_a_new_connection_per_request(stage):
    killed(stage, rounds=2, requests=1_500, options=["--new"])


@pytest.mark.heavy
def test_kill_of_an_instance_10_times(stage):
    print(killed(stage, rounds=10, requests=50_000))


def stopped(stage, rounds, connections):
    """Stops the proxy under load: every answer that began is whole."""
    for _ in range(rounds):
        stage.begin()
        instance = stage.instance("web-1").ready()
        load = stage.load(connections, "--tolerate-close").wait_for(500)
        assert stage.server.stop(35) == 0
        report = load.report(60)
        assert report["failed"] == 0, "\n".join([str(report["ok"]), *report["failures"]])
        assert report["ok"] >= 500
        instance.kill()


def test_stop_of_the_proxy_under_load_small(stage):
    stopped(stage, rounds=2, connections=32)


@pytest.mark.heavy
def test_stop_of_the_proxy_under_load_20_times(stage):
    stopped(stage, rounds=20, connections=64)


def drained(stage, runs):
    """A service that waits for its receipt and exits at once has cut nothing."""
    stage.begin()
    stage.instance("web-1").ready()
    load = stage.load(16).wait_for(200)
    for number in range(runs):
        leaving = stage.instance(f"leaving-{number}", drain="300ms").ready()
        load.wait_for(load.ok + 100)
        leaving.leave()
    report = load.finish()
    assert report["failed"] == 0, "\n".join([str(report["ok"]), *report["failures"]])
    assert sum(name.startswith("leaving") for name in report["instances"]) == runs


def test_drained_services_cut_nothing_small(stage):
    drained(stage, runs=3)


@pytest.mark.heavy
def test_drained_services_cut_nothing_50_times(stage):
    drained(stage, runs=50)
