"""The positive class of two: named in the YAML as labels are named, whatever they came in; used by all that is told."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit import config
from keepfit.errors import ConfigError
from keepfit.serving.bundle.model import open_bundle
from keepfit.serving.bundle.seal import answers_of, seal
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.release.compare import Compared, compare
from keepfit.store.artifacts import Evaluated
from keepfit.store.files import read_json, write_json
from keepfit.store.run import start
from tests import bundled
from tests.chain import retrain
from tests.stages import snapshot_by_hand as by_hand
from tests.stages.release.releasing import reason

YAML = """
name: fraud
source: {{{source}}}
target: y
problem: {{kind: classification, positive: {positive}}}
features: {{x: number}}
model: {{family: mlp, members: 1, width: 8}}
training: {{epochs: 20, lr: 0.02}}
{extra}"""


def pipeline(folder: Path, positive: str, source: str = "path: rows.csv", extra: str = "") -> Path:
    file = folder / "pipeline.yaml"
    file.write_text(YAML.format(source=source, positive=positive, extra=extra))
    return file


def csv(folder: Path, labels: list[str]) -> str:
    rows = [f"{n},{label}" for n, label in enumerate(labels * 20)]
    (folder / "rows.csv").write_text("\n".join(["x,y", *rows]) + "\n")
    return "path: rows.csv"


def parquet(folder: Path, labels: list[Any]) -> str:
    pq.write_table(pa.table({"x": np.arange(20 * len(labels)), "y": labels * 20}), folder / "rows.parquet")
    return "path: rows.parquet"


def sql(folder: Path, labels: list[Any]) -> str:
    with sqlite3.connect(folder / "rows.db") as database:
        database.execute("create table t (x integer, y)")
        database.executemany("insert into t values (?, ?)", enumerate(labels * 20))
    return f"sql: select * from t, database: 'sqlite:///{folder}/rows.db'"


@pytest.mark.parametrize("written", ["1", '"1"', "1.0", "' 1 '"])
@pytest.mark.parametrize(("made", "labels"), [(csv, ["1", "0"]), (csv, ["1.0", "0.0"]), (parquet, [1, 0]),
                                              (parquet, [1.0, 0.0]), (sql, [1, 0]), (sql, ["1", "0"])])  # fmt: skip
def test_a_number_names_the_class_that_is_written_so(
    tmp_path: Path, made: Any, labels: list[Any], written: str
) -> None:
    assert ingest(start(config.load(pipeline(tmp_path, written, made(tmp_path, labels))))).classes == ("0", "1")


@pytest.mark.parametrize("written", ["true", "True", '"true"', "TRUE"])
@pytest.mark.parametrize(
    ("made", "labels"), [(csv, ["True", "False"]), (parquet, [True, False]), (sql, ["TRUE", "FALSE"])]
)
def test_a_truth_names_the_class_that_is_written_so(tmp_path: Path, made: Any, labels: list[Any], written: str) -> None:
    assert ingest(start(config.load(pipeline(tmp_path, written, made(tmp_path, labels))))).classes == ("0", "1")


@pytest.mark.parametrize("written", ["yse", "true", "1", "01"])
def test_what_is_no_class_is_refused_with_the_classes_there_are(tmp_path: Path, written: str) -> None:
    source = csv(tmp_path, ["yes", "no"])
    with pytest.raises(ConfigError, match="no row is of such a class") as caught:
        ingest(start(config.load(pipeline(tmp_path, written, source))))
    assert caught.value.allowed == 'There are: "no", "yes".'
    assert ("yes" in caught.value.todo) == (written == "yse")


@pytest.mark.parametrize("written", ['""', "[yes]", "{a: b}"])
def test_what_names_no_class_is_refused_with_its_line(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError, match="name one class") as caught:
        config.load(pipeline(tmp_path, written))
    assert "line 5" in caught.value.where


def test_of_three_classes_none_is_positive(tmp_path: Path) -> None:
    table = by_hand.with_ids(pa.table({"x": np.arange(90.0), "answer": ["a", "b", "c"] * 30}))
    problem = {"kind": "classification", "positive": "b"}
    run, validated = by_hand.validated(by_hand.pipeline(tmp_path, {"x": "number"}, problem=problem), table)
    with pytest.raises(ConfigError, match="names one of two classes, and there are 3"):
        preprocess(run, validated)
    third = [n for n in range(90) if n % 3 == 2]
    run, validated = by_hand.validated(
        by_hand.pipeline(tmp_path / "two", {"x": "number"}, problem=problem), table, third
    )
    assert preprocess(run, validated).train


def told(store: Path) -> tuple[Evaluated, dict[str, Any], dict[str, Any], str, str]:
    """The newest run's figures, metrics.json, schema.json, card and report."""
    (newest,) = sorted((store / "runs").iterdir())[-1:]
    stages = json.loads((newest / "record.json").read_text())["stages"]
    bundle, evaluated = (store / f"stages/{name}/{stages[name]['key']}" for name in ("export", "evaluate"))
    bundle = bundle / "bundle"
    return (
        Evaluated.model_validate(json.loads((evaluated / "manifest.json").read_text())["artifact"]),
        json.loads((bundle / "metrics.json").read_text()),
        json.loads((bundle / "schema.json").read_text()),
        (bundle / "card.md").read_text(),
        (newest / "report.html").read_text(),
    )


def test_the_named_class_is_the_one_of_every_figure_and_nothing_is_learned_anew_for_it(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=400)
    labels = np.where(x + draw.normal(size=400) > 1.2, "bad", "good")
    (tmp_path / "rows.csv").write_text("\n".join(["x,y", *(f"{v:.4f},{k}" for v, k in zip(x, labels, strict=True))]))
    found, answers = {}, set()
    for named, positive in (("null", "bad"), ("good", "good")):
        file = pipeline(tmp_path, named)
        released = retrain(config.load(file))
        evaluated, metrics, schema, card, report = found[positive] = told(tmp_path / ".keepfit")
        assert metrics["positive"] == schema["positive"] == positive
        (of_class,) = [row for row in metrics["per_class"] if row["class"] == positive]
        for figure in ("precision", "recall", "f1", "roc_auc", "pr_auc"):
            assert evaluated.metrics[figure] == of_class[figure]
            assert evaluated.intervals[figure].value == of_class[figure]
        assert [curve["class"] for curve in metrics["pr"]] == [positive]
        assert f'PR-AUC are of the class "{positive}".' in card
        assert f"PR-AUC are of the class &#34;{positive}&#34;." in report
        answers.add(released.model and answers_of(Path(released.model)))
    assert found["good"][0].metrics["pr_auc"] > found["bad"][0].metrics["pr_auc"] + 0.1
    assert found["good"][0].metrics["roc_auc"] == pytest.approx(found["bad"][0].metrics["roc_auc"])
    assert len(answers) == 1, "what is said of a model changes no answer"
    for stage in ("ingest", "preprocess", "train", "baseline"):
        assert len([*(tmp_path / f".keepfit/stages/{stage}").glob("*/manifest.json")]) == 1
    journal = [json.loads(line)["reason"] for line in (tmp_path / ".keepfit/journal.jsonl").read_text().splitlines()]
    assert journal == ["first", "in_service"], "another positive class is another question"


def said_of(pipeline: Any, bundle: Any, positive: str) -> Any:
    """The bundle, its schema.json with a positive class."""
    folder = pipeline.store / bundle.folder
    write_json(folder / "schema.json", {**read_json(folder / "schema.json"), "positive": positive})
    (folder / "manifest.json").unlink()
    id = seal(folder)
    assert answers_of(folder) == bundle.answers
    return bundle.model_copy(update={"id": id})


def test_champion_and_challenger_are_measured_by_one_meaning_and_the_change_is_said(pipeline: Any) -> None:
    fair = said_of(pipeline, pipeline.bundle("fair", bundled.FAIR), "malignant")
    good = said_of(pipeline, pipeline.bundle("good"), "benign")
    pipeline.release(fair)
    found = pipeline.release(good)
    assert reason(found) == "PROMOTE better"
    assert 'was "malignant" when the champion was judged and is "benign" now' in found.verdict.sentence
    (sheet,) = pipeline.store.root.glob("runs/*/compared.json")
    compared = json.loads(sheet.read_text())
    model, judged = open_bundle(pipeline.store / fair.folder), bundled.rows().slice(bundled.TRAIN)
    said = model.columns_of(model.score(judged))["prediction"].to_numpy(zero_copy_only=False)
    expected = np.mean(said[judged["diagnosis"].to_numpy() == "benign"] == "benign")
    assert compared["champion"]["recall"] == pytest.approx(expected)
    assert compared["otherwise"]


@pytest.mark.parametrize("metric", ["roc_auc", "pr_auc"])
def test_champion_and_challenger_are_compared_by_how_they_rank(pipeline: Any, metric: str) -> None:
    fair, good = (pipeline.store / pipeline.bundle(*made).folder for made in (("fair", bundled.FAIR), ("good",)))
    pipeline.write(f"release: {{metric: {metric}}}\n")
    found = compare(fair, good, pipeline.store / f"{pipeline.prepared.path}/test_raw", pipeline.config)
    assert isinstance(found, Compared)
    assert found.paired.difference == pytest.approx(found.challenger[metric] - found.champion[metric])
    assert found.paired.low > 0
    assert found.paired.rows == 250
