"""Pipelines run by real workers of a real server: by the form, again after a failure, with a person's answer."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.base import PrefectHttpxSyncClient

from flows.operating.automations import events_name
from tests.operation.held import Held, held
from tests.operation.served import Served


def deployed(server: Served, folder: Path, name: str, more: str = "") -> Held:
    made = held(folder, name, more)
    server.deploy(made.pipeline, gpu_pool="gpu")
    return made


def states(server: Served, id: str) -> dict[str, str]:
    """The stages of a run and the state that each ended in, of several tries the last.

    The server learns of a task's states by events, and may know of the run's end before it knows of theirs.
    """
    wanted = {"flow_runs": {"id": {"any_": [id]}}, "sort": "EXPECTED_START_TIME_ASC"}

    def ended(client: PrefectHttpxSyncClient) -> dict[str, str] | None:
        found = client.post("/task_runs/filter", json=wanted).json()
        last = {one["name"].rpartition("-")[0]: (one["state_type"], one["state_name"]) for one in found}
        under_way = {kind for kind, _ in last.values()} & {"SCHEDULED", "PENDING", "RUNNING"}
        return None if under_way else {name: state for name, (_, state) in last.items()}

    return server.until(ended)


def retry(server: Served, id: str) -> None:
    """What the button Retry in the UI does."""
    state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}
    with server.client() as client:
        client.post(f"/flow_runs/{id}/set_state", json={"state": state, "force": True}).raise_for_status()


def test_what_the_form_asks_for_is_done_and_seen(workers: Served, tmp_path: Path) -> None:
    made = deployed(workers, tmp_path, "forms")
    dry = workers.ended(workers.ask("retrain/forms", mode="dry run"))
    assert (dry.name, dry.state_name) == ("forms: dry run", "Completed")
    assert "569 rows may be used" in str(dry.state.message)  # type: ignore[union-attr]
    assert not (made.folder / ".keepfit/journal.jsonl").exists()
    artifact = report_of(workers, str(dry.id))
    assert artifact["data"].startswith("# Dry run\n\n569 rows may be used")
    assert Path(re.search(r"report `(.+)`", artifact["data"])[1]).is_file()  # type: ignore[index]

    id = workers.ask("retrain/forms", notes="the first one", minutes=5)
    first = workers.ended(id)
    assert (first.name, first.state_name) == ("forms: first", "Completed")
    assert "verdict:first" in first.tags
    for line in (
        "ingest: reused: same as run",
        "train: epoch 4 of 4",
        "release: done",
        f"Report: {re.escape(str(made.folder))}",
    ):
        workers.said(id, line)
    artifact = report_of(workers, id)
    assert artifact["data"].startswith("# ")
    assert "The first model of this pipeline" in artifact["description"]

    measured = workers.ended(workers.ask("retrain/forms", mode="evaluate only"))
    assert measured.name == "forms: evaluated"
    assert "version 1, in service" in str(measured.state.message)  # type: ignore[union-attr]
    assert report_of(workers, str(measured.id))["data"].startswith("# Evaluate only\n\n")
    assert measured.tags == [*sorted({*first.tags} - {"verdict:first"} | {"mode:evaluated"})]

    anew = workers.ask("retrain/forms", mode="full retrain", promote="hold", reason="a look", minutes=5)
    assert workers.ended(anew).name == "forms: hold"
    assert set(states(workers, anew).values()) == {"Completed"}


def report_of(server: Served, id: str) -> dict[str, Any]:
    with server.client() as client:
        found = client.post("/artifacts/filter", json={"flow_runs": {"id": {"any_": [id]}}}).json()
    (one,) = found
    return dict(one)


def test_a_retried_run_does_only_what_is_left(workers: Served, tmp_path: Path) -> None:
    made = deployed(workers, tmp_path, "retried")
    planted = made.folder / ".keepfit/service.lock"
    planted.mkdir(parents=True)
    id = workers.ask("retrain/retried")
    failed = workers.ended(id)
    assert (failed.name, failed.state_name) == ("retried: not ended", "Failed")
    assert "this is no lock file" in str(failed.state.message)  # type: ignore[union-attr]
    shutil.rmtree(planted)
    retry(workers, id)
    workers.event(id, "Completed")
    stages = states(workers, id)
    assert stages.pop("release") == "Completed"
    assert set(stages.values()) == {"Reused"}
    assert len(made.runs) == 1


def test_a_person_is_asked_and_the_same_run_goes_on_with_the_answer(workers: Served, tmp_path: Path) -> None:
    made = deployed(workers, tmp_path, "asked", "approval: on_promote\n")
    id = workers.ask("retrain/asked")
    workers.event(id, "Suspended")
    with workers.client() as client:
        assert client.get(f"/flow_runs/{id}/input/suspended-approval-1-schema").is_success  # before the run waits
    workers.suspended(id)
    assert not (made.folder / ".keepfit/champion.json").exists()
    with workers.client() as client:
        wrong = client.post(f"/flow_runs/{id}/resume", json={"run_input": {"answer": "perhaps"}}).json()
        assert wrong["status"] == "REJECT"
    second = workers.ended(workers.ask("retrain/asked"))  # the schedule's, while the first one waits
    assert "already, because: the run" in str(second.state.message)  # type: ignore[union-attr]
    with workers.client() as client:
        client.post(f"/flow_runs/{id}/resume", json={"run_input": {}})  # by mistake: nobody answered
    workers.event(id, "Resuming")
    workers.suspended(id)
    answer(workers, id)
    workers.event(id, "Completed")
    message = workers.run(id)["state"]["message"]
    assert message.endswith("Approved by Ann, because: looks right.")
    assert len(made.runs) == 2
    assert '"who":"Ann"' in (made.folder / ".keepfit/journal.jsonl").read_text()


@pytest.mark.slow
def test_an_answer_to_a_run_that_may_not_go_on_is_carried_out_by_the_one_under_way(
    workers: Served, tmp_path: Path
) -> None:
    made = deployed(workers, tmp_path, "answered", "approval: on_promote\n")
    id = workers.ask("retrain/answered")
    workers.event(id, "Suspended")
    workers.suspended(id)
    made.hold()
    second = workers.ask("retrain/answered", mode="full retrain")
    made.reached()
    answer(workers, id)
    assert workers.ended(id).state_name == "Cancelled"
    made.let_go()
    assert str(workers.ended(second).state.message).endswith("Approved by Ann, because: looks right.")  # type: ignore[union-attr]
    assert "carried out its answer" in (made.folder / f".keepfit/runs/{made.runs[0]}/record.json").read_text()


@pytest.mark.slow
def test_a_question_whose_run_a_person_cancelled_is_asked_again(workers: Served, tmp_path: Path) -> None:
    deployed(workers, tmp_path, "unasked", "approval: on_promote\n")
    id = workers.ask("retrain/unasked")
    workers.event(id, "Suspended")
    workers.suspended(id)
    with workers.client() as client:
        client.post(f"/flow_runs/{id}/set_state", json={"state": {"type": "CANCELLED"}, "force": True})
    second = workers.ask("retrain/unasked")
    workers.event(second, "Suspended")
    workers.suspended(second)
    answer(workers, second)
    workers.event(second, "Completed")
    assert workers.run(second)["state"]["message"].endswith("Approved by Ann, because: looks right.")


def answer(server: Served, id: str) -> None:
    """What the form of a suspended run sends."""
    given = {"answer": "approve", "reason": "looks right", "name": "Ann"}
    with server.client() as client:
        client.post(f"/flow_runs/{id}/resume", json={"run_input": given}).raise_for_status()


def test_one_pipeline_runs_once_at_a_time_and_keeps_no_other_from_running(workers: Served, tmp_path: Path) -> None:
    made, other = deployed(workers, tmp_path, "busy"), deployed(workers, tmp_path, "beside")
    made.hold()
    id = workers.ask("retrain/busy")
    made.reached()
    second = workers.ended(workers.ask("retrain/busy"))
    assert second.state_name == "Cancelled"
    assert workers.ended(workers.ask("retrain/beside", mode="dry run")).name == "beside: dry run"
    assert len(other.runs) == 1
    made.let_go()
    assert workers.ended(id).name == "busy: first"


def test_rows_that_are_new_start_a_run(workers: Served, tmp_path: Path) -> None:
    deployed(workers, tmp_path, "watched", "schedule: {new_data: 1h}\n")
    workers.only_ask("retrain/watched")
    started = workers.ended(workers.ask("watch/watched"))
    assert "The source changed: the run" in str(started.state.message)  # type: ignore[union-attr]
    assert "by:new-data" in workers.run(workers.first("retrain/watched"))["tags"]
    again = workers.ended(workers.ask("watch/watched"))
    assert str(again.state.message) == "Nothing new in the source."  # type: ignore[union-attr]


def test_another_system_starts_a_run_by_an_event(server: Served, tmp_path: Path) -> None:
    deployed(server, tmp_path, "told")
    server.only_ask("retrain/told")
    event = {
        "occurred": datetime.now(UTC).isoformat(),
        "event": "keepfit.new-data",
        "resource": {"prefect.resource.id": "keepfit.pipeline.told"},
        "id": str(uuid4()),
    }
    with server.client() as client:
        client.post("/events", json=[event]).raise_for_status()
    assert server.run(server.first("retrain/told"))["created_by"]["display_value"] == events_name("told")


@pytest.mark.parametrize("bad", [{"promote": "force"}, {"mode": "dry run", "promote": "hold"}])
def test_what_contradicts_itself_is_refused_at_once(bad: dict[str, Any]) -> None:
    from flows.form import Form
    from keepfit.errors import ConfigError

    with pytest.raises(ConfigError, match="promote is"):
        Form(**bad)
