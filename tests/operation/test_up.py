"""`keepfit up`: what it starts, what it says, and that nothing of it is left."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from flows.operating.tied import below
from tests import free_port
from tests.operation.served import KEEPFIT, LONG


def started(folder: Path, port: int) -> subprocess.Popen[str]:
    """The command, once it says that it is ready; what it said so far is in `said`."""
    command = [KEEPFIT, "up", "--demo", "--port", str(port), folder]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Ready: "):
            break
    assert f"Ready: http://127.0.0.1:{port}/deployments\n" in said, "".join(said)
    assert "  retrain/breast-cancer: made\n" in said
    return process


def wait_for(pids: list[int]) -> None:
    """Returns when none of the processes is left."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        assert select.select([descriptor], [], [], LONG)[0], f"process {pid} is still there"
        os.close(descriptor)


@pytest.mark.slow
def test_it_serves_the_pages_and_ctrl_c_ends_all(tmp_path: Path) -> None:
    port = free_port()
    process = started(tmp_path / "demo", port)
    url = f"http://127.0.0.1:{port}"
    assert "<title>Prefect" in httpx.get(url, trust_env=False).text
    assert httpx.get(f"{url}/ui-settings", trust_env=False).json()["api_url"] == "/api"
    pools = httpx.post(f"{url}/api/work_pools/filter", json={}, trust_env=False).json()
    assert {pool["name"]: pool["status"] for pool in pools} == {"keepfit": "READY", "gpu": "READY"}
    taken = subprocess.run([KEEPFIT, "up", "--port", str(port), tmp_path], capture_output=True, text=True, check=False)
    assert (taken.returncode, f"port {port} cannot be used" in taken.stderr) == (1, True)
    children = below(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=LONG)[0].endswith("Stopped. The same command goes on from here.\n")
    assert process.returncode == 0
    wait_for(children)


@pytest.mark.slow
def test_nothing_outlives_a_kill_9_not_even_a_run(tmp_path: Path) -> None:
    port = free_port()
    process = started(tmp_path / "demo", port)
    assert process.stdout is not None
    api = f"http://127.0.0.1:{port}/api"
    there = httpx.get(f"{api}/deployments/name/retrain/breast-cancer", trust_env=False).json()
    httpx.post(f"{api}/deployments/{there['id']}/create_flow_run", json={}, trust_env=False).raise_for_status()
    assert any("ingest: start" in line for line in process.stdout)
    children = below(process.pid)
    assert len(children) > 5
    process.kill()
    process.communicate()
    wait_for(children)


def test_a_command_and_all_below_it_end_when_the_pipe_closes(tmp_path: Path) -> None:
    from flows.operating import tied

    # A child in a session of its own whose parent is gone, as a run of a worker that was killed.
    orphan = "import subprocess, sys; subprocess.Popen(['sleep', '1000'], start_new_session=True); print(flush=True)"
    command = [sys.executable, "-I", tied.__file__, sys.executable, "-c", orphan]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    children = below(process.pid)
    assert children
    process.communicate()
    wait_for(children)
