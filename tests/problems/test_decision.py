"""Which class is said where balanced accuracy counts: the one most above its share, by every way that asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit import config, load
from keepfit.config import Pipeline
from keepfit.metrics.answers import Answers
from keepfit.metrics.paired import compare
from keepfit.metrics.probabilistic import said
from keepfit.store import files
from keepfit.store.records import FILE, read
from tests import CARRIED
from tests.chain import retrain

YAML = (
    "name: rare\nsource: {path: rows.csv}\ntarget: diagnosis\n"
    "features: {mean_radius: number, mean_texture: number, mean_smoothness: number}\n"
    "model: {family: linear}\n"
)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A tumour in eleven is malignant, and what tells them apart overlaps; the release is by balanced accuracy."""
    folder = tmp_path_factory.mktemp("rare")
    rows = pl.read_csv(CARRIED / "breast_cancer/breast_cancer.csv")
    ill = rows.filter(pl.col("diagnosis") == "malignant").head(36)
    pl.concat([rows.filter(pl.col("diagnosis") == "benign"), ill]).write_csv(folder / "rows.csv")
    (folder / "pipeline.yaml").write_text(f"{YAML}release: {{metric: balanced_accuracy}}\n")
    found = config.load(folder / "pipeline.yaml")
    assert retrain(found).verdict.reason == "first"
    return found


def test_it_follows_from_the_metric_of_the_release_unless_the_yaml_says_otherwise(pipeline: Pipeline) -> None:
    assert pipeline.problem.model_dump()["decide"] == "balanced"
    for section, decides in (
        ("problem: {kind: classification, decide: probable}\nrelease: {metric: balanced_accuracy}\n", "probable"),
        ("problem: classification\nrelease: {metric: balanced_accuracy}\n", "balanced"),
        ("release: {metric: log_loss}\n", "probable"),
        ("problem: {decide: balanced, kind: classification}\n", "balanced"),
    ):
        (pipeline.folder / "other.yaml").write_text(YAML + section)
        assert config.load(pipeline.folder / "other.yaml").problem.model_dump()["decide"] == decides


def test_more_of_the_rare_class_are_found_and_probabilities_stay(pipeline: Pipeline) -> None:
    (folder,) = pipeline.folder.glob(".keepfit/stages/evaluate/*/")
    judged, rows = files.read_json(folder / "metrics.json"), pq.read_table(folder / "predictions.parquet")
    probabilities = np.array(rows["probabilities"].to_pylist(), np.float32)
    plain = Answers(rows["label"].to_numpy(), probabilities).scores()
    assert judged["model"]["balanced_accuracy"] > plain["balanced_accuracy"]
    assert judged["model"]["recall"] > plain["recall"]
    assert judged["model"]["log_loss"] == pytest.approx(plain["log_loss"])
    factors = judged["factors"]
    assert np.array_equal(rows["prediction"].to_numpy(), said(probabilities, factors))
    assert max(factors) == 1.0 > min(factors) > 0.05


def test_every_way_to_ask_says_the_same_class(pipeline: Pipeline) -> None:
    model, rows = load(pipeline.file), pl.read_csv(pipeline.folder / "rows.csv").drop("diagnosis")
    answers = model.predict(rows)
    shares = np.stack([answers[f"probability_{name}"] for name in model.schema["classes"]], 1).astype(np.float32)
    names = np.array(model.schema["classes"])
    assert answers["prediction"].to_list() == names[said(shares, model.schema["factors"])].tolist()
    assert answers["prediction"].to_list() != names[shares.argmax(1)].tolist()
    golden = np.load(model.folder / "golden.npz", allow_pickle=False)
    session = ort.InferenceSession((model.folder / "model.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    fed = {name.removeprefix("input:"): golden[name] for name in golden.files if name.startswith("input:")}
    label, found = session.run(["label", "probabilities"], fed)
    assert label.tolist() == names[said(found, model.schema["factors"])].tolist()
    assert (model.folder / "card.md").read_text().count("most above its share") == 1


def test_another_rule_is_judged_anew_and_learned_from_nothing(pipeline: Pipeline) -> None:
    (pipeline.folder / "pipeline.yaml").write_text(
        f"{YAML}problem: {{kind: classification, decide: probable}}\nrelease: {{metric: balanced_accuracy}}\n"
    )
    released = retrain(config.load(pipeline.folder / "pipeline.yaml"))
    stages = read(Path(released.report).parent / FILE).stages
    assert stages["train"].reused
    assert not stages["evaluate"].reused
    assert "said classes by another rule" in Path(released.report).read_text()


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_by_right_probabilities_it_is_the_best_there_is(seed: int, classes: int) -> None:
    draw = np.random.default_rng(seed)
    shares = draw.dirichlet(np.full(classes, 0.5), 4_000)
    labels = np.array([draw.choice(classes, p=one) for one in shares])
    by = tuple(1 / np.maximum(shares.mean(0), 1e-9))
    balanced, probable = (Answers(labels, shares, factors=some).scores() for some in (by, ()))
    assert balanced["balanced_accuracy"] > probable["balanced_accuracy"] - 0.02
    paired = compare(labels, shares, shares, "balanced_accuracy", 0.05, factors=by)
    assert paired.difference == 0
