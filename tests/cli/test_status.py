"""What `keepfit show` tells of runs that ended, failed, were stopped, died or are under way, and of what serves."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

from keepfit import config
from keepfit.cli.showing import show_pipeline
from keepfit.serving.rollback import rollback
from keepfit.serving.status import Status, status_of
from keepfit.store.run import start as begin_only
from tests import bundled
from tests.refusing import go
from tests.store.test_kill import small, start


def newest(pipeline: Path) -> tuple[Status, object]:
    told = status_of(config.load(pipeline))
    return told, told.runs[0]


def shown(pipeline: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool = False) -> str:
    capsys.readouterr()
    show_pipeline(pipeline, as_json=as_json)
    return capsys.readouterr().out


def test_a_run_under_way_is_told_from_a_dead_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = small(tmp_path)
    run = start(pipeline, "train")
    assert run.stdout is not None
    assert "train step\n" in run.stdout
    _, told = newest(pipeline)
    assert (told.state, told.pid, told.progress.stage) == ("under way", run.pid, "train")
    assert "under way" in shown(pipeline, capsys)
    run.kill()
    run.communicate()
    _, told = newest(pipeline)
    assert (told.state, told.progress.stage) == ("died", "train")
    said = shown(pipeline, capsys)
    assert "died without a word: train" in said
    assert told.run in said


@pytest.mark.parametrize(("number", "words"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
def test_a_run_that_was_stopped_is_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int, words: str
) -> None:
    pipeline = small(tmp_path)
    run = start(pipeline, "validate")
    assert run.stdout is not None
    assert "validate step\n" in run.stdout
    run.send_signal(number)
    run.communicate()
    _, told = newest(pipeline)
    assert (told.state, told.failure.stage, told.failure.stopped) == ("stopped", "validate", True)
    said = shown(pipeline, capsys)
    assert "The last run was stopped in validate: " in said
    assert words in said
    page = (tmp_path / f".keepfit/runs/{told.run}/report.html").read_text()
    assert "<h1>Stopped</h1>" in page


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline whose run stopped at rows that fail an expectation."""
    pipeline = small(tmp_path_factory.mktemp("failed"))
    rows = pipeline.with_name("breast_cancer.csv")
    lines = rows.read_text().splitlines()
    rows.write_text("\n".join([lines[0], *("-" + line if n < 100 else line for n, line in enumerate(lines[1:]))]))
    assert go(pipeline) == 2
    return pipeline


def test_a_failed_run_names_its_stage_and_has_a_report(failed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, told = newest(failed)
    assert (told.state, told.failure.stage, told.failure.kind) == ("failed", "validate", "DataError")
    assert f"The last run failed in validate: {told.failure.message}" in shown(failed, capsys)
    page = (failed.parent / f".keepfit/runs/{told.run}/report.html").read_text()
    for words in ("<h1>Failed</h1>", "in validate", "validation.stop: false", "mean_radius", "stays there"):
        assert words in page


def test_the_same_as_json(failed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(shown(failed, capsys, as_json=True))
    assert told["runs"][0]["failure"]["stage"] == "validate"
    assert Status.model_validate(told) == status_of(config.load(failed))


def test_a_rollback_and_what_is_barred_are_told_and_nothing_is_cut_short(pipeline, capsys) -> None:
    fair, good = pipeline.bundle("fair", bundled.FAIR), pipeline.bundle("good")
    pipeline.release(fair)
    pipeline.release(good)
    rollback(pipeline.config, "complaints from the ward")
    said = shown(pipeline.file, capsys)
    assert f"Rolled back: bundle {good.id}, on " in said
    assert "because: complaints from the ward" in said
    assert f"Barred until forced: {good.id}" in said
    assert f"bundle {fair.id}, since" in said
    assert "…" not in said
    told = status_of(pipeline.config)
    assert (told.barred, told.serving.bundle) == ((good.id,), fair.id)


def test_damage_is_told_and_shows_the_rest(pipeline, capsys) -> None:
    pipeline.release(pipeline.bundle("good"))
    damaged = begin_only(pipeline.config).folder / "record.json"
    damaged.write_text("[]")
    shutil.rmtree(pipeline.store / "stages/export/good")
    said = shown(pipeline.file, capsys)
    assert f"{damaged} is damaged" in said
    assert "But: " in said
    assert "keepfit verify" in said


def test_marks_of_the_terminal_in_a_name_are_letters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "[bold]x[link]"
    folder.mkdir()
    pipeline = small(folder)
    assert "[bold]x[link]" in shown(pipeline, capsys)


def test_the_metric_shown_is_the_one_the_rules_name(pipeline: object, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.release(pipeline.bundle("good"))  # type: ignore[attr-defined]
    assert "accuracy 9" in shown(pipeline.file, capsys)  # type: ignore[attr-defined]
    pipeline.write("release: {metric: log_loss}\n")  # type: ignore[attr-defined]
    assert "accuracy 9" not in shown(pipeline.file, capsys)  # type: ignore[attr-defined]
