"""The flow as people start it: from Python, from the command line, from a deployment through a server and a worker."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.base import PrefectHttpxSyncClient

from keepfit.errors import MachineError
from tests import ROOT
from tests.stages.release.test_new_classes import written
from tests.store.test_kill import small

KEEPFIT = Path(sys.executable).with_name("keepfit")
PREFECT = Path(sys.executable).with_name("prefect")


def keepfit(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([KEEPFIT, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_a_run_ends_in_a_verdict_and_the_next_finds_nothing_new(tmp_path: Path) -> None:
    pipeline = small(tmp_path)
    first = keepfit("run", pipeline)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("FIRST: ")
    report = Path(re.search(r"report: (.+)", first.stdout)[1])  # type: ignore[index]
    assert report.is_file()
    again = keepfit("run", pipeline)
    assert again.stdout.startswith("HOLD: ")
    for stage in ("ingest", "validate", "preprocess", "train", "evaluate", "export"):
        assert re.search(rf"= {stage} .* reused: same as run", again.stderr)
    shown = keepfit("show", pipeline)
    assert "In service: version 1" in shown.stdout


@pytest.mark.slow
def test_with_a_new_class_it_begins_with_the_model_in_service_and_tells_of_the_class(tmp_path: Path) -> None:
    training = "{epochs: 4, start: champion}"
    assert keepfit("run", written(tmp_path, [0, 1, 2, 3], training)).stdout.startswith("FIRST: ")
    done = keepfit("run", written(tmp_path, [0, 1, 2, 3, 4], training))
    assert done.returncode == 0, done.stderr
    assert re.search(r"begins as the model in service, \w+, in [\d,]+ of its", done.stderr)
    assert 'The class "4" is new: ' in done.stdout
    report = Path(re.search(r"report: (.+)", done.stdout)[1]).read_text()  # type: ignore[index]
    assert "of the model in service" in report


@pytest.mark.parametrize(("mode", "found"), [("dry run", "569 rows may"), ("evaluate only", "version 1, in service")])
def test_a_run_without_a_verdict_reads_as_what_it_was_asked_for(table: Path, mode: str, found: str) -> None:
    done = keepfit("run", table, "--mode", mode)
    assert (done.returncode, found in done.stdout) == (0, True), done.stderr
    shown = keepfit("show", table).stdout
    row = shown.splitlines()[1]
    assert f"  {mode}  " in row
    assert ("bundle" in row) == (mode == "evaluate only")
    assert f"The last run was asked for no verdict ({mode}): " in shown
    report = Path(keepfit("report", table).stdout.strip()).read_text()
    assert f"<h1>{mode.capitalize()}</h1>" in report
    assert found in report
    assert "what is in service was not touched" in report
    assert "Nothing is in service" not in report
    last, before = (line.split()[0] for line in shown.splitlines()[1:3])
    assert f"the run {last} made no model" in keepfit("compare", table, "last", before).stdout


def test_retrain_from_python_gives_the_release_though_the_server_died_meanwhile(tmp_path: Path) -> None:
    pipeline = small(tmp_path)
    pipeline.write_text(pipeline.read_text().replace("name: breast-cancer", "name: breast_cancer"))
    code = f"""
from flows import server
from flows.retrain import retrain
import keepfit, pandas
released = retrain({str(pipeline)!r})
frame = pandas.read_csv({str(pipeline.with_name("breast_cancer.csv"))!r})
answers = keepfit.load({str(pipeline)!r}).predict(frame)
print(released.verdict.outcome, released.metrics["accuracy"] > 0.9, len(answers) == len(frame))
before = server.address()
server._Own.child.kill()
server._Own.child.wait()
print(retrain({str(pipeline)!r}).verdict.reason, server.address() == before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-2:] == ["FIRST True True", "nothing_new True"], done.stderr


def test_no_server_outlives_a_killed_run(tmp_path: Path) -> None:
    run = subprocess.Popen([KEEPFIT, "run", small(tmp_path)], stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert run.stderr is not None
    assert any("ingest" in line for line in run.stderr)
    servers = children(run.pid)
    assert servers
    run.kill()
    run.communicate()
    for pid in servers:
        wait_for_exit(pid)


def test_a_server_that_says_nothing_is_not_waited_for_without_end() -> None:
    from flows.server import start

    with pytest.raises(MachineError, match="named no port within"):
        start(["cat"], seconds=0.1)


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for_exit(pid: int) -> None:
    """Returns when the process is gone; the test's own timeout is the system's, by pidfd."""
    import select

    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([descriptor], [], [], 60)[0], f"process {pid} is still there"
    os.close(descriptor)


def test_ctrl_c_ends_quietly_and_the_same_command_goes_on(tmp_path: Path) -> None:
    pipeline = small(tmp_path)
    run = subprocess.Popen([KEEPFIT, "run", pipeline], stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert run.stderr is not None
    assert any("train" in line for line in run.stderr)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: every process of the group gets it
    said = run.communicate()[1]
    assert run.returncode == 130
    assert "interrupted: the same command goes on" in said
    assert "Traceback" not in said
    assert keepfit("run", pipeline).returncode == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A real Prefect server with a database of its own."""
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    url = f"http://127.0.0.1:{process.stdout.readline().decode().strip()}/api"
    httpx.get(f"{url}/health", timeout=180, trust_env=False)
    yield url
    process.communicate()


def events(api: PrefectHttpxSyncClient, prefix: str) -> list[str]:
    """The names of such events. The server writes them down some seconds after it was told."""
    for _ in range(600):
        found = api.post("/events/filter", json={"filter": {"event": {"prefix": [prefix]}}}).json()["events"]
        if found:
            return [event["event"] for event in found]
        time.sleep(0.1)
    return []


def test_a_deployment_retrains_through_a_worker(server: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PREFECT_API_URL": server, "PREFECT_HOME": str(tmp_path / "home")}

    def prefect(*arguments: str) -> None:
        done = subprocess.run([PREFECT, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    prefect("work-pool", "create", "keepfit", "--type", "process")
    prefect("--no-prompt", "deploy", "--prefect-file", "deployments/prefect.yaml", "--all")
    # Prefect's own client asks again where a busy server says that its database is locked.
    with PrefectHttpxSyncClient(base_url=server, timeout=180, trust_env=False) as api:
        deployment = api.get("/deployments/name/retrain/retrain").json()
        pipeline = str(small(tmp_path))
        started = api.post(
            f"/deployments/{deployment['id']}/create_flow_run", json={"parameters": {"pipeline": pipeline}}
        )
        prefect("worker", "start", "--pool", "keepfit", "--run-once")
        run = api.get(f"/flow_runs/{started.json()['id']}").json()
        tasks: list[dict[str, Any]] = api.post(
            "/task_runs/filter", json={"flow_runs": {"id": {"any_": [run["id"]]}}, "sort": "EXPECTED_START_TIME_ASC"}
        ).json()
        verdicts = events(api, "keepfit.verdict.")
    assert (run["state"]["name"], run["tags"], run["name"]) == ("Completed", ["verdict:first"], "breast-cancer: first")
    assert run["state"]["message"].startswith("The first model of this pipeline.")
    assert verdicts == ["keepfit.verdict.first"]
    names = [task["name"].rsplit("-", 1)[0] for task in tasks]
    assert names == ["ingest", "validate", "preprocess", "train", "evaluate", "export", "release"]
