"""Series of differing length through all stages: handwritten digits as the rows that hold ink, eight channels a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from keepfit import config, load
from tests.chain import retrain

YAML = (
    "name: strokes\nsource: {path: strokes.parquet}\ntarget: digit\nfeatures: {strokes: sequence}\n"
    "model: {family: cnn, width: 32}\ntraining: {epochs: 12}\n"
)


def strokes(rows: int = 600) -> pd.DataFrame:
    images, digits = load_digits(return_X_y=True)
    kept = [image.reshape(8, 8)[image.reshape(8, 8).any(1)] for image in images[:rows]]
    return pd.DataFrame({"strokes": [one.tolist() for one in kept], "digit": digits[:rows]})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strokes")
    strokes().to_parquet(folder / "strokes.parquet")
    (folder / "pipeline.yaml").write_text(YAML, "utf-8")
    return folder / "pipeline.yaml"


@pytest.fixture(scope="module")
def released(made):
    return retrain(config.load(made))


def test_it_learns_and_is_let_in(released):
    assert released.verdict.outcome == "FIRST"
    assert released.verdict.figures["value"] > 0.85


def test_a_row_gets_its_answer_however_it_is_written_and_whatever_stands_beside_it(made, released):
    model, rows = load(made), strokes()[["strokes"]].iloc[:40]
    together = model.predict(rows)
    arrays = model.predict(pd.DataFrame({"strokes": [np.array(one) for one in rows.strokes]}))
    texts = model.predict(pd.DataFrame({"strokes": [str(one) for one in rows.strokes]}))
    alone = pd.concat([model.predict(rows.iloc[[place]]) for place in range(10)])
    assert together.prediction.tolist() == arrays.prediction.tolist() == texts.prediction.tolist()
    assert alone.prediction.tolist() == together.prediction.tolist()[:10]


def test_the_report_draws_the_worst(made, released):
    page = next(made.parent.glob(".keepfit/runs/*/report.html")).read_text("utf-8")
    assert page.count("data:image/svg+xml;base64,") >= 5
