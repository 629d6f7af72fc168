"""A service instance as a program of its own: answers fast, registers itself, and leaves as the guide means it.

    instance.py REGISTRY HOST SERVICE INSTANCE [DRAIN]

Every answer is `INSTANCE TARGET`. It prints `ready PORT SESSION` once its routes serve. SIGTERM: CLIENT_SHUTDOWN, then
what is under way is answered, then the end; with a drain duration it waits for the receipt of the drain instead, and
ends at once. SIGUSR1: the registry connection is cut and taken up again by RECONNECT.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "examples"))

from apus_client import ApusClient, ConnectionLost, RegistryError  # noqa: E402


class Answering(asyncio.Protocol):
    """HTTP/1.1 for requests without body: enough for a load, and quick."""

    open = set()

    def __init__(self, name):
        self.name = name
        self.held = b""

    def connection_made(self, transport):
        self.transport = transport
        Answering.open.add(self)

    def connection_lost(self, _):
        Answering.open.discard(self)

    def data_received(self, data):
        self.held += data
        answers = []
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head, self.held = self.held[:end], self.held[end + 4:]
            body = self.name + b" " + head.split(b" ", 2)[1]
            answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        if answers:
            self.transport.write(b"".join(answers))


async def serve(registry, host, service, instance, drain=""):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(instance.encode()), "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    client = ApusClient(*registry)

    def set_up(session):
        session.add_route([host], "/", f"http://127.0.0.1:{port}")
        session.apply()

    leave = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, leave.set)
    # What a lost connection looks like; `keep` brings the session back.
    loop.add_signal_handler(signal.SIGUSR1, lambda: client._socket.shutdown(2))
    await loop.run_in_executor(None, client.register, service, instance)
    await loop.run_in_executor(None, set_up, client)
    client.keep(set_up, lambda state: print(state, flush=True))
    print("ready", port, client.session_id, flush=True)
    await leave.wait()
    if drain:
        await loop.run_in_executor(None, client.drain, drain)
        return
    try:
        await loop.run_in_executor(None, client.shutdown)
    except (OSError, ConnectionLost, RegistryError):
        pass  # superseded by its successor: the routes are not ours any more
    server.close()
    # The proxy begins nothing new here. What it began is read and answered; idle connections can be closed then.
    idle_rounds = 0
    while idle_rounds < 5 and Answering.open:
        await asyncio.sleep(0.02)
        idle_rounds += 1
    for connection in list(Answering.open):
        connection.transport.close()
    await asyncio.sleep(0)


if __name__ == "__main__":
    address, _, number = sys.argv[1].rpartition(":")
    asyncio.run(serve((address, int(number)), *sys.argv[2:6]))
    os._exit(0)
