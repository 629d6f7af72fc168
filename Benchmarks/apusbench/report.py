"""From windows to a table and verdicts."""
from statistics import median

from .scenarios import IDLE_TARGET_KIB

REFERENCES = ("nginx", "haproxy")


def ratio(windows, name, reference):
    """`name`'s CPU time by that of `reference`: the median over the rounds.

    Windows of one round stand side by side in time, so they are compared pair by pair: what slows the machine for a
    while slows both sides of a pair.
    """
    return median(own["cpu"] / other["cpu"] for own, other in zip(windows[name], windows[reference]))


def ratio_to_better(windows, name):
    """The ratio of `name`'s CPU time to that of the better reference, and that reference's name."""
    ratios = {reference: ratio(windows, name, reference) for reference in REFERENCES if windows.get(reference)}
    if not ratios:
        return None, None
    better = max(ratios, key=ratios.get)
    return ratios[better], better


def table(results, scenarios, peers):
    """CPU µs per request, the median over the rounds with the smallest and the largest."""
    lines = ["CPU µs per request: median (min..max)", "",
             "| scenario | " + " | ".join(peer.name for peer in peers) + " |", "|---|" + "--:|" * len(peers)]
    for scenario in scenarios:
        cells = []
        for peer in peers:
            values = [window["cpu"] for window in results[scenario.name][peer.name]]
            cells.append(f"{median(values):,.1f} ({min(values):,.1f}..{max(values):,.1f})")
        lines.append(f"| {scenario.text} | " + " | ".join(cells) + " |")
    noise = [window["noise"] for cells in results.values() for windows in cells.values() for window in windows]
    if noise:
        lines += ["", f"Other processes of the machine took {median(noise):.0f}% of one CPU (median over the windows)"
                  + (": repeat it on a quieter machine." if median(noise) > 40 else ".")]
    return lines


def comparison(results, scenarios, name, reference):
    """One line for each scenario: how `name` stands to another build."""
    return [f"{scenario.name}: {ratio(results[scenario.name], name, reference):.3f} × {reference}"
            for scenario in scenarios]


def verdicts(results, scenarios, name, factor=1.0):
    """One line for each target: (passed, text)."""
    lines = []
    for scenario in scenarios:
        windows = results[scenario.name]
        errors = {}
        for window in windows[name]:
            errors.update(window["errors"])
        ratio, better = ratio_to_better(windows, name)
        if errors:
            lines.append((False, f"{scenario.name}: errors {errors}"))
        elif ratio is not None:
            target = scenario.target * factor
            lines.append((ratio <= target, f"{scenario.name}: {ratio:.2f} × {better}, allowed {target:.2f}"))
    return lines


def idle_verdict(figures, name):
    own = figures[name]
    others = ", ".join(f"{peer} {result['kib']:.2f}" for peer, result in figures.items() if peer != name)
    passed = own["kib"] <= IDLE_TARGET_KIB and not own["closed"]
    return passed, (f"idle: {own['kib']:.2f} KiB for each of {own['count']:,} connections ({own['closed']} closed), "
                    f"allowed {IDLE_TARGET_KIB:.2f}" + (f"; {others}" if others else ""))


def print_verdicts(lines):
    """Prints a PASS or FAIL line for each verdict; true when all passed."""
    for passed, text in lines:
        print(("PASS " if passed else "FAIL ") + text)
    return all(passed for passed, _ in lines)
