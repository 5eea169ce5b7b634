"""What `keepfit init` writes, runs: whatever it accepts, no stage refuses."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from keepfit import config
from keepfit.drafting import draft
from keepfit.drafting.drafted import name_of
from keepfit.errors import DataError, InputError
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.validation import validate
from keepfit.store.events import watching
from keepfit.store.run import begin
from tests import chain
from tests.drafting.made_tables import Made, tables

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def drafted(made: Made, folder: Path) -> config.Pipeline | None:
    """The pipeline that init writes for a table; None where it refuses it."""
    (folder / "t.csv").write_text(made.text(), newline="", encoding="utf-8")
    try:
        file = draft(folder / "t.csv", made.target, folder=folder).pipeline
    except InputError:
        return None
    file.write_text(file.read_text(encoding="utf-8") + "training: {epochs: 1}\n", encoding="utf-8")
    return config.load(file)


def prepared(pipeline: config.Pipeline) -> None:
    """The three stages that look at the rows, and refuse."""
    with begin(pipeline) as run:
        preprocess(run, validate(run, ingest(run)))


@settings(max_examples=24, suppress_health_check=SLOW)
@given(tables())
def test_no_stage_that_looks_at_the_rows_refuses(made: Made) -> None:
    with TemporaryDirectory() as folder, watching(lambda _: None):
        pipeline = drafted(made, Path(folder))
        if pipeline is not None:
            prepared(pipeline)


@settings(max_examples=4, suppress_health_check=SLOW)
@given(tables())
def test_it_comes_to_a_verdict(made: Made) -> None:
    to_a_verdict(made)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=SLOW)
@given(tables())
def test_each_comes_to_a_verdict(made: Made) -> None:
    to_a_verdict(made)


def to_a_verdict(made: Made) -> None:
    with TemporaryDirectory() as folder, watching(lambda _: None):
        pipeline = drafted(made, Path(folder))
        if pipeline is not None:
            assert chain.retrain(pipeline).verdict.sentence


def two_files(folder: Path, extra: int) -> None:
    """Train rows of two classes, and test rows of which `extra` are of a third."""
    lines = [f"{i % 17},{'ab'[i % 2]}\n" for i in range(100)]
    (folder / "train.csv").write_text("x,y\n" + "".join(lines))
    tested = [f"{i}.5,{'ab'[i % 2]}\n" for i in range(70)] + [f"{i}.7,c\n" for i in range(extra)]
    (folder / "test.csv").write_text("x,y\n" + "".join(tested))


def test_classes_that_only_the_test_file_has_are_set_aside(tmp_path: Path) -> None:
    two_files(tmp_path, 3)
    found = draft(tmp_path / "train.csv", "y", test=tmp_path / "test.csv", folder=tmp_path)
    assert 'The test file has 3 rows of the class "c", which the train file has not: they are set aside.' in found.said
    with watching(lambda _: None):
        prepared(config.load(found.pipeline))


def test_too_many_of_them_are_refused_at_once(tmp_path: Path) -> None:
    two_files(tmp_path, 30)
    with pytest.raises(DataError, match='30 rows of the class "c"'):
        draft(tmp_path / "train.csv", "y", test=tmp_path / "test.csv", folder=tmp_path)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"x": "7", "gap": lambda i: "5" if i < 3 else ""}, '"gap" is left out: it has a value in 3 of the 40'),
        ({"x": "7", "vast": lambda i: f"{i % 7}.5e200"}, '"vast" is left out: it has values beyond 1e\\+150'),
    ],
)  # fmt: skip
def test_a_column_that_a_run_would_refuse_is_left_out_and_said(tmp_path: Path, columns, words: str) -> None:
    names = [*columns, "y"]
    rows = [[str(i % 9) if cell == "7" else cell(i) for cell in columns.values()] + ["ab"[i % 2]] for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(",".join(row) for row in [names, *rows]) + "\n")
    assert re.search(words, "\n".join(draft(tmp_path / "t.csv", "y", folder=tmp_path).said))


@pytest.mark.parametrize(
    ("path", "name"),
    [("churn/train.csv", "churn"), ("churn/data/train_2024.csv", "churn"), ("churn/data.parquet", "churn"),
     ("x/adult.data", "adult"), ("sales/2024-01.csv", "sales"), ("data/data/data.csv", "data"),
     ("wine/数据.csv", "wine"),
     ("iris/train", "iris")],
)  # fmt: skip
def test_a_pipeline_is_called_by_what_says_most(path: str, name: str) -> None:
    assert name_of(Path("/") / path) == name


def test_dates_propose_a_split_by_time(tmp_path: Path) -> None:
    rows = [f"{i % 9},20{i % 20 + 10}-0{i % 9 + 1}-11,{'ab'[i % 2]}\n" for i in range(60)]
    (tmp_path / "t.csv").write_text("x,seen on,y\n" + "".join(rows))
    text = draft(tmp_path / "t.csv", "y", folder=tmp_path).pipeline.read_text()
    line = next(line for line in text.splitlines() if "by: time" in line)
    assert line.strip().startswith('# by: time, column: "seen on"  # better where')


def test_a_rare_class_is_compared_by_log_loss_and_said(tmp_path: Path) -> None:
    rows = [f"{i % 9},{'fraud' if i % 40 == 0 else 'ok'}\n" for i in range(400)]
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(rows))
    found = draft(tmp_path / "t.csv", "y", folder=tmp_path)
    drafted = config.load(found.pipeline)
    assert drafted.metric == "log_loss"
    assert drafted.judging == {"positive": "fraud"}
    assert 'The positive class is "fraud" (problem.positive)' in "\n".join(found.said)
    assert re.search('Only 2.5% of the rows are of the class "fraud".*release.metric', "\n".join(found.said))
