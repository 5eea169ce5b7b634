"""New rows: learned, judged beside components, drawn, told from copies and from one row drawn again and again."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keepfit import config, load
from keepfit.cli.main import app, exit_code
from keepfit.errors import ConfigError, DataError
from keepfit.problems.described import Rebuilt
from keepfit.problems.synthesis.alike import Alike
from keepfit.serving.sampling import sample, wanted
from tests import ROOT
from tests.chain import retrain
from tests.problems.test_reconstruction import metrics_of, rows

YAML = """name: fish
source: {path: rows.csv}
problem: {kind: synthesis, given: [kind]}
features: {length: number, weight: number, kind: category, alive: boolean, born: datetime}
model: {family: FAMILY, width: 64}
training: {epochs: EPOCHS}
"""


def pipeline(folder: Path, family: str = "gan", epochs: int = 150) -> config.Pipeline:
    rows().to_csv(folder / "rows.csv", index=False)
    (folder / "pipeline.yaml").write_text(YAML.replace("FAMILY", family).replace("EPOCHS", str(epochs)))
    return config.load(folder / "pipeline.yaml")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline's folder with a model in service."""
    folder = tmp_path_factory.mktemp("fish")
    released = retrain(pipeline(folder))
    assert released.verdict.reason == "first", released.verdict.sentence
    return folder


def drawn_from(folder: Path, count: int, *where: str, seed: int = 0) -> pd.DataFrame:
    tables = sample(config.load(folder / "pipeline.yaml"), wanted(count, where, seed))
    return pd.concat([table.to_pandas() for table in tables], ignore_index=True)


def test_it_is_judged_beside_components_and_cells_drawn_each_by_itself(trained):
    metrics = metrics_of(trained)
    model, trivial = metrics["model"], metrics["trivial"]
    assert model["covered"] > trivial["covered"]
    assert model["told_apart"] < trivial["told_apart"]
    assert model["recognised"] > 0.8
    assert model["classes"] == 3
    assert model["diversity"] > 0.3
    assert model["copies"] < 0.1
    assert {one["given"] for one in metrics["groups"]} == {"kind rudd", "kind bream", "kind pike"}
    assert "principal components" in metrics["classical"]["name"]
    assert "Copies" in next(trained.glob(".keepfit/runs/*/report.html")).read_text()


def test_rows_are_drawn_as_they_hang_together(trained):
    found = drawn_from(trained, 1000)
    assert list(found) == ["length", "weight", "kind", "alive", "born"]
    assert set(found["alive"]) <= {"true", "false"}
    assert pd.api.types.is_datetime64_any_dtype(found["born"])
    assert found["weight"].corr(found["length"], method="spearman") > 0.9
    real = rows()["kind"].value_counts(normalize=True)
    assert (found["kind"].value_counts(normalize=True) - real).abs().max() < 0.06
    assert found[found["kind"] == "rudd"]["length"].mean() < found[found["kind"] == "pike"]["length"].mean() - 10


def test_what_is_asked_for_is_drawn_and_the_same_seed_draws_the_same(trained):
    found, again, other = (drawn_from(trained, 200, "kind=pike", seed=seed) for seed in (1, 1, 2))
    assert set(found["kind"]) == {"pike"}
    assert (found["length"] > 30).mean() > 0.9
    pd.testing.assert_frame_equal(found, again)
    assert not found.equals(other)
    pd.testing.assert_frame_equal(drawn_from(trained, 50, "kind=pike", seed=1), found.head(50), check_exact=False)


@pytest.mark.parametrize(("where", "error", "said"), [
    ("kind=shark", DataError, "no row that the model learned from has kind=shark"),
    ("length=3", ConfigError, "which is not given"),
    ("kind", ConfigError, "COLUMN=VALUE"),
])  # fmt: skip
def test_what_cannot_be_asked_for_is_told(trained, where, error, said):
    with pytest.raises(error, match=said):
        drawn_from(trained, 5, where)


def test_the_command_prints_rows_and_writes_them(trained, capsys):
    arguments = ["sample", str(trained / "pipeline.yaml"), "--rows", "3", "--where", "kind=rudd"]
    assert exit_code(lambda: app(arguments, result_action="return_value")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "length,weight,kind,alive,born"
    assert len(lines) == 4
    out = trained / "new.parquet"
    assert exit_code(lambda: app([*arguments, "--out", str(out)], result_action="return_value")) == 0
    assert pd.read_parquet(out)["kind"].tolist() == ["rudd"] * 3


def test_a_row_that_is_asked_about_gets_a_new_one_of_its_own(trained):
    model, fresh = load(trained / "pipeline.yaml"), rows(60, seed=3)
    found = model.predict(fresh)
    assert list(found)[:2] == ["prediction", "new_length"]
    assert "new_kind" not in found
    pd.testing.assert_frame_equal(model.predict(fresh.tail(20)), found.tail(20), check_exact=False)
    assert list(model.predict(fresh.head(0))) == list(found)


@pytest.mark.slow
def test_another_family_is_compared_with_it(tmp_path):
    assert retrain(pipeline(tmp_path, "vae", 30)).verdict.reason == "first"
    verdict = retrain(pipeline(tmp_path, "gan", 60)).verdict
    assert verdict.reason in ("better", "equal", "inconclusive", "worse"), verdict.sentence
    assert "covered rows" in verdict.sentence


COLUMNS = {"columns": [Rebuilt(name=n, kind="number", shape=(), how={}) for n in ("a", "b")], "given": ()}


def answers(made: np.ndarray, own: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros((len(own), 1)), own, made], axis=1)


def test_rows_of_one_distribution_cannot_be_told_apart_and_collapsed_ones_are_found():
    draw = np.random.default_rng(0)
    own, alike, far = (draw.normal(size=(400, 2)) for _ in range(3))
    good = Alike(answers(alike, own), COLUMNS).figures
    assert good["told_apart"] == pytest.approx(0.5, abs=0.08)
    assert good["covered"] > 0.9
    assert good["diversity"] == pytest.approx(1, abs=0.2)
    collapsed = Alike(answers(np.full((400, 2), 0.3) + 1e-3 * far, own), COLUMNS).figures
    assert collapsed["diversity"] < 0.05
    assert collapsed["covered"] < 0.2
    assert collapsed["told_apart"] > 0.9
    other = Alike(answers(far + 6, own), COLUMNS).figures
    assert other["told_apart"] > 0.99
    assert other["covered"] == 0


def test_a_maker_that_has_collapsed_is_refused(tmp_path):
    made = pipeline(tmp_path, "gan", 1)  # one epoch: every row is about the same
    verdict = retrain(made).verdict
    assert verdict.outcome == "REJECT"
    assert verdict.reason in ("gate_failed", "not_better_than_trivial")
    assert metrics_of(tmp_path)["model"]["covered"] < 0.5


@pytest.mark.parametrize(("change", "said"), [
    (("given: [kind]", "given: [length]"), "rows are asked for by category or boolean"),
    (("given: [kind]", "given: [sort]"), "which is no feature"),
    (("family: FAMILY", "family: mlp"), "it takes vae, gan"),
    (("{kind: synthesis, given: [kind]}", "reconstruction"), "it takes vae"),
])  # fmt: skip
def test_what_does_not_go_together_is_told(tmp_path, change, said):
    text = YAML.replace(*change).replace("FAMILY", "gan").replace("EPOCHS", "3")
    (tmp_path / "pipeline.yaml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        config.load(tmp_path / "pipeline.yaml")


def test_pictures_are_drawn_by_their_class(tmp_path):
    text = (ROOT / "data/digits_new/pipeline.yaml").read_text()
    text = text.replace("../digits", str(ROOT / "data/digits")).replace("expectations: expectations.yaml", "stop: true")
    text = text[: text.index("release:")] + "training: {epochs: 40}\n"
    (tmp_path / "pipeline.yaml").write_text(text)
    released = retrain(config.load(tmp_path / "pipeline.yaml"))
    assert released.verdict.reason == "first", released.verdict.sentence
    metrics: Any = metrics_of(tmp_path)
    assert metrics["model"]["classes"] == 10
    assert metrics["model"]["recognised"] > 0.85
    found = drawn_from(tmp_path, 12, "digit=3")
    with Image.open(io.BytesIO(found["image"][0])) as picture:
        assert picture.size == (8, 8)
    report = next(tmp_path.glob(".keepfit/runs/*/report.html")).read_text()
    assert "above: test rows; below: new ones" in report
    schema = json.loads(next(tmp_path.glob(".keepfit/stages/export/*/bundle/schema.json")).read_text())
    assert len(schema["groups"]) == 10
