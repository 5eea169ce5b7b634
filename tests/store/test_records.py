"""Records of runs: read the newest first and no more than is needed; a damaged one is named and stops nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from keepfit import config
from keepfit.store import records
from keepfit.store.events import Event, watching
from keepfit.store.records import Record, Records
from keepfit.store.run import begin
from tests.cli.test_run import _first, go


def plant(folder: Path, *runs: str) -> None:
    for run in runs:
        records.write(folder / run / records.FILE, Record(run=run, pipeline="p", started="2026-01-01", pid=1))


def test_the_newest_come_first_and_only_those_asked_for_are_read(tmp_path: Path) -> None:
    plant(tmp_path, "20260103", "20260101", "20260102")
    (tmp_path / "20260101" / records.FILE).write_text("damaged")
    found = Records(tmp_path)
    assert next(iter(found)).run == "20260103"
    assert [r.run for _, r in zip(range(2), found, strict=False)] == ["20260103", "20260102"]
    assert found.damaged == [], "the oldest was not looked at"
    assert [r.run for r in found] == ["20260103", "20260102"]
    assert found.damaged == [tmp_path / "20260101" / records.FILE]


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nothing"))


def written(text: str | bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


WHOLE = {"run": "r", "pipeline": "p", "started": "2026", "pid": 1}
DAMAGE = {
    "nothing": written(""),
    "half": written('{"run": "20'),
    "a list": written("[]"),
    "a number": written("7"),
    "NaN": written(json.dumps({**WHOLE, "stages": {"train": {"key": 1, "reused": float("nan")}}})),
    "a number where a text stands": written(json.dumps({**WHOLE, "run": 7})),
    "text where stages stand": written(json.dumps({**WHOLE, "stages": "train"})),
    "no text at all": written(b"\xff\x00\xfe"),
    "a tower of brackets": written("[" * 200_000),
    "a folder": a_folder,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_record_is_named_and_passed_over(carried: Callable[[str], Path], damage: str) -> None:
    settings = config.load(carried("breast_cancer"))
    first, second = go(settings), go(settings)
    path = second.folder / records.FILE
    DAMAGE[damage](path)
    heard: list[Event] = []
    with watching(heard.append):
        third = go(settings)
    assert third.outcome("second").reason == f"same as run {first.id}"
    changed = settings.model_copy(update={"training": settings.training.model_copy(update={"lr": 0.5})})
    changed._file = settings.file
    with watching(heard.append):
        go(changed)
    fourth = next(iter(Records(third.folder.parent)))
    assert fourth.stages["second"].reason == "config.training.lr changed"
    assert [r.run for r in Records(third.folder.parent)] == [fourth.run, third.id, first.id]


def test_damage_that_was_met_is_told(carried: Callable[[str], Path]) -> None:
    settings = config.load(carried("breast_cancer"))
    go(settings)
    damaged = go(settings).folder / records.FILE
    damaged.write_text("{")
    heard: list[Event] = []
    with watching(heard.append), begin(settings) as run:
        _first(run)
        list(run.store.records)
    assert [event.message for event in heard if str(damaged) in event.message]
