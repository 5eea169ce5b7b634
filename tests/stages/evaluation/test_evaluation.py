"""The stages `evaluate` and `baseline` on rows that were really prepared and a model that was really trained."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as reference

from keepfit.config import Pipeline
from keepfit.errors import ConfigError
from keepfit.features.lookup import read_transform
from keepfit.problems.classification import Target
from keepfit.stages.evaluation import evaluate
from keepfit.stages.evaluation.slices import check, split
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.store.artifacts import Evaluated, Prepared, Trained
from keepfit.store.run import Run, start
from tests.stages import snapshot_by_hand as by_hand

ROWS = 600
FEATURES = {"age": "number", "城市": "category", "member": "boolean", "since": "datetime"}


def people() -> pa.Table:
    """Three answers that depend on age and city, with missing values in every column and a word in no language."""
    rng = np.random.default_rng(0)
    age, city = rng.integers(18, 90, ROWS).astype(float), rng.integers(0, 3, ROWS)
    answer = np.where(age + rng.normal(0, 8, ROWS) > 60, 2, (city == 1).astype(int))
    columns: dict[str, list[Any]] = {
        "age": age.tolist(),
        "城市": np.array(["北京", "上海", "Ω"])[city].tolist(),
        "member": (rng.random(ROWS) < 0.5).tolist(),
        "since": [datetime(2020, 1, 1) + timedelta(hours=int(h)) for h in rng.integers(0, 30_000, ROWS)],
    }
    for column in columns.values():
        for row in rng.choice(ROWS, 40, replace=False):
            column[row] = None
    table = pa.table(columns).append_column("answer", pa.array(np.array(["yes", "no", "perhaps"])[answer]))
    return by_hand.with_ids(table)


class Case:
    """One prepared table and one model, judged under several rules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run, validated = by_hand.validated(self.pipeline(), people())
        self.prepared: Prepared = preprocess(self.run, validated)
        self.trained: Trained = train(self.run, self.prepared.learnable)

    def pipeline(self, **evaluation: Any) -> Pipeline:
        training = {"epochs": 3, "batch_size": 64}
        return by_hand.pipeline(self.folder, FEATURES, training=training, evaluation=evaluation)

    @property
    def classes(self) -> tuple[str, ...]:
        target = read_transform(self.folder / ".keepfit" / self.prepared.path).target
        assert isinstance(target, Target)
        return target.classes

    def judge(self, **evaluation: Any) -> tuple[Run, Evaluated, dict[str, Any]]:
        run = start(self.pipeline(**evaluation))
        evaluated = evaluate(run, self.trained, self.prepared)
        return run, evaluated, json.loads((run.store / evaluated.path / "metrics.json").read_text())


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("people"))


def test_the_figures_are_those_of_the_predictions_written(case: Case) -> None:
    run, evaluated, document = case.judge()
    table = pq.read_table(run.store / evaluated.path / "predictions.parquet")
    raw = pq.read_table(run.store / case.prepared.path / "test_raw")
    assert table["keepfit_row"].to_pylist() == raw["keepfit_row"].to_pylist()
    labels, predictions = table["label"].to_numpy(), table["prediction"].to_numpy()
    assert [case.classes[k] for k in labels] == raw["answer"].to_pylist()
    probabilities = np.array(table["probabilities"].to_pylist())
    assert (probabilities.argmax(axis=1) == predictions).all()
    assert evaluated.rows == len(table) == case.prepared.test
    assert evaluated.metrics["accuracy"] == pytest.approx(reference.accuracy_score(labels, predictions))
    assert evaluated.metrics["log_loss"] == pytest.approx(-np.log(probabilities[np.arange(len(labels)), labels]).mean())
    assert document["confusion"] == reference.confusion_matrix(labels, predictions).tolist()
    assert document["model"] == evaluated.metrics
    assert document["undefined"] == {}
    for name, ends in evaluated.intervals.items():
        assert ends.low < evaluated.metrics[name] < ends.high


def test_the_baselines_saw_the_same_rows(case: Case) -> None:
    run, evaluated, document = case.judge()
    labels = pq.read_table(run.store / evaluated.path / "predictions.parquet")["label"].to_numpy()
    majority, classical = evaluated.baselines["trivial"], evaluated.baselines["classical"]
    assert evaluated.classical == document["classical"]["name"] == "HistGradientBoosting"
    learned = [pq.read_table(run.store / case.prepared.path / part)["label"] for part in ("train", "validation")]
    most = np.bincount(np.concatenate([part.to_numpy() for part in learned])).argmax()
    assert majority["accuracy"] == pytest.approx((labels == most).mean())
    assert majority["roc_auc"] == pytest.approx(0.5)
    assert majority["accuracy"] + 0.2 < classical["accuracy"] <= 1
    assert set(majority) == set(classical) == set(evaluated.metrics)


def test_the_baseline_is_computed_once_for_all_models_on_the_rows(case: Case) -> None:
    case.judge()
    run, _, _ = case.judge(confidence=0.9)
    assert run.outcome("baseline").reused
    assert run.outcome("evaluate").reason == "config.evaluation.confidence changed"


def test_a_second_computation_gives_the_same_bytes(case: Case, tmp_path: Path) -> None:
    _, before, _ = case.judge()
    again = Case(tmp_path)
    assert again.judge()[1].digest == before.digest


def test_slices_show_categories_ranges_and_missing_values(case: Case) -> None:
    run, evaluated, document = case.judge(slices=["城市", "member", "age", "since"])
    raw = pq.read_table(run.store / case.prepared.path / "test_raw").to_pydict()
    right = pq.read_table(run.store / evaluated.path / "predictions.parquet").to_pydict()
    hits = np.array(right["label"]) == np.array(right["prediction"])
    by_column: dict[str, list[dict[str, Any]]] = {}
    for entry in document["slices"]:
        by_column.setdefault(entry["column"], []).append(entry)
    for column, entries in by_column.items():
        assert sum(e["rows"] for e in entries) == case.prepared.test
        missing = np.array([value is None for value in raw[column]])
        assert entries[-1]["value"] is None
        assert entries[-1]["rows"] == missing.sum()
        assert entries[-1]["accuracy"] == pytest.approx(hits[missing].mean())
        assert all(e["small"] == (e["rows"] < 30) for e in entries)
    assert {e["value"] for e in by_column["城市"]} == {"北京", "上海", "Ω", None}
    assert [e["value"] for e in by_column["member"]][-1:] == [None]
    assert len(by_column["age"]) == len(by_column["since"]) == 5
    beijing = next(e for e in by_column["城市"] if e["value"] == "北京")
    assert beijing["accuracy"] == pytest.approx(hits[np.array(raw["城市"]) == "北京"].mean())
    assert beijing["interval"]["low"] < beijing["accuracy"] < beijing["interval"]["high"]


def test_a_slice_column_that_is_not_there_is_named_before_any_work(case: Case) -> None:
    with pytest.raises(ConfigError, match=r'names "membr".*Did you mean "member"') as caught:
        case.judge(slices=["membr"])
    assert "pipeline.yaml" in caught.value.where
    assert "城市" in caught.value.allowed


def test_a_slice_column_of_lists_or_structures_is_refused(case: Case, tmp_path: Path) -> None:
    (tmp_path / "test_raw").mkdir()
    odd = pa.table({"tags": [["a"]], "address": [{"city": "北京"}]})
    pq.write_table(odd, tmp_path / "test_raw/part-00000.parquet")
    for name in odd.column_names:
        with pytest.raises(ConfigError, match=f'names "{name}", which holds lists'):
            check(case.pipeline(slices=[name]), tmp_path)


def test_the_worst_predictions_come_first(case: Case) -> None:
    run, evaluated, document = case.judge(worst=5)
    table = pq.read_table(run.store / evaluated.path / "predictions.parquet")
    probabilities, labels = np.array(table["probabilities"].to_pylist()), table["label"].to_numpy()
    of_label = probabilities[np.arange(len(labels)), labels]
    worst = document["worst"]
    assert len(worst) == 5
    assert worst[0]["row"] == of_label.argmin()
    assert worst[0]["loss"] == pytest.approx(-np.log(of_label.min()), rel=1e-5)
    order = [(w["label"] == w["prediction"], -w["loss"]) for w in worst]
    assert order == sorted(order), "what is wrong comes before what is right, and each by its loss"
    assert {w["label"] for w in worst} <= set(case.classes)


def test_a_test_part_of_one_class_is_survived(case: Case, tmp_path: Path) -> None:
    """Only the rows of "yes" are left to judge by: what needs two classes is null, and says why."""
    one = Case(tmp_path)
    for name, column in (("test", "label"), ("test_raw", "answer")):
        path = one.run.store / one.prepared.path / name / "part-00000.parquet"
        table = pq.read_table(path)
        wanted = one.classes.index("yes") if column == "label" else "yes"
        kept = table.filter(pa.array([value == wanted for value in table[column].to_pylist()]))
        pq.write_table(kept, path, write_page_checksum=True)
    _, evaluated, document = one.judge(slices=["城市"])
    assert document["model"]["roc_auc"] is document["model"]["pr_auc"] is None
    assert 'every test row is of the class "yes"' in document["undefined"]["roc_auc"]
    assert "roc_auc" not in evaluated.metrics
    assert evaluated.metrics["balanced_accuracy"] == pytest.approx(evaluated.metrics["accuracy"])
    assert [row["recall"] is None for row in document["per_class"]] == [c != "yes" for c in document["classes"]]
    assert document["roc"] == []


def test_reading_the_package_imports_nothing_heavy() -> None:
    script = """
import sys
import keepfit.stages.evaluation, keepfit.metrics
print([m for m in ("torch", "sklearn", "scipy", "pandas", "mlflow") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def values(*columns: Any) -> list[list[Any]]:
    return [[(g.value, g.rows.tolist()) for g in split("x", pa.chunked_array([c]))] for c in columns]


def test_few_numbers_are_sliced_by_value_and_many_by_quarter() -> None:
    few, many = values(pa.array([2.0, 1.0, None, 2.0]), pa.array(np.arange(100)))
    assert few == [("1", [1]), ("2", [0, 3]), (None, [2])]
    assert [(name, len(rows)) for name, rows in many] == [
        ("0 to 24", 25), ("25 to 49", 25), ("50 to 74", 25), ("75 to 99", 25),
    ]  # fmt: skip


def test_a_column_of_mostly_one_number_keeps_equal_values_together() -> None:
    (slices,) = values(pa.array([0] * 90 + list(range(1, 13))))
    assert [(name, len(rows)) for name, rows in slices] == [("0 to 0", 90), ("1 to 12", 12)]


def test_rare_values_are_joined_and_a_column_without_values_is_one_slice() -> None:
    names, empty = values(pa.array([f"v{i:02}" for i in range(30)] * 2), pa.array([None, None], pa.string()))
    assert len(names) == 21
    assert names[-1][0] == "10 other values"
    assert len(names[-1][1]) == 20
    assert empty == [(None, [0, 1])]
