"""Public data sets, from their files to their shards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from keepfit.config import Pipeline, load
from keepfit.data import feed as batches
from keepfit.data.transform import Transform
from keepfit.features.lookup import read_transform
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.validation import validate
from keepfit.store.run import start
from tests import CARRIED

Find = Callable[[str], Path]


def shards(config: Pipeline) -> tuple[Path, Transform]:
    """The folder of the prepared rows, and what was fitted."""
    run = start(config)
    folder = run.store / preprocess(run, validate(run, ingest(run))).path
    return folder, read_transform(folder)


def test_mammographys_one_row_repeated_does_not_upset_the_split(data: Find, tmp_path: Path) -> None:
    names = [f"x{i}" for i in range(6)]
    source = {"path": str(data("mammography/mammography.csv")), "columns": [*names, "answer"]}
    features = dict.fromkeys(names, "number")
    config = Pipeline(name="m", source=source, target="answer", features=features, model={"family": "mlp"})
    config._file = tmp_path / "pipeline.yaml"
    folder, _ = shards(config)
    profile = json.loads((folder / "profile.json").read_text())
    assert abs(profile["rows"]["test"] - 0.2 * 11_183) < 170
    positives = profile["target"]["classes"][1]
    assert min(positives["validation"], positives["test"]) > 15


def test_adult_keeps_its_published_test_file(data: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPFIT_DATA", str(data("adult").parent))
    config = load(CARRIED / "adult" / "pipeline.yaml").model_copy(update={"store": str(tmp_path / "store")})
    config._file = CARRIED / "adult" / "pipeline.yaml"
    folder, transform = shards(config)
    test = batches.read(folder / "test", transform).load(())
    assert len(test) == 16_281
    assert transform.target.classes == ("<=50K", ">50K")
    fitted = {feature.name: feature for feature in transform.features}
    assert any(feature.kind == "category" and feature.missing for feature in fitted.values())
