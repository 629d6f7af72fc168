"""Docs/Conformance.md: which test shows which sentence. `--write` writes it; a test compares it."""

import ast
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
FILE = ROOT / "Docs" / "Conformance.md"
sys.path.insert(0, str(HERE))

from promises import DECISIONS, GUIDE, all_promises  # noqa: E402

INTRODUCTION = """# Conformance

What the registry guide promises, sentence by sentence, and the test that shows it; then the same for the decisions on
what the guide leaves open. The tests are in `Tests/SystemTests/conformance/` and talk to a running proxy over its two
ports, with real backends:

    make conformance                      # our own build
    make conformance TARGET=host:port     # the registry port of a running server (HTTP=host:port, BACKEND_HOST=address)

Against a given server the tests that need settings of their own (short clocks, a second listener, its log) are skipped.

This page is made by `make conformance-table` from `conformance/promises.py` and the marks on the tests; a test fails
when it is out of date, when a sentence has no test, or when a test names a sentence that does not exist.
"""


def marked_tests():
    """[(names of promises, file, test)], read from the sources without importing them."""
    found = []
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                names = [argument.value for decorator in node.decorator_list
                         if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "promise"
                         for argument in decorator.args]
                found.append((names, path.name, node.name))
    return found


def tests_by_promise():
    by_promise = {}
    for names, file, test in marked_tests():
        for name in names:
            by_promise.setdefault(name, []).append((file, test))
    return by_promise


def mistakes():
    """What is wrong with promises and marks, in words."""
    known, shown = all_promises(), tests_by_promise()
    wrong = [f"no test shows {name}: {text}" for name, text in known.items() if name not in shown]
    wrong += [f"{file}: {test} shows {name}, which is no sentence"
              for name, tests in shown.items() if name not in known for file, test in tests]
    return wrong


def rendered():
    shown = tests_by_promise()
    lines = [INTRODUCTION]
    for title, sections in (("The guide", GUIDE), ("The decisions", DECISIONS)):
        lines.append(f"## {title}\n")
        for section, sentences in sections:
            lines += [f"### {section}\n", "| sentence | shown by |", "|---|---|"]
            for name, text in sentences.items():
                tests = "<br>".join(f"`{file[5:-3]}`: {test[5:].replace('_', ' ')}" for file, test in shown.get(name, []))
                lines.append(f"| {text.replace('|', chr(92) + '|')} | {tests or '**none**'} |")
            lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    if "--write" in sys.argv:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(rendered(), encoding="utf-8")
        print(f"{FILE.relative_to(ROOT)} written")
    for mistake in mistakes():
        print(mistake, file=sys.stderr)
    sys.exit(1 if mistakes() else 0)
