"""Night after night on one machine nothing is left over: no process, no file, and no run that is too old."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests import ROOT, free_port

RUNS, OUTPUTS, MODELS = 3, 2, 2
"""What the benchmark's pipeline keeps."""
STAGES = 8
NIGHTS = 8
"""The seventh prunes."""


@pytest.mark.slow
def test_nothing_is_left_over_by_scheduled_runs() -> None:
    command = [sys.executable, ROOT / "benchmarks/year.py", "--json"]
    asked = ["--nights", str(NIGHTS), "--port", str(free_port())]
    done = subprocess.run([*command, *asked], capture_output=True, text=True, check=True)
    first, middle, last, year = json.loads(done.stdout)
    assert first["processes"] == middle["processes"] == last["processes"]
    for what, spare in (("flows.server", 10), ("prefect worker start", 2)):  # connections that are kept for a while
        assert last["open_files"][what] <= middle["open_files"][what] + spare
    assert last["files"]["temporary"][0] <= first["files"]["temporary"][0]
    assert last["runs"] <= RUNS + NIGHTS % 7 + MODELS
    assert last["outputs"] <= STAGES * (OUTPUTS + MODELS)
    assert year["rows"]["flow_run"] < last["rows"]["flow_run"]
    assert year["rows"]["log"] < last["rows"]["log"]
