"""Is this the proxy we mean to measure? Bodies intact, Host kept, X-Forwarded-For added, upstreams reused."""
from .peers import BODIES, HOST, fetch


def problems_of(peer):
    """What is wrong with a started peer, one sentence each."""
    found = []
    try:
        for path, body in BODIES.items():
            status, got = fetch(peer.http, path)
            if status != 200 or got != body:
                found.append(f"GET {path}: status {status}, {len(got)} bytes of {len(body)} or changed ones")
        status, _ = fetch(peer.http, "/post", "POST", b"x" * 65536)
        if status != 200:
            found.append(f"POST: status {status}")
        echoes = [_echo(peer.http) for _ in range(3)]
        if echoes[0].get("host") != HOST:
            found.append(f"Host not kept: the backend saw {echoes[0].get('host')!r}")
        if not echoes[0].get("xff"):
            found.append("no X-Forwarded-For")
        if len({echo.get("connection") for echo in echoes}) == 3:
            found.append("upstream connections are not reused")
    except OSError as error:
        found.append(f"broke off: {error!r}")
    return found


def _echo(port):
    text = fetch(port, "/echo")[1].decode("latin-1")
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
