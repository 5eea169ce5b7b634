"""The training in another work pool: followed, found again, stopped, gone on with."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.operation.held import held
from tests.operation.served import Served
from tests.operation.test_running import deployed, retry, states
from tests.test_flows import wait_for_exit


def trainings(server: Served, name: str) -> list[dict[str, Any]]:
    """The runs in the other pool of this pipeline."""
    wanted = {"flow_runs": {"tags": {"all_": [name, "pool:gpu"]}}}
    with server.client() as client:
        found: list[dict[str, Any]] = client.post("/flow_runs/filter", json=wanted).json()
    return found


def engine(server: Served, id: str) -> int:
    """The process of a run."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"PREFECT__FLOW_RUN_ID={id}".encode() in told:
            return int(process.name)
    raise AssertionError(f"no process runs {id}")


@pytest.mark.slow
def test_a_parent_that_was_killed_finds_its_training_again(workers: Served, tmp_path: Path) -> None:
    made = deployed(workers, tmp_path, "pooled", "train_on: gpu\n")
    made.hold()
    id = workers.ask("retrain/pooled")
    trainer = made.reached()
    parent = engine(workers, id)
    assert parent != trainer
    os.kill(parent, signal.SIGKILL)
    workers.event(id, "AwaitingRetry")  # by the automation: nobody did anything
    made.let_go()
    workers.event(id, "Completed")
    assert workers.run(id)["name"] == "pooled: first"
    (training,) = trainings(workers, "pooled")
    assert training["state_name"] == "Completed"
    assert len(made.runs) == 1
    workers.said(id, "train: (epoch 4 of 4|reused)")  # reused where it ended before the parent was back

    again = workers.ask("retrain/pooled")
    assert workers.ended(again).name == "pooled: hold"
    assert states(workers, again)["train"] == "Reused"
    assert len(trainings(workers, "pooled")) == 1


@pytest.mark.slow
def test_cancelling_the_parent_stops_the_training_and_the_next_run_goes_on_with_it(
    workers: Served, tmp_path: Path
) -> None:
    made = deployed(workers, tmp_path, "stopped", "train_on: auto\n")
    made.hold()
    id = workers.ask("retrain/stopped")
    trainer = made.reached()
    with workers.client() as client:
        state = {"type": "CANCELLING", "name": "Cancelling"}
        client.post(f"/flow_runs/{id}/set_state", json={"state": state}).raise_for_status()
    wait_for_exit(trainer)
    workers.ended(id)
    (training,) = trainings(workers, "stopped")
    assert workers.ended(training["id"]).state_name == "Cancelled"
    made.let_go()
    again = workers.ask("retrain/stopped")
    assert workers.ended(again).name == "stopped: first"
    workers.said(again, "train: start: going on where a run was stopped")


def test_an_error_of_the_training_is_the_error_of_the_run(workers: Served, tmp_path: Path) -> None:
    made = held(tmp_path, "broken", "train_on: gpu\n")
    net = made.folder / "broken_net.py"
    net.write_text(net.read_text().replace("self.head(cells.flatten(1))", "self.head(cells.flatten(1)) * float('nan')"))
    workers.deploy(made.pipeline, gpu_pool="gpu")
    id = workers.ask("retrain/broken")
    ended = workers.ended(id)
    assert ended.state_name == "Failed"
    assert "in the pool gpu: the loss is no longer a number" in str(ended.state.message)  # type: ignore[union-attr]
    retry(workers, id)
    workers.event(id, "Failed")
    assert len(made.runs) == 1
