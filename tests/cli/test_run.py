from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from keepfit.config import Pipeline, load
from keepfit.errors import DataError
from keepfit.store.artifacts import Prepared
from keepfit.store.events import Event, watching
from keepfit.store.records import Failure
from keepfit.store.run import Run, begin
from keepfit.store.stage import Room, stage

made: list[str] = []


@stage(reads=("training.seed",))
def _first(room: Room) -> Prepared:
    made.append("first")
    (room.path / "rows").write_text(str(room.config.training.seed))
    return Prepared(train=1, validation=1, test=1, repeated=0, source="s", judged="j", learned="l")


@stage(reads=("training.lr",))
def second(room: Room, prepared: Prepared) -> Prepared:
    made.append("second")
    if room.config.training.lr == 13:
        raise DataError("the rows are bad.")
    (room.path / "rows").write_text((room.store / prepared.path / "rows").read_text() * 2)
    return prepared


def go(config: Pipeline) -> Run:
    made.clear()
    with begin(config) as run:
        second(run, _first(run))
    return run


def with_training(config: Pipeline, **changes: float) -> Pipeline:
    changed = config.model_copy(update={"training": config.training.model_copy(update=changes)})
    changed._file = config.file
    return changed


@pytest.fixture
def config(carried: Callable[[str], Path]) -> Pipeline:
    return load(carried("breast_cancer"))


def test_nothing_new_runs_nothing_and_names_the_run_that_made_it(config: Pipeline) -> None:
    before = go(config)
    after = go(config)
    assert made == []
    assert (after.outcome("second").reused, after.outcome("second").reason) == (True, f"same as run {before.id}")


def test_a_changed_line_runs_only_the_stages_that_read_it_and_what_follows(config: Pipeline) -> None:
    go(config)
    run = go(with_training(config, lr=0.5))
    assert made == ["second"]
    assert run.outcome("second").reason == "config.training.lr changed"
    run = go(with_training(config, seed=3))
    assert made == ["first", "second"]
    assert run.outcome("first").reason == "config.training.seed changed"


def test_going_back_to_an_earlier_setting_reuses_its_output(config: Pipeline) -> None:
    go(config)
    go(with_training(config, lr=0.5))
    go(config)
    assert made == []


def test_a_lost_output_is_made_again_and_said_to_be_lost(config: Pipeline) -> None:
    run = go(config)
    shutil.rmtree(run.store / f"stages/first/{run.outcome('first').key}")
    assert go(config).outcome("first").reason == "its stored output was lost"
    assert made == ["first"]


def test_a_failed_stage_leaves_nothing_and_the_record_says_why(config: Pipeline) -> None:
    with pytest.raises(DataError):
        go(with_training(config, lr=13))
    *_, failed = go(config).store.records
    assert failed.failure == Failure(stage="second", kind="DataError", message="the rows are bad.")
    assert not list((config.folder / ".keepfit/stages").rglob("*.part"))


def test_an_argument_that_is_no_artifact_is_refused(config: Pipeline) -> None:
    @stage(reads=())
    def cut(room: Room, prepared: Prepared, threshold: float) -> Prepared:
        return prepared

    with begin(config) as run, pytest.raises(TypeError, match="float for threshold"):
        cut(run, _first(run), 0.5)
    assert not list((config.folder / ".keepfit/stages").glob("cut/*"))


def test_a_listener_hears_every_stage(config: Pipeline) -> None:
    heard: list[Event] = []
    with watching(heard.append):
        go(config)
    assert [(e.stage, e.what) for e in heard] == [
        ("first", "start"), ("first", "done"), ("second", "start"), ("second", "done"),
    ]  # fmt: skip
