"""Route ids are never used twice, also not after a restart (protocol-decisions, Staging)."""

from harness.apus import unique_host


def next_id(server):
    service = server.service("counter")
    return int(service.add(unique_host(), "/", "http://127.0.0.1:1").removeprefix("r"))


def test_ids_go_on_after_a_restart_where_a_state_directory_is(start, tmp_path):
    seen = []
    for _ in range(3):
        server = start(state_directory=str(tmp_path))
        seen += [next_id(server), next_id(server)]
        server.kill()
    assert seen == sorted(set(seen))


def test_two_proxies_on_one_state_directory_share_no_id(start, tmp_path):
    one, other = start(state_directory=str(tmp_path)), start(state_directory=str(tmp_path))
    ids = [next_id(server) for server in (one, other, one, other)]
    assert len(set(ids)) == 4
