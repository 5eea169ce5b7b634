"""A run that was ended from outside can tell nobody: it is told for it, once it is clear that it does not go on."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from httpx import HTTPStatusError
from prefect.client.orchestration import get_client

from flows.operating import automations, dead_runs, no_worker, pools
from flows.operating.deploying import deploy
from keepfit.errors import ConfigError
from tests.operation.held import Held, held
from tests.operation.served import LONG, Served
from tests.operation.test_running import deployed

Hook = tuple[Queue[Any], int]


def told(server: Served, folder: Path, name: str, hook: Hook) -> Held:
    """A pipeline whose failures are posted to the hook in two ways, and whose trainings stop at their first step."""
    made = deployed(server, folder, name, _to(server, name, hook))
    net = made.folder / f"{name}_net.py"
    net.write_text(net.read_text().replace("STEPS = 30", "STEPS = 1"))
    made.hold()
    return made


def _to(server: Served, name: str, hook: Hook) -> str:
    to = f'["json://127.0.0.1:{hook[1]}", "{server.webhook(name, hook[1])}"]'
    return f"notify: {{to: {to}, on: [failed]}}\n"


KILLED = f"Process exited with status code: {-signal.SIGKILL}"


def check(server: Served, name: str, id: str, hook: Hook, why: str = KILLED) -> None:
    """One message to each address, which names the run and what became of it."""
    (_, sent), (_, by_block) = (hook[0].get(timeout=LONG) for _ in range(2))
    assert sent["title"] == by_block["title"] == f"keepfit: {name}: failed"
    assert sent["message"] == by_block["text"]
    assert sent["message"].startswith(f"This run crashed and does not go on by itself. {why}")
    assert f"/flow-run/{id}" in sent["message"]
    assert server.ended(server.first(f"alert/{name}")).state_name == "Completed"
    assert hook[0].empty()


@pytest.mark.slow
def test_a_run_that_crashed_and_is_not_run_again_is_told(
    workers: Served, tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automations, "LOST", timedelta(seconds=10))
    made = told(workers, tmp_path, "crashed", hook)
    with workers.without(dead_runs.AGAIN):
        id = workers.ask("retrain/crashed")
        os.kill(made.reached(), signal.SIGKILL)
        check(workers, "crashed", id, hook)


@pytest.mark.slow
def test_a_run_that_dies_before_it_begins_is_told_and_not_tried_for_ever(
    workers: Served, tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automations, "LOST", 2 * dead_runs.PAUSE)
    told(workers, tmp_path, "missing", hook)
    uninstall(workers, "missing")
    id = workers.ask("retrain/missing")
    check(workers, "missing", id, hook, "Process exited with status code: 1")
    assert (workers.run(id)["state_name"], workers.run(id)["run_count"]) == ("Crashed", 0)


@pytest.mark.slow
def test_a_run_whose_next_tries_die_before_they_begin_is_given_up_and_told(
    workers: Served, tmp_path: Path, hook: Hook
) -> None:
    made = told(workers, tmp_path, "unbegun", hook)
    id = workers.ask("retrain/unbegun")
    pid = made.reached()
    uninstall(workers, "unbegun")
    os.kill(pid, signal.SIGKILL)
    workers.event(id, "Failed")
    check(workers, "unbegun", id, hook, dead_runs.ABANDONED)
    run = workers.run(id)
    assert (run["state_name"], run["run_count"]) == ("Failed", 1)
    twice = workers.database == "SQLite"  # busy, it may count an event again that some automation could not take
    assert dead_runs.TRIES - twice <= deaths(workers, id) <= dead_runs.TRIES


def uninstall(server: Served, name: str) -> None:
    """From now on a run of the pipeline finds no flow."""
    there = server.deployment(f"retrain/{name}")["id"]
    with server.client() as client:
        client.patch(f"/deployments/{there}", json={"entrypoint": "flows.nowhere.retrain"}).raise_for_status()


def deaths(server: Served, id: str) -> int:
    with server.client() as client:
        states = client.get("/flow_run_states/", params={"flow_run_id": id}).json()
    return [state["name"] for state in states].count("Crashed")


@pytest.mark.slow
def test_a_run_that_dies_every_every_time_is_told_once_its_tries_are_over(
    workers: Served, tmp_path: Path, hook: Hook
) -> None:
    made = told(workers, tmp_path, "doomed", hook)
    id = workers.ask("retrain/doomed")
    for _ in range(dead_runs.TRIES):
        os.kill(made.reached(), signal.SIGKILL)
    check(workers, "doomed", id, hook)
    assert workers.run(id)["run_count"] == dead_runs.TRIES


@pytest.mark.slow
def test_a_pool_without_a_worker_is_told_by_the_server_itself(
    server: Served, tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_worker, "ALONE", timedelta(seconds=10))
    monkeypatch.setenv("PREFECT_WORKER_HEARTBEAT_SECONDS", "3")  # three missed, and it is taken for gone
    made = held(tmp_path, "left", _to(server, "left", hook) + "train_on: here\n")
    with server.here(), get_client(sync_client=True) as client:
        pools.keep(client, "left", gpu=False)
        list(deploy([made.pipeline], "left"))
    with server.worker("left"):
        server.pool("left", "READY")
    _, by_block = hook[0].get(timeout=LONG)
    assert by_block["title"] == "keepfit: left: failed"
    assert by_block["text"].startswith("The work pool left has no worker: runs there do not begin.\n\nStart one: ")
    asked = server.first("alert/left")
    with server.worker("left"):
        _, sent = hook[0].get(timeout=LONG)
        assert sent["title"] == "keepfit: left: failed"
        assert sent["message"].startswith("The work pool left ha")
        assert server.ended(asked).state_name == "Completed"
    assert hook[0].empty()


def test_a_block_that_is_not_there_is_named_before_anything_is_deployed(server: Served, tmp_path: Path) -> None:
    made = held(tmp_path, "blockless", "notify: {to: ['block:slack-webhook/nobody']}\n")
    with pytest.raises(ConfigError, match='"block:slack-webhook/nobody", and the Prefect server has no such block'):
        server.deploy(made.pipeline)
    with server.client() as client, pytest.raises(HTTPStatusError):
        client.get("/deployments/name/retrain/blockless").raise_for_status()


def test_nobody_who_does_not_want_to_know_is_told(server: Served, tmp_path: Path) -> None:
    made = deployed(server, tmp_path, "silent", "notify: {to: ['json://127.0.0.1:1'], on: [failed]}\n")
    assert server.deployment("alert/silent")["name"] == "silent"
    text = made.pipeline.read_text()
    made.pipeline.write_text(text.replace("on: [failed]", "on: [promote]"))
    said = server.deploy(made.pipeline, gpu_pool="gpu", prune=True)
    assert "alert/silent: taken away" in said
    with server.client() as client:
        names = {one["name"] for one in client.post("/automations/filter", json={"limit": 200}).json()}
    assert not names & {
        named("silent") for named in (automations.alert_name, automations.given_up_name, no_worker.name_of)
    }
