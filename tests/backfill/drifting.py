"""A dated table whose concept flips on a known day, and its pipeline.

Run as a program, `python -m tests.backfill.drifting PIPELINE PERIOD STAGE` walks it and waits in that stage of that
period, or of none, for a test to kill it right there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keepfit.store.events import Event, watching
from tests import ROOT

KEEPFIT = Path(sys.executable).with_name("keepfit")
YAML = """
name: flips
source: {path: rows.csv}
target: label
features: {x: number, y: number}
model: {family: mlp}
training: {epochs: 12, checkpoint_seconds: 0}
"""
ASKED = ("--time", "when", "--from", "2025-01-04")
"""The first retrain finds one class; the second is before the flip, the third has as many rows of either concept."""


def rows(days: int, *, flip: int | None = 34, per_day: int = 5) -> pd.DataFrame:
    """Rows from 1 January 2025 on: the label is the sign of x until day `flip`, and the other one from then on.

    In the first three days it is always down. More days are the same rows and others after them.
    """
    count = days * per_day
    day, drawn = np.arange(count) / per_day, np.random.default_rng(0).normal(size=(count, 2)).round(4)
    label = np.where((drawn[:, 0] > 0) ^ (day >= (days if flip is None else flip)), "up", "down")
    label[day < 3] = "down"
    when = (pd.Timestamp("2025-01-01") + pd.to_timedelta(day, "D")).astype(str)
    return pd.DataFrame({"when": when, "x": drawn[:, 0], "y": drawn[:, 1], "label": label})


def pipeline(folder: Path, table: pd.DataFrame, yaml: str = YAML) -> Path:
    """Its YAML, beside the rows."""
    table.to_csv(folder / "rows.csv", index=False)
    (folder / "pipeline.yaml").write_text(yaml)
    return folder / "pipeline.yaml"


def stopping(pipeline: Path, at: str, stage: str) -> subprocess.Popen[str]:
    """A walk that says `stopped`, and waits, where its stage is told of in the period that begins `at`."""
    command = [sys.executable, "-m", "tests.backfill.drifting", str(pipeline), at, stage]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def walked(pipeline: Path, *asked: str) -> tuple[dict[str, Any], list[str]]:
    """What `keepfit backfill` prints, without the names of runs, and the lines of its periods."""
    command = [KEEPFIT, "backfill", pipeline, *(asked or ASKED), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "300"})
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    found.pop("page")
    for period in found["periods"]:
        period.pop("report")
    return found, [line for line in done.stderr.splitlines() if line[:1] in "=✓"]


def in_prefect(pipeline: Path) -> dict[str, list[str]]:
    """The same walk, as its Prefect server tells it: periods skipped, periods retrained, and the stages of these."""
    code = f"""
import json
from datetime import date
import httpx
from flows import server
from flows.backfill import backfill

def found(what, **asked):
    return httpx.post(f"{{server.address()}}/{{what}}/filter", json=asked, trust_env=False).json()

backfill({str(pipeline)!r}, "month", date(2025, 1, 4), None, "when")
(walk,) = found("flow_runs", flows={{"name": {{"any_": ["backfill"]}}}}, sort="START_TIME_DESC", limit=1)
inside = found("flow_runs", flow_runs={{"parent_flow_run_id": {{"any_": [walk["id"]]}}}})

def tasks(*runs):
    ids = {{"id": {{"any_": [run["id"] for run in runs]}}}}
    return found("task_runs", flow_runs=ids, sort="EXPECTED_START_TIME_ASC")

print(json.dumps({{
    "skipped": [task["name"] for task in tasks(walk) if task["state"]["name"] == "Skipped"],
    "retrained": [run["name"] for run in inside],
    "stages": [task["name"].rsplit("-", 1)[0] for task in tasks(*inside)],
}}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return shown


def decisions(pipeline: Path) -> list[tuple[str, str]]:
    """The bundles that the walk judged, by content, and how."""
    journal = (pipeline.parent / ".keepfit/backfill/journal.jsonl").read_text()
    return [(line["bundle"], line["outcome"]) for line in map(json.loads, journal.splitlines())]


def _walk(pipeline: Path, at: str, stage: str) -> None:
    from flows.backfill import backfill

    begun = {""}

    def listen(event: Event) -> None:
        if event.stage[:1].isdigit() and event.what == "start":
            begun.add(event.stage)
        if at in begun and event.stage == stage and event.what in ("start", "step"):
            print("stopped", flush=True)
            sys.stdin.read()

    with watching(listen):
        backfill(pipeline, "month", date(2025, 1, 4), None, "when")


if __name__ == "__main__":
    _walk(Path(sys.argv[1]), *sys.argv[2:])
