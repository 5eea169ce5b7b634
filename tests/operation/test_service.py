"""The flows of a model in service: what a batch and a look at it leave on a Prefect server."""

from __future__ import annotations

import re
from pathlib import Path
from queue import Queue
from typing import Any

import polars as pl
import pytest
from prefect.client.base import PrefectHttpxSyncClient

from flows.monitor import monitor
from flows.operating.automations import scored_name
from flows.prune import prune
from flows.score import score
from keepfit.errors import ConfigError, DataError
from keepfit.serving.monitoring import Watched
from keepfit.serving.retention import names
from keepfit.serving.scoring import Summary
from keepfit.store.locks import run_lock
from tests.operation.served import LONG, Served
from tests.serving.nights import Nights
from tests.test_flows import events


def test_a_batch_is_scored_and_looked_at(server: Served, table: Path) -> None:
    rows = pl.read_csv(table.with_name("breast_cancer.csv"))
    rows.with_columns(pl.col("mean_radius") * 2).write_parquet(table.with_name("rows.parquet"))
    with server.here():
        scored: Summary = score(table, rows="rows.parquet", out="out")  # type: ignore[assignment]
        found: Watched = monitor(table)  # type: ignore[assignment]
    assert scored.rows == pl.read_parquet(table.with_name("out")).height == len(rows)
    assert (found.outcome, found.findings[0].name) == ("drift", "mean_radius")
    with server.client() as client:
        runs = {run["name"]: run for run in client.post("/flow_runs/filter", json={}).json()}
        told, looked = runs["breast-cancer: scored"], runs["breast-cancer: drift"]
        assert told["state"]["message"].startswith(f"Scored {len(rows)} rows with version 1")
        assert "monitor:drift" in looked["tags"]
        assert looked["state"]["message"] == found.sentence
        report = client.get("/artifacts/breast-cancer-monitor/latest").json()
        assert "| **!** | mean_radius |" in report["data"]
        assert events(client, "keepfit.monitor.drift")
        assert payload(client)["findings"][0]["name"] == "mean_radius"


def payload(client: PrefectHttpxSyncClient) -> dict[str, list[dict[str, str]]]:
    """What the event of the look holds, on the pipeline that it is about."""
    wanted = {"filter": {"event": {"name": ["keepfit.monitor.drift"]}}}
    (event,) = client.post("/events/filter", json=wanted).json()["events"]
    assert event["resource"]["prefect.resource.id"] == "keepfit.pipeline.breast-cancer"
    content: dict[str, list[dict[str, str]]] = event["payload"]
    return content


def test_what_cannot_be_meant_fails_the_run_with_our_words(server: Served, table: Path) -> None:
    with server.here(), pytest.raises(ConfigError, match="where the answers go must be named once"):
        score(table, rows="rows.parquet")


def test_both_are_deployed_with_a_form(server: Served, table: Path) -> None:
    server.deploy(table)
    for name, field in (("score", "rows"), ("monitor", "labels")):
        found = server.deployment(f"{name}/breast-cancer")
        assert found["entrypoint"] == f"flows.{name}.{name}"
        assert found["parameter_openapi_schema"]["properties"][field]["description"]


@pytest.mark.slow
def test_rows_that_come_are_scored_by_a_schedule_and_looked_at_once(workers: Served, table: Path) -> None:
    rows = pl.read_csv(table.with_name("breast_cancer.csv"))
    rows.with_columns(pl.col("mean_radius") * 2).write_parquet(table.with_name("rows.parquet"))
    clocks = "scoring: {rows: rows.parquet, out: out, every: 20s}\nmonitoring: {after_scoring: true}\n"
    table.write_text(table.read_text().replace("name: breast-cancer", "name: coming") + clocks)
    workers.deploy(table)
    scored, again = workers.named("coming: scored"), workers.named("coming: nothing new")
    assert "auto-scheduled" in scored["tags"]
    assert again["state"]["message"].startswith("These rows were scored before")
    looked = workers.named("coming: drift")
    assert looked["created_by"]["display_value"] == scored_name("coming")
    with workers.client() as client:
        client.post(f"/deployments/{workers.deployment('score/coming')['id']}/pause_deployment")
        wanted = {"deployments": {"id": {"any_": [workers.deployment("monitor/coming")["id"]]}}}
        assert [run["id"] for run in client.post("/flow_runs/filter", json=wanted).json()] == [looked["id"]]


def test_a_batch_that_fails_is_told(server: Served, table: Path, hook: tuple[Queue[Any], int]) -> None:
    heard, port = hook
    table.write_text(f"{table.read_text()}notify: {{to: ['json://127.0.0.1:{port}'], on: [failed]}}\n")
    with server.here(), pytest.raises(DataError):
        score(table, rows="nowhere.parquet", out="out")
    _, sent = heard.get(timeout=LONG)
    assert sent["message"].startswith("This run failed: ")
    assert "nowhere.parquet" in sent["message"]


@pytest.mark.slow
def test_a_store_is_made_smaller_unless_a_run_is_under_way(server: Served, tmp_path: Path) -> None:
    nights = Nights(tmp_path, "runs: 1, outputs: 1")
    for _ in range(3):
        nights.run()
    server.deploy(nights.file)
    assert server.deployment("prune/tumours")["schedules"][0]["schedule"]["cron"] == "30 4 * * 0"
    with server.here():
        with run_lock(nights.store.root):
            assert "A run is under way" in str(prune(nights.file, return_state=True).message)
        assert len(names(nights.store / "runs")) == 3
        said = str(prune(nights.file, return_state=True).message)
    assert re.fullmatch(r"Taken away: .+ \(2 runs, 14 outputs\)\. .+ stay\.", said)
