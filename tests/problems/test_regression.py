"""A quantity as the target: read, learned, judged, compared, served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch

from keepfit import config, load
from keepfit.errors import ConfigError, DataError
from keepfit.problems.regression import Settings, Target
from keepfit.problems.regression.learn import Value, answers
from keepfit.problems.regression.space import bounds, fitted, learned
from tests.chain import retrain

ROWS = 600
PLAIN = "name: prices\nsource: {path: rows.csv}\ntarget: price\nfeatures: {size: number, place: category}\n"
MODEL = "model: {family: mlp, members: 2, width: 32}\ntraining: {epochs: 12, lr: 0.01}\n"


def frame(seed: int = 0, rows: int = ROWS) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    size, place = draw.uniform(20, 200, rows).round(2), draw.choice(["北京", "rome", "oslo"], rows)
    price = 1000 + 30 * size + 2000 * (place == "rome") + draw.normal(0, 300, rows)
    return pd.DataFrame({"size": size, "place": place, "price": price.round(2)})


def pipeline(folder: Path, rows: pd.DataFrame, extra: str = "", problem: str = "regression") -> config.Pipeline:
    rows.to_csv(folder / "rows.csv", index=False)
    (folder / "pipeline.yaml").write_text(f"{PLAIN}problem: {problem}\n{MODEL}{extra}")
    return config.load(folder / "pipeline.yaml")


def document(folder: Path, stage: str, name: str) -> Any:
    newest = max(folder.glob(f".keepfit/stages/{stage}/*/{name}"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads(newest.read_text())


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline whose first model is in service."""
    folder = tmp_path_factory.mktemp("prices")
    assert retrain(pipeline(folder, frame(), "evaluation: {slices: [place], worst: 5}\n")).verdict.outcome == "FIRST"
    return folder


def test_figures_and_intervals_are_those_of_the_answers(first: Path) -> None:
    found = document(first, "evaluate", "metrics.json")
    assert found["model"]["r2"] > 0.9
    assert found["model"]["rmse"] < found["trivial"]["rmse"]
    assert found["trivial"]["r2"] == pytest.approx(0, abs=0.05)
    assert set(found["intervals"]) >= {"rmse", "mae", "r2", "coverage", "median_error"}
    assert [s["value"] for s in found["slices"]] != []
    errors = [abs(row["label"] - row["prediction"]) for row in found["worst"]]
    assert errors == sorted(errors, reverse=True)
    assert len(errors) == 5


def test_intervals_cover_new_rows_as_often_as_they_say(first: Path) -> None:
    rows = frame(seed=7, rows=3000)
    found = load(first / "pipeline.yaml").predict(rows)
    inside = ((found["low"] <= rows["price"]) & (rows["price"] <= found["high"])).mean()
    assert 0.83 < inside < 0.96  # 90 %, by the distances of 85 validation rows: two standard deviations are 6.5 %


def test_the_graph_has_an_output_for_each_part_of_an_answer(first: Path) -> None:
    (graph,) = first.glob(".keepfit/stages/export/*/bundle/model.onnx")
    session = onnxruntime.InferenceSession(graph)
    assert [o.name for o in session.get_outputs()] == ["prediction", "low", "high"]
    fed = {"column_0": np.array([50.0, np.nan]), "column_1": np.array(["rome", "从未见过"], dtype=object)}
    prediction, low, high = session.run(None, fed)
    assert prediction.shape == (2,)
    assert (low < prediction).all()
    assert (prediction < high).all()


def test_nothing_new_is_held_and_a_better_model_is_promoted(first: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(first, tmp_path / "again")
    again = tmp_path / "again"
    assert retrain(config.load(again / "pipeline.yaml")).verdict.reason == "nothing_new"
    text = (again / "pipeline.yaml").read_text()
    (again / "pipeline.yaml").write_text(text.replace("epochs: 12", "epochs: 1"))
    worse = retrain(config.load(again / "pipeline.yaml")).verdict
    assert worse.reason == "worse"
    assert "% higher than the champion's" in worse.sentence
    assert worse.figures["metric"] == "rmse"


def test_gates_and_the_metric_that_decides_are_those_of_the_problem(tmp_path: Path) -> None:
    found = retrain(pipeline(tmp_path, frame(), "release: {metric: mae, gates: {r2: 0.999999, mae: 1}}\n")).verdict
    assert found.reason == "gate_failed"
    with pytest.raises(ConfigError, match=r"line 8.*accuracy is no such metric of regression.*rmse, mae"):
        pipeline(tmp_path, frame(), "release: {metric: accuracy}\n")
    with pytest.raises(ConfigError, match=r"release.gates: f1 is no such metric of regression"):
        pipeline(tmp_path, frame(), "release: {gates: {f1: 1}}\n")


@pytest.mark.parametrize("loss", ["mse", "mae", pytest.param("huber", marks=pytest.mark.slow)])
def test_every_loss_learns(loss: str, tmp_path: Path) -> None:
    retrain(pipeline(tmp_path, frame(), problem=f"{{kind: regression, loss: {loss}}}"))
    assert document(tmp_path, "evaluate", "metrics.json")["model"]["r2"] > 0.9
    history = document(tmp_path, "train", "history.json")
    assert ("validation_rmse" if loss == "mse" else "validation_mae") in history[0]


def test_a_target_that_grows_by_factors_is_learned_as_its_logarithm(tmp_path: Path) -> None:
    rows = frame()
    rows["price"] = np.exp(rows["size"] / 25 + np.random.default_rng(0).normal(0, 0.2, ROWS)).round(4)
    retrain(pipeline(tmp_path, rows))
    assert document(tmp_path, "preprocess", "transform.json")["target"]["log"]
    said = document(tmp_path, "evaluate", "metrics.json")
    assert said["model"]["median_error"] < said["trivial"]["median_error"] / 3
    retrain(pipeline(tmp_path, rows, problem="{kind: regression, log: false}"))
    assert not document(tmp_path, "preprocess", "transform.json")["target"]["log"]


def test_rows_whose_target_is_no_number_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = frame().astype({"price": object})
    rows.loc[3:9, "price"] = "unknown price"
    retrain(pipeline(tmp_path, rows))
    snapshot = document(tmp_path, "ingest", "manifest.json")["artifact"]
    assert (snapshot["rows"], snapshot["without_target"]) == (ROWS - 7, 7)
    assert snapshot["unreadable"] == {"price": 7}


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        (["cheap"] * ROWS, r"no row has a value in the target \"price\": its cells cannot be read, such as 'cheap'"),
        ([5.0] * ROWS, 'every row has the same target "5"'),
        ([1e200, *[1.0] * (ROWS - 1)], "values from 1 to 1e\\+200.*holds values up to 1e\\+30"),
        ([n * 1e140 for n in range(ROWS)], "values from 0 to 5.99e\\+142.*Say it in another unit"),
        ([n * 1e-300 for n in range(ROWS)], "values from 0 to 5.99e-298.*at least 1e-30 apart"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(prices: list[Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        retrain(pipeline(tmp_path, frame().assign(price=prices)))


@pytest.mark.parametrize("unit", [1e-30, pytest.param(1e-12, marks=pytest.mark.slow), 1e25])
def test_the_unit_of_the_target_changes_no_verdict(unit: float, tmp_path: Path) -> None:
    rows = frame().assign(price=lambda f: f["price"] * unit)
    assert retrain(pipeline(tmp_path, rows)).verdict.reason == "first"


def test_an_error_of_one_among_values_of_a_thousand_million_is_one() -> None:
    learning = objective(mean=1e9, std=2.0, low=1e9 - 8, high=1e9 + 8)
    labels = learning.labels(torch.tensor([1e9, 1e9 + 3], dtype=torch.float64))
    outputs = (labels + 0.5)[:, None, None]
    assert learning.judged(learning.score(outputs, labels).tolist(), 2)["rmse"] == pytest.approx(1.0, rel=1e-5)


def test_a_column_that_is_the_target_written_down_again_is_told(tmp_path: Path, caplog: Any) -> None:
    from keepfit.store.events import watching

    rows = frame().assign(size=lambda f: f["price"] * 2)
    told: list[str] = []
    with watching(lambda event: told.append(event.message)):
        retrain(pipeline(tmp_path, rows))
    assert any('the feature "size" alone tells "price" to' in sentence for sentence in told)


def test_another_problem_cannot_be_compared_with_the_champion(first: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(first, tmp_path / "again")
    text = (tmp_path / "again/pipeline.yaml").read_text().replace("problem: regression", "problem: classification")
    rows = frame().assign(price=lambda f: np.where(f["price"] > 4000, "dear", "cheap"))
    rows.to_csv(tmp_path / "again/rows.csv", index=False)
    (tmp_path / "again/pipeline.yaml").write_text(text)
    found = retrain(config.load(tmp_path / "again/pipeline.yaml")).verdict
    assert (found.reason, "the problem changed" in found.sentence) == ("not_comparable", True)


TARGETS = [np.array([1.0, 2, 3, 10]), np.array([0.0, 0, 5, 1000]), np.array([-5.0, 0, 1e6])]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", TARGETS[:2])
def test_learned_values_come_back(values: np.ndarray, log: bool) -> None:
    target = fitted(values, "y", log=log)
    there = torch.from_numpy(learned(values, target))[:, None, None]
    back = answers(there, target, {"reach": 0.1})
    np.testing.assert_allclose(back[:, 0], values, rtol=1e-9, atol=1e-9)
    assert (back[:, 1] < back[:, 0]).all()
    assert (back[:, 0] < back[:, 2]).all()


def test_an_answer_stays_near_the_values_that_were_seen() -> None:
    target = fitted(TARGETS[1], "y", log=True)
    wild = torch.tensor([[[1e6]], [[-1e6]], [[float("inf")]]])
    found = answers(wild, target, {"reach": 0.0})
    assert found.isfinite().all()
    assert bounds(target)[0] < bounds(target)[1]


def objective(loss: str = "mse", **target: float) -> Value:
    known = {"name": "y", "problem": "regression", "mean": 100.0, "std": 20.0, "low": 40.0, "high": 200.0}
    return Value(Settings(loss=loss), Target.model_validate({**known, **target}))  # type: ignore[arg-type]


def test_validation_says_the_error_in_the_targets_unit() -> None:
    learning = objective()
    labels = learning.labels(torch.tensor([100.0, 120.0], dtype=torch.float64))
    outputs = (labels + torch.tensor([0.5, -0.5]))[:, None, None]
    figures = learning.judged(learning.score(outputs, labels).tolist(), 2)
    assert figures == {"loss": pytest.approx(0.25), "rmse": pytest.approx(10.0, rel=1e-5)}


@pytest.mark.parametrize("rows", [5, 9, 45, 100, 1001])
def test_the_reach_is_the_distance_that_conformal_prediction_asks_for(rows: int) -> None:
    distances = torch.arange(1, rows + 1).double()
    found = objective().reach(distances[None, torch.randperm(rows)])["reach"]
    assert found == pytest.approx(min((rows + 1) * 0.9, rows))


def test_a_rows_miss_is_its_loss_and_its_distance() -> None:
    learning, labels = objective("mae"), torch.tensor([0.0, 1.0, 2.0])
    outputs = (labels + torch.tensor([0.5, -0.25, 1.0]))[:, None, None]
    losses, distances = learning.misses(outputs, labels)
    assert losses.tolist() == distances.tolist() == [0.5, 0.25, 1.0]
    assert objective().misses(outputs, labels)[0].tolist() == [0.25, 0.0625, 1.0]
    assert losses.sum() == learning.score(outputs, labels)[0]
