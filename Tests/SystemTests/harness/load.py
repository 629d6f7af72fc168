"""A load that checks every answer: `load.py ADDRESS PORT HOST CONNECTIONS`, a program of its own.

Each connection asks for `/NUMBER`, one request after the other, and expects `200` with a body that ends in that target.
Ends on SIGTERM (after the answers under way) or after `--requests N`; prints one line of JSON. `--new` opens a new
connection for each request, `--tolerate-close` takes a connection closed by the proxy before the first byte of an
answer for a refused request instead of a failed one (when the proxy itself is being stopped).
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections import Counter


class Report:
    """What came of the requests."""

    def __init__(self):
        self.ok = 0
        self.closed = 0
        self.refused = 0
        self.failures = Counter()
        self.instances = Counter()
        self.latencies = []

    def failed(self, what):
        self.failures[str(what)[:500]] += 1

    def as_json(self, seconds):
        self.latencies.sort()

        def percentile(part):
            return round(1000 * self.latencies[int(part * (len(self.latencies) - 1))], 2) if self.latencies else None
        return {"ok": self.ok, "failed": sum(self.failures.values()), "failures": dict(self.failures.most_common(10)),
                "closed": self.closed, "refused": self.refused, "instances": dict(self.instances),
                "seconds": round(seconds, 2), "p50_ms": percentile(0.5), "p99_ms": percentile(0.99),
                "worst_ms": percentile(1)}


class Load:
    """The connections and their shared end."""

    def __init__(self, options):
        self.options = options
        self.report = Report()
        self.ending = False
        self.asked = 0

    def next_number(self):
        """The number of the next request, or None at the end."""
        if self.ending or (self.options.requests and self.asked >= self.options.requests):
            return None
        self.asked += 1
        return self.asked

    async def run(self):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.end)
        started = time.monotonic()
        progress = asyncio.create_task(self.show_progress())
        await asyncio.gather(*[self.connection() for _ in range(self.options.connections)])
        progress.cancel()
        print(json.dumps(self.report.as_json(time.monotonic() - started)), flush=True)

    def end(self):
        self.ending = True

    async def show_progress(self):
        while True:
            print("progress", self.report.ok, flush=True)
            await asyncio.sleep(0.2)

    async def connection(self):
        streams = None
        while (number := self.next_number()) is not None:
            try:
                if streams is None:
                    streams = await asyncio.open_connection(self.options.address, self.options.port)
            except OSError as error:
                if not self.options.tolerate_close:
                    self.report.failed(f"connect: {error}")
                    await asyncio.sleep(0.05)
                else:
                    self.report.refused += 1
                    return
                continue
            if not await self.request(streams, number) or self.options.new:
                streams[1].close()
                streams = None
        if streams:
            streams[1].close()

    async def request(self, streams, number):
        """One request. Whether the connection can be used again."""
        reader, writer = streams
        close = "Connection: close\r\n" if self.options.new else ""
        started = time.monotonic()
        head = b""
        try:
            writer.write((f"GET /{number} HTTP/1.1\r\nHost: {self.options.host}\r\n"
                          f"Accept: application/json\r\n{close}\r\n").encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.options.patience)
            lowered = head.lower()
            start = lowered.index(b"content-length:") + 15
            length = int(lowered[start:lowered.index(b"\r", start)])
            body = await asyncio.wait_for(reader.readexactly(length), self.options.patience)
        except (asyncio.IncompleteReadError, OSError) as error:
            partial = head or getattr(error, "partial", b"")
            if partial:
                self.report.failed(f"cut answer: {partial[:60]!r}")
            elif self.options.tolerate_close:
                self.report.closed += 1
            else:
                self.report.failed(f"closed without an answer: {type(error).__name__}")
            return False
        except (ValueError, asyncio.TimeoutError) as error:
            self.report.failed(f"{type(error).__name__}: {head[:60]!r}")
            return False
        if not head.startswith(b"HTTP/1.1 200 "):
            self.report.failed(f"{head[9:40]!r} {body[:400]!r}")
        elif not body.endswith(f" /{number}".encode()):
            self.report.failed(f"the answer to another request: {body[:60]!r} for /{number}")
        else:
            self.report.ok += 1
            self.report.instances[body.split(b" ")[0].decode()] += 1
            self.report.latencies.append(time.monotonic() - started)
        return b"\r\nconnection: close" not in lowered


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("host")
    parser.add_argument("connections", type=int)
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--patience", type=float, default=20)
    parser.add_argument("--new", action="store_true")
    parser.add_argument("--tolerate-close", action="store_true")
    asyncio.run(Load(parser.parse_args()).run())
    sys.exit(0)
