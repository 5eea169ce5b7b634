"""The walk as people start it, on rows whose concept flips on a known day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keepfit import config
from keepfit.store.files import sha256
from tests.backfill.drifting import YAML, decisions, in_prefect, pipeline, rows, stopping, walked
from tests.chain import retrain
from tests.store.test_kill import STAGES


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and "backfill" not in path.parts)
    return {str(path.relative_to(folder)): sha256(path) for path in files}


def outcomes(found: dict[str, Any]) -> list[str]:
    return [period["outcome"] for period in found["periods"]]


def test_following_the_verdicts_beats_never_retraining_where_the_concept_flips(tmp_path: Path) -> None:
    found, lines = walked(pipeline(tmp_path, rows(122)))
    assert outcomes(found) == ["FAILED", "FIRST", "REJECT", "PROMOTE"]
    assert "label" in found["periods"][0]["sentence"]
    assert [line[0] for line in lines] == ["✓"] * 4
    assert found["against"]["never"]["low"] > 0
    last = found["periods"][-1]
    assert last["was_right"]
    assert last["earned"]["followed"] == last["earned"]["always"] > 0.9 > 0.1 > last["earned"]["never"]
    page = (tmp_path / ".keepfit/backfill/backfill.html").read_text()
    assert found["sentence"] in page
    assert page.count("report.html") == 4


@pytest.mark.slow
def test_where_rows_were_added_the_periods_before_are_skipped_and_prefect_shows_each(tmp_path: Path) -> None:
    file = pipeline(tmp_path, rows(92))
    found, _ = walked(file)
    assert outcomes(found) == ["FAILED", "FIRST", "REJECT"]
    pipeline(tmp_path, rows(122))
    shown = in_prefect(file)
    assert shown["skipped"] == ["2025-01-04", "2025-02-04", "2025-03-04"]
    assert shown["retrained"] == ["2025-04-04"]
    assert shown["stages"] == [*STAGES]
    found, lines = walked(file)
    assert [line[0] for line in lines] == ["="] * 4
    assert outcomes(found)[-1] == "PROMOTE"


@pytest.mark.slow
def test_killed_in_every_period_it_ends_as_an_undisturbed_one_and_touches_nothing_live(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("undisturbed", "killed")]
    for folder in folders:
        folder.mkdir()
    undisturbed, killed = (pipeline(folder, rows(122)) for folder in folders)
    retrain(config.load(killed))
    live = contents(killed.parent)
    expected, _ = walked(undisturbed)
    for at, stage in (("2025-02-04", "train"), ("2025-03-04", "export"), ("2025-04-04", "release"), ("", "answer")):
        victim = stopping(killed, at, stage)
        assert victim.stdout is not None
        assert any(line == "stopped\n" for line in victim.stdout), (at, stage)
        victim.kill()
        victim.communicate()
    found, lines = walked(killed)
    assert [line[0] for line in lines[:2]] == ["=", "="]
    assert (found, decisions(killed)) == (expected, decisions(undisturbed))
    again, lines = walked(killed)
    assert [line[0] for line in lines] == ["="] * 4
    assert (again, decisions(killed)) == (expected, decisions(undisturbed))
    assert contents(killed.parent) == live


@pytest.mark.slow
def test_where_nothing_changes_never_retraining_is_no_worse_by_more_than_chance(tmp_path: Path) -> None:
    file = pipeline(tmp_path, rows(150, flip=None))
    found, _ = walked(file, "--time", "when", "--every", "30d", "--from", "2025-02-04")
    assert found["periods"][0]["outcome"] == "FIRST"
    assert abs(found["earned"]["followed"] - found["earned"]["never"]) < 0.03
    assert found["earned"]["never"] > 0.95


@pytest.mark.slow
def test_a_changed_rule_begins_anew_and_trains_nothing(tmp_path: Path) -> None:
    file = pipeline(tmp_path, rows(122))
    first, _ = walked(file)
    trained = set((tmp_path / ".keepfit/backfill/stages/train").iterdir())
    pipeline(tmp_path, rows(122), YAML + "release: {gates: {accuracy: 0.99}}\n")
    found, lines = walked(file)
    assert [line[0] for line in lines] == ["✓"] * 4
    assert {period["outcome"] for period in found["periods"]} == {"FAILED", "REJECT"}
    assert set((tmp_path / ".keepfit/backfill/stages/train").iterdir()) == trained
    pipeline(tmp_path, rows(122))
    assert walked(file)[0] == first
