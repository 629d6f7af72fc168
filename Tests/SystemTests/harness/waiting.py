"""Waiting for a condition with a deadline: the only way in which these tests wait for something."""

import time


def eventually(condition, what="the condition", within=10.0, every=0.01):
    """Calls `condition` until it answers something true, and returns that; fails after `within` seconds.

    An AssertionError or OSError of the condition counts as "not yet"; the last one is shown on failure.
    """
    deadline = time.monotonic() + within
    last = None
    while True:
        try:
            result = condition()
            if result:
                return result
            last = result
        except (AssertionError, OSError) as error:
            last = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what} did not come about within {within} s (last: {last!r})")
        time.sleep(every)


def holds(condition, what="the condition", during=0.5, every=0.02):
    """Fails unless `condition` stays true for `during` seconds: for what must *not* happen."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        assert condition(), f"{what} stopped being so"
        time.sleep(every)
