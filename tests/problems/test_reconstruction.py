"""How strange rows are: learned, judged beside components, compared, served."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from keepfit import config, load
from keepfit.config.source import WHOLE
from keepfit.errors import ConfigError
from keepfit.problems.reconstruction.strangeness import reach, strangeness
from keepfit.problems.reconstruction.strangers import auroc
from keepfit.serving.prediction import predict_file
from keepfit.serving.scoring import Asked, score
from tests import ROOT
from tests.chain import retrain

ROWS = 600
YAML = """name: rows
source: {path: rows.csv}
problem: reconstruction
features: {length: number, weight: number, kind: category, alive: boolean, born: datetime, noise: number}
model: {family: vae, width: 48}
training: {epochs: 60}
"""


def rows(count: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Fish: the weight follows from the length, the kind and whether it lives too; some cells are missing."""
    draw = np.random.default_rng(seed)
    length = draw.uniform(10, 50, count)
    kind = np.where(length < 22, "rudd", np.where(length < 36, "bream", "pike"))
    frame = pd.DataFrame(
        {
            "length": length.round(2),
            "weight": (0.01 * length**3 * draw.lognormal(0, 0.05, count)).round(2),
            "kind": kind,
            "alive": np.where(length > 30, "yes", "no"),
            "born": (pd.Timestamp("2024-01-01") + pd.to_timedelta((length * 20).astype(int), "D")).strftime("%Y-%m-%d"),
            "noise": draw.normal(size=count).round(4),
        }
    )
    frame.loc[draw.random(count) < 0.05, "noise"] = np.nan
    return frame


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline's folder with a model in service."""
    folder = tmp_path_factory.mktemp("fish")
    rows().to_csv(folder / "rows.csv", index=False)
    (folder / "pipeline.yaml").write_text(YAML)
    released = retrain(config.load(folder / "pipeline.yaml"))
    assert released.verdict.reason == "first", released.verdict.sentence
    return folder


def metrics_of(folder: Path) -> Any:
    (found,) = folder.glob(".keepfit/stages/evaluate/*/metrics.json")
    return json.loads(found.read_text())


def test_it_is_judged_beside_components_and_each_column_by_itself(trained):
    metrics = metrics_of(trained)
    assert metrics["model"]["elbo"] > metrics["trivial"]["elbo"] + 0.3
    assert "principal components" in metrics["classical"]["name"]
    assert metrics["intervals"]["elbo"]["low"] < metrics["model"]["elbo"] < metrics["intervals"]["elbo"]["high"]
    assert metrics["model"]["active_units"] >= 1
    assert metrics["model"]["false_alarms"] < 0.06
    assert metrics["model"]["strangers_auroc"] > 0.9
    planted = {one["what"] for one in metrics["strangers"]}
    assert planted == {"every cell from another row", "one number 5 deviations off"}


def test_an_ordinary_row_is_ordinary_and_a_strange_one_is_told_with_its_column(trained):
    model = load(trained / "pipeline.yaml")
    fresh = rows(300, seed=1)
    found = model.predict(fresh)
    assert (found["prediction"] > 0.99).mean() < 0.06
    assert found["prediction"].between(0.05, 0.95).mean() > 0.7
    strange = fresh.head(50).assign(weight=fresh["weight"].head(50).to_numpy()[::-1] * 5 + 3000)
    answers = model.predict(strange)
    assert (answers["prediction"] > 0.95).mean() > 0.9
    assert (answers["strangest"] == "weight").mean() > 0.8
    shares = answers[[f"share_{name}" for name in fresh]]
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-6)


def test_a_row_is_mended_in_the_types_of_its_columns(trained):
    model, fresh = load(trained / "pipeline.yaml"), rows(200, seed=2)
    broken = fresh.assign(kind="pike", weight=np.nan)
    small = fresh["length"] < 20
    mended = model.predict(broken)[small]
    assert set(mended["mended_alive"]) <= {"true", "false"}
    assert (mended["mended_alive"] == "false").mean() > 0.9
    assert pd.api.types.is_datetime64_any_dtype(mended["mended_born"])
    off = (mended["mended_born"] - pd.to_datetime(fresh["born"][small])).abs()
    assert off.median() < pd.Timedelta(days=90)
    assert np.corrcoef(mended["mended_length"], fresh["length"][small])[0, 1] > 0.8
    assert (mended["mended_weight"] < 300).mean() > 0.9


def test_a_batch_is_scored_and_no_row_gets_no_answer(trained):
    pipeline = config.load(trained / "pipeline.yaml")
    score(pipeline, Asked(rows=trained / "rows.csv", out=trained / "scored.parquet"))
    scored = pd.read_parquet(trained / "scored.parquet")
    whole = load(trained / "pipeline.yaml").predict(rows())
    assert np.allclose(scored["prediction"], whole["prediction"])
    nothing = load(trained / "pipeline.yaml").predict(rows().head(0))
    assert len(nothing) == 0
    assert list(nothing) == list(whole)


def test_the_report_tells_of_strangers_and_the_answers_go_into_a_file(trained):
    report = next(trained.glob(".keepfit/runs/*/report.html")).read_text()
    assert "Planted strangers" in report
    assert "Strangeness of ordinary rows" in report
    predict_file(config.load(trained / "pipeline.yaml"), trained / "rows.csv", trained / "answers.csv")
    answers = pd.read_csv(trained / "answers.csv")
    assert len(answers) == ROWS
    assert list(answers)[:3] == ["prediction", "strangest", "elbo"]


def test_a_better_description_is_promoted_and_a_collapsed_one_refused(tmp_path):
    rows().to_csv(tmp_path / "rows.csv", index=False)
    poor = YAML.replace("reconstruction", "{kind: reconstruction, code: 1}").replace("epochs: 60", "epochs: 1")
    (tmp_path / "pipeline.yaml").write_text(poor)
    assert retrain(config.load(tmp_path / "pipeline.yaml")).verdict.reason in ("first", "not_better_than_trivial")
    (tmp_path / "pipeline.yaml").write_text(YAML + "release: {gates: {active_units: 1000}}\n")
    refused = retrain(config.load(tmp_path / "pipeline.yaml")).verdict
    assert refused.reason == "gate_failed"
    assert "active numbers of the code" in refused.sentence
    (tmp_path / "pipeline.yaml").write_text(YAML)
    better = retrain(config.load(tmp_path / "pipeline.yaml")).verdict
    assert better.enters_service, better.sentence


def test_pictures_are_mended_as_pictures(tmp_path):
    text = (ROOT / "data/digits_strangers/pipeline.yaml").read_text()
    text = text.replace("../digits", str(ROOT / "data/digits")).replace(
        "  expectations: expectations.yaml", "  stop: true"
    )
    (tmp_path / "pipeline.yaml").write_text(text + "training: {epochs: 30}\n")
    released = retrain(config.load(tmp_path / "pipeline.yaml"))
    assert released.verdict.reason == "first", released.verdict.sentence
    planted = {one["what"]: one["auroc"] for one in metrics_of(tmp_path)["strangers"]}
    assert min(planted.values()) > 0.98
    noise = np.random.default_rng(0).integers(0, 256, (3, 8, 8), dtype=np.uint8)
    found = load(tmp_path / "pipeline.yaml").predict(pd.DataFrame({"image": list(noise)}))
    assert (found["prediction"] > 0.99).all()
    with Image.open(io.BytesIO(found["mended_image"][0])) as picture:
        assert picture.size == (8, 8)
    report = next(tmp_path.glob(".keepfit/runs/*/report.html")).read_text()
    assert "where it is off" in report


@pytest.mark.parametrize(("change", "said"), [
    (("problem: reconstruction", "problem: reconstruction\ntarget: noise"), "asked of whole rows, and target names"),
    (("family: vae, width: 48", "family: mlp"), "does not learn reconstruction: it takes vae"),
    (("problem: reconstruction", "problem: regression\ntarget: y"), "another one than vae"),
    (("noise: number", "noise: text"), "gives back cells of the kinds"),
])  # fmt: skip
def test_what_does_not_go_together_is_told(tmp_path, change, said):
    (tmp_path / "pipeline.yaml").write_text(YAML.replace(*change))
    with pytest.raises(ConfigError, match=said):
        config.load(tmp_path / "pipeline.yaml")


def test_the_column_that_stands_for_the_row_is_not_the_sources(trained):
    tested = pd.read_parquet(next(trained.glob(".keepfit/stages/preprocess/*/test_raw/*.parquet")))
    assert WHOLE in tested
    assert tested[WHOLE].all()


def test_strangeness_is_exceeded_by_the_share_that_it_says():
    draw = np.random.default_rng(0)
    known = reach(draw.gamma(2, size=(3, 2000)))
    found = strangeness(torch.from_numpy(draw.gamma(2, size=(20_000, 3))), known).numpy()
    for level in (0.3, 0.5, 0.9, 0.95, 0.99):
        assert (found > level).mean() == pytest.approx(1 - level, abs=0.02)


@pytest.mark.parametrize("count", [1, 2, 5, 30, 99, 101, 5000])
def test_strangeness_rises_and_stays_within_0_and_1(count):
    known = reach(np.random.default_rng(0).normal(size=(2, count)))
    far = torch.linspace(-10, 1000, 5000, dtype=torch.float64)
    found = strangeness(torch.stack([far, far], 1), known)[:, 0]
    assert (found.diff() >= -1e-12).all()
    assert found.min() >= 0
    assert found.max() <= 1


def test_the_area_under_the_curve_is_that_of_scikit_learn():
    from sklearn.metrics import roc_auc_score

    draw = np.random.default_rng(0)
    ordinary, strange = draw.integers(0, 9, 50) / 9, draw.integers(3, 12, 70) / 9
    labels = np.r_[np.zeros(50), np.ones(70)]
    assert auroc(ordinary, strange) == pytest.approx(roc_auc_score(labels, np.r_[ordinary, strange]))
