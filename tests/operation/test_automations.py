"""What the server does by itself, on real runs of real workers: an answer that nobody gives, a run that is killed."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from flows.operating import dead_runs, pools
from flows.operating.deploying import deploy
from flows.operating.tied import below
from tests.operation.held import held
from tests.operation.served import Served


def apart(first: dict[str, str], second: dict[str, str]) -> float:
    """Seconds from one event to another."""
    then, now = (datetime.fromisoformat(event["occurred"]) for event in (first, second))
    return (now - then).total_seconds()


@pytest.mark.slow
def test_a_run_that_nobody_answers_goes_on_and_the_model_stays_out(workers: Served, tmp_path: Path) -> None:
    made = held(tmp_path, "unanswered", "approval: always\napproval_within: 10s\n")
    workers.deploy(made.pipeline)
    asked = workers.ask("retrain/unanswered")
    suspended, resumed = workers.event(asked, "Suspended"), workers.event(asked, "Resuming")
    run = workers.ended(asked)
    assert apart(suspended, resumed) >= 10
    assert (run.name, run.state_name) == ("unanswered: hold", "Completed")
    assert not (made.folder / ".keepfit/champion.json").exists()


@pytest.mark.slow
def test_a_run_whose_process_is_killed_goes_on_under_its_id(workers: Served, tmp_path: Path) -> None:
    made = held(tmp_path, "killed")
    made.hold()
    workers.deploy(made.pipeline)
    asked = workers.ask("retrain/killed")
    os.kill(made.reached(), signal.SIGKILL)
    made.let_go()
    crashed, again = workers.event(asked, "Crashed"), workers.event(asked, "AwaitingRetry")
    workers.event(asked, "Completed")
    assert apart(crashed, again) >= dead_runs.PAUSE.total_seconds()
    run = workers.run(asked)
    assert (run["run_count"], "verdict:first" in run["tags"], len(made.runs)) == (2, True, 1)


@pytest.mark.slow
def test_a_run_that_a_worker_took_and_never_began_is_found(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = held(tmp_path, "taken")
    server.deploy(made.pipeline)
    server.only_ask("retrain/taken")
    monkeypatch.setattr(dead_runs, "START", timedelta(seconds=10))
    server.bootstrap("gpu")
    try:
        asked = server.ask("retrain/taken")
        with server.client() as client:  # what a worker says last that is gone before it has started the run's process
            client.post(f"/flow_runs/{asked}/set_state", json={"state": {"type": "PENDING", "name": "Pending"}})
        crashed = server.event(asked, "Crashed")
    finally:
        monkeypatch.undo()
        server.bootstrap("gpu")
    assert "it did not begin within" in crashed["resource"]["prefect.state-message"]
    assert server.run(asked)["run_count"] == 0


@pytest.mark.slow
def test_a_run_whose_worker_is_killed_too_is_found_dead_and_goes_on(server: Served, tmp_path: Path) -> None:
    made = held(tmp_path, "alone")
    made.hold()
    with server.here(), get_client(sync_client=True) as client:
        pools.keep(client, "lonely", gpu=False)
        list(deploy([made.pipeline], "lonely"))
    asked = server.ask("retrain/alone")
    with server.worker("lonely") as worker:
        server.event(asked, "Running")
        for pid in [*below(worker.pid), worker.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    made.let_go()
    crashed = server.event(asked, "Crashed")
    assert "no sign of life for 100 seconds" in crashed["resource"]["prefect.state-message"]
    with server.worker("lonely"):
        server.event(asked, "Completed")
    run = server.run(asked)
    assert (run["run_count"], "verdict:first" in run["tags"]) == (2, True)
