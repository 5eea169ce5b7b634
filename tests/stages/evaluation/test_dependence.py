"""The answers follow each column as the target does, and single rows differ where columns play together."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa

from keepfit.config.sets import MODELS
from keepfit.report.charts import dependence
from keepfit.stages.evaluation import evaluate
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.store.files import read_json
from tests.stages import snapshot_by_hand as by_hand

ROWS = 500
COLUMNS = {"alone": "number", "first": "number", "second": "number", "nothing": "number", "name": "category"}


def test_the_curves_are_those_of_the_target(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    alone, first, second, nothing = random.uniform(-1, 1, (4, ROWS))
    named = random.random(ROWS) < 0.4
    target = 5.0 * (alone > 0.2) + 4 * np.sign(first) * np.sign(second) + 6 * named
    numbers = {"alone": alone, "first": first, "second": second, "nothing": nothing}
    made = {**numbers, "name": np.where(named, "玫瑰 <b>", "tulip"), "answer": target}
    said = by_hand.pipeline(tmp_path, COLUMNS, problem={"kind": "regression"})
    said = said.model_copy(update={"model": MODELS.module("boosting").Settings(trees=60)})
    run, validated = by_hand.validated(said, by_hand.with_ids(pa.table(made)))
    prepared = preprocess(run, validated)
    evaluated = evaluate(run, train(run, prepared.learnable), prepared)
    metrics = read_json(run.store / evaluated.path / "metrics.json")
    found = {one["column"]: one for one in metrics["dependence"]}
    assert {*found} == {*COLUMNS} - {"nothing"}
    sides = {name: one["sides"][0] for name, one in found.items()}
    values, mean = np.array(found["alone"]["values"]), np.array(sides["alone"]["mean"])
    assert (np.diff(values) > 0).all()
    assert mean[values > 0.3].min() - mean[values < 0.1].max() > 4
    widths = {name: np.mean(np.subtract(side["high"], side["low"])) for name, side in sides.items()}
    assert min(widths["first"], widths["second"]) > 3 * max(widths["alone"], widths["name"])
    by_name = dict(zip(found["name"]["values"], sides["name"]["mean"], strict=True))
    assert abs(by_name["玫瑰 <b>"] - by_name["tulip"] - 6) < 1
    for one in found.values():
        ElementTree.fromstring(dependence(one, "predicted value"))
