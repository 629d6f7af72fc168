"""The command line: help, settings from flags and environment, and one clear line when something is wrong."""

import json
import os
import re
import shutil
import socket
from pathlib import Path

import pytest

from harness.apus import binary
from harness.process import Program, run


def test_help_is_worth_reading():
    status, out, _ = run([binary(), "--help"])
    assert status == 0
    assert "serve" in out
    status, out, _ = run([binary(), "serve", "--help"])
    assert status == 0
    for flag in ("--http", "--registry", "--workers", "--trusted-proxy", "--shutdown-timeout", "--head-timeout",
                 "--max-body-size", "--registry-allow", "--registry-grace", "--backend-deny"):
        assert flag in out
    assert "APUS_" in out


@pytest.mark.parametrize("arguments", [
    ["serve", "--no-such-flag"], ["serve", "--http", "nonsense"], ["serve", "--workers", "0"],
    ["serve", "--head-timeout", "soon"], ["serve", "--registry-allow", "10.0.0.0/33"], ["nonsense"]])
def test_usage_errors_are_status_2_and_name_the_mistake(arguments):
    status, out, err = run([binary(), *arguments])
    assert status == 2
    assert arguments[-1] in err or arguments[-2] in err
    assert not out.strip()


def test_a_bad_value_names_the_setting_wherever_it_came_from():
    _, _, err = run([binary(), "serve", "--head-timeout", "soon"])
    assert "--head-timeout" in err and "soon" in err
    status, _, err = run([binary(), "serve"], {"APUS_HEAD_TIMEOUT": "soon"})
    assert status == 2
    assert "APUS_HEAD_TIMEOUT" in err and "soon" in err


@pytest.mark.parametrize("flag", ["--http", "--registry"])
def test_a_port_in_use_is_one_clear_line(flag):
    other = "--registry" if flag == "--http" else "--http"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        status, _, err = run([binary(), "serve", flag, f"127.0.0.1:{port}", other, "127.0.0.1:0"])
    assert status == 1
    lines = [line for line in err.splitlines() if line.strip()]
    assert str(port) in lines[-1]
    assert "in use" in lines[-1]


def test_a_missing_right_is_one_clear_line(tmp_path):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root, to give rights up")
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
        if int(file.read()) <= 80:
            pytest.skip("this machine lets everybody use port 80")
    copy = tmp_path / "apus"
    shutil.copy(binary(), copy)
    os.chmod(copy, 0o755)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder != folder.parent and str(folder).startswith("/tmp/"):
            os.chmod(folder, 0o755)
    status, _, err = run([
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
        str(copy), "serve", "--http", "127.0.0.1:80", "--registry", "127.0.0.1:0"])
    assert status == 1, err
    last = [line for line in err.splitlines() if line.strip()][-1]
    assert "80" in last
    assert re.search(r"permi|CAP_NET_BIND_SERVICE|privilege", last)


def test_settings_from_the_environment(start, backend):
    site = start(environment={"APUS_MAX_BODY_SIZE": "10"}).site(backend())
    assert site.request("POST", "/", body=b"x" * 11).status == 413


def test_a_flag_beats_the_environment(start, backend):
    site = start(environment={"APUS_MAX_BODY_SIZE": "10"}, max_body_size="100").site(backend())
    assert site.request("POST", "/", body=b"x" * 11).status == 200


def test_the_open_file_limit_is_raised_and_shown(start):
    server = start(prefix=["prlimit", "--nofile=256:2000"])
    with open(f"/proc/{server.pid}/limits", encoding="ascii") as limits:
        line = next(line for line in limits if line.startswith("Max open files"))
    assert line.split()[3:5] == ["2000", "2000"]
    assert "2000" in server.log


def test_the_log_can_be_json(start):
    server = start(log_format="json", wait=False)
    line = server.program.wait_for_line(r"^\{.*serving HTTP at").string
    assert json.loads(line)["level"] == "info"


def test_several_listeners(start, backend):
    server = start(http=["127.0.0.1:0", "127.0.0.2:0"])
    site = server.site(backend())
    assert len(server.https) == 2
    for address in server.https:
        server.http = address
        assert site.get("/").status == 200


def test_the_worker_count_is_taken(start):
    server = start(workers=3)
    names = [task.joinpath("comm").read_text().strip() for task in Path(f"/proc/{server.pid}/task").iterdir()]
    assert sorted(name for name in names if "worker" in name) == ["apus-worker-0", "apus-worker-1", "apus-worker-2"]


def test_two_proxies_do_not_share_a_port_by_accident(start):
    """SO_REUSEPORT must not let a second program take half of the traffic."""
    server = start()
    second = Program([binary(), "serve", "--http", f"127.0.0.1:{server.http[1]}", "--registry", "127.0.0.1:0"])
    try:
        assert second.wait(10) == 1
    finally:
        second.kill()
