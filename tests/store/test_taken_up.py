"""A run that is asked for again is the same run; one that makes all anew uses nothing of the others."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Event as Signal
from pathlib import Path

import pytest

from keepfit.config import Pipeline
from keepfit.errors import BugError, ConfigError, KeepfitError, MachineError, TransientError, named
from keepfit.store.artifacts import Prepared
from keepfit.store.locks import is_being_written, part_lock
from keepfit.store.run import Request, Run, attached, begin
from keepfit.store.stage import made_elsewhere, parts_of
from tests.cli import test_run
from tests.cli.test_run import config, made, second, with_training

__all__ = ["config"]


def go(config: Pipeline, request: str = "", *, fresh: bool = False, fail: bool = False) -> Run:
    made.clear()
    with begin(config, request=Request(request), fresh=fresh) as run:
        first = test_run._first(run)
        if fail:
            raise ConfigError("planted.")
        second(run, first)
    return run


def test_a_failed_run_that_is_asked_for_again_goes_on_under_its_id(config: Pipeline) -> None:
    with pytest.raises(ConfigError):
        go(config, "one", fail=True)
    again = go(config, "one")
    assert made == ["second"]
    assert [path.name for path in (again.store / "runs").iterdir()] == [again.id]
    record = again.record()
    assert (record.request, record.failure, record.stages["first"].reason) == ("one", None, f"same as run {again.id}")
    assert record.ended


def test_another_request_is_another_run(config: Pipeline) -> None:
    assert go(config, "one").id != go(config, "two").id != go(config).id


def test_all_is_made_anew_once_and_a_retry_of_it_uses_what_it_made(config: Pipeline) -> None:
    before = go(config)
    with pytest.raises(ConfigError):
        go(config, "anew", fresh=True, fail=True)
    assert made == ["first"]
    anew = go(config, "anew", fresh=True)
    assert made == ["second"]
    assert anew.outcome("second").reason == "everything was asked for anew"
    assert go(config).outcome("second").reused
    assert anew.id != before.id


def test_a_run_that_waits_for_a_person_has_not_failed(config: Pipeline) -> None:
    class Pause(BaseException):
        pass

    told: list[str] = []
    with pytest.raises(Pause), begin(config, lambda run: told.append(run.id), Request("r")) as run:
        run.add(waiting="Better: +1 points.")
        raise Pause
    record = run.record()
    assert (record.waiting, record.failure, record.ended, told) == ("Better: +1 points.", None, None, [])
    assert go(config, "r").record().waiting == ""


def test_a_stage_executed_by_another_process_counts_for_the_run_that_waits(config: Pipeline) -> None:
    with begin(config) as run:
        first = test_run._first(run)
        with attached(config, run.id) as there:
            made_there = second(there, first)
        assert run.outcome("second").reason == "first run"
        assert run.store.find("second", run.outcome("second").key, Prepared)[0] == made_there
    with begin(config) as later:
        assert made_elsewhere(later, "second", Prepared, parts_of(second, later, first)) == made_there
        assert later.outcome("second").reason == f"same as run {run.id}"
        other = with_training(config, lr=0.5)
    with begin(other) as changed:
        assert made_elsewhere(changed, "second", Prepared, parts_of(second, changed, first)) is None


def test_what_went_wrong_elsewhere_is_known_to_the_run_that_waits(config: Pipeline) -> None:
    with begin(config) as run:
        with pytest.raises(TransientError), attached(config, run.id):
            raise TransientError("the disk of the other machine is away.")
        failure = run.record().failure
        assert failure is not None
        assert (failure.kind, failure.message) == ("TransientError", "the disk of the other machine is away.")


def test_the_names_of_our_errors_lead_back_to_them() -> None:
    for kind in (ConfigError, TransientError, MachineError):
        assert named(kind.__name__) is kind
    assert named("ZeroDivisionError") is BugError
    assert issubclass(named("DataError"), KeepfitError)


def test_an_output_has_one_writer_and_is_not_swept_away_under_it(config: Pipeline) -> None:
    context = multiprocessing.get_context("spawn")
    holds, ends = context.Event(), context.Event()
    with begin(config) as run:
        part = run.store.begin("train", "k", resume=True)
        writer = context.Process(target=hold, args=(part, holds, ends))
        writer.start()
        assert holds.wait(60)
        assert is_being_written(part)
        with pytest.raises(MachineError, match="another process is making"), part_lock(part):
            pass
        run.store.sweep()
        assert part.is_dir()
        ends.set()
        writer.join(60)
        assert not is_being_written(part)
        run.store.sweep()
        assert not part.exists()


def hold(part: Path, holds: Signal, ends: Signal) -> None:
    with part_lock(part):
        holds.set()
        ends.wait(60)
