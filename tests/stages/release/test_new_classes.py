"""A class comes, another goes: the verdict is on those that both models know, and tells of the others."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from keepfit import config
from keepfit.problems.classification.answer import ANSWER
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.release.standing import standing
from keepfit.store.run import begin
from keepfit.store.store import Store
from tests.chain import ingest, retrain, validate

PIXELS = [f"p{n}" for n in range(64)]


def written(folder: Path, classes: list[int], training: str = "{epochs: 6}") -> Path:
    """A pipeline over the 8×8 digits of these classes, each pixel a number."""
    rows, labels = load_digits(return_X_y=True)
    kept = np.isin(labels, classes)
    pd.DataFrame(rows[kept], columns=PIXELS).assign(digit=labels[kept]).to_csv(folder / "rows.csv", index=False)
    features = "".join(f"  {name}: number\n" for name in PIXELS)
    (folder / "pipeline.yaml").write_text(
        f"name: digits\nsource: {{path: rows.csv}}\ntarget: digit\nfeatures:\n{features}"
        f"model: {{family: mlp, members: 1, width: 64}}\ntraining: {training}\n"
    )
    return folder / "pipeline.yaml"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a model of the digits 0 to 4 in service, and rows of 1 to 6."""
    folder = tmp_path_factory.mktemp("digits")
    assert retrain(config.load(written(folder, [0, 1, 2, 3, 4]))).verdict.outcome == "FIRST"
    return written(folder, [1, 2, 3, 4, 5, 6])


def test_the_verdict_is_on_the_classes_that_both_know_and_tells_of_the_others(served: Path) -> None:
    released = retrain(config.load(served))
    verdict, store = released.verdict, Store(served.parent / ".keepfit")
    assert verdict.reason in ("equal", "inconclusive", "better", "worse")
    table = pd.concat(pd.read_parquet(path) for path in store.root.glob("stages/preprocess/*/test_raw/*.parquet"))
    for new in ("5", "6"):
        there = int((table["digit"] == new).sum())
        found = re.search(rf'The class "{new}" is new: (\d+) of its (\d+) test rows are found', verdict.sentence)
        assert found is not None
        assert int(found[2]) == there > int(found[1]) > there / 2
    assert "rows of the 4 classes that both know" in verdict.sentence
    assert 'No row is of "0" any more' in verdict.sentence
    assert 0 < verdict.figures["rows"] < released.metrics["accuracy"] * len(table)
    report = Path(released.report).read_text()
    assert "is new:" in report


def test_the_model_in_service_is_measured_on_the_rows_whose_class_it_knows(served: Path) -> None:
    with begin(config.load(served)) as run:
        found = standing(run, preprocess(run, validate(run, ingest(run))))
    assert found.rows > 0
    assert found.metrics["accuracy"] > 0.8


def test_of_a_single_class_in_common_there_is_nothing_to_compare() -> None:
    old, new = {"classes": ["a", "b"]}, {"classes": ["a", "c", "d"]}
    assert "the classes changed" in ANSWER.changes(old, new)
    assert not ANSWER.changes({"classes": ["a", "b"]}, {"classes": ["b", "a", "c"]})


def test_whoever_says_a_class_that_one_does_not_know_is_wrong_on_rows_of_the_others() -> None:
    old, new = {"classes": ["a", "b", "gone"]}, {"classes": ["b", "new", "a"]}
    shared = ANSWER.shared(old, new)
    before = ANSWER.aligned(np.array([[0.2, 0.1, 0.7]]), old, shared)
    after = ANSWER.aligned(np.array([[0.2, 0.7, 0.1]]), new, shared)
    assert dict(zip(shared["classes"], before[0], strict=True)) == {"b": 0.1, "new": 0, "a": 0.2, "gone": 0.7}
    assert dict(zip(shared["classes"], after[0], strict=True)) == {"b": 0.2, "new": 0.7, "a": 0.1, "gone": 0}
