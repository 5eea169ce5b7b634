"""Series of differing length through all stages: handwritten digits as the rows that hold ink, eight channels a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_digits

from keepfit import config, load
from keepfit.errors import DataError
from keepfit.features.sequence.packed import unpack
from keepfit.serving.prediction import predict_file
from keepfit.stages.ingest import ingest
from keepfit.store.run import start
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


ONE = [0.0, 1, 9, 16, 15, 4, 0, 0]
ODD = {
    "no step": [],
    "a step": [ONE],
    "infinite inside": [ONE, [float("inf")] * 8, ONE],
    "nothing but gaps": [[float("nan")] * 8] * 3,
    "nothing": None,
    "too few channels": [ONE[:3]] * 4,
    "too many steps": [ONE] * 20_000,
}


def test_odd_series_get_an_answer_of_their_own(made, released):
    model = load(made)
    together = model.predict(pd.DataFrame({"strokes": list(ODD.values())}))
    assert np.isfinite(together.filter(like="probability").to_numpy()).all()
    gaps = model.predict(pd.DataFrame({"strokes": [[ONE, [None] * 8, ONE], ODD["nothing"]]}))
    chances = together.filter(like="probability").to_numpy()
    np.testing.assert_allclose(chances[2], gaps.filter(like="probability").to_numpy()[0], atol=1e-6)
    np.testing.assert_allclose(chances[0], chances[4], atol=1e-6)


@pytest.mark.parametrize("other", ["sixteen", 16, ONE, [{"step": 1}]])
def test_cells_that_do_not_go_together_are_told(made, released, other):
    with pytest.raises(DataError, match=r'"strokes" do not go together'):
        load(made).predict(pd.DataFrame({"strokes": [[ONE], other]}))


def test_the_report_draws_the_worst(made, released):
    page = next(made.parent.glob(".keepfit/runs/*/report.html")).read_text("utf-8")
    assert page.count("data:image/svg+xml;base64,") >= 5


WIDE = (
    "name: wide\nsource: {path: wide.csv}\ntarget: digit\nfeatures: {ink: {kind: sequence, columns: p1..p64}}\n"
    "model: {family: cnn, width: 16}\ntraining: {epochs: 4}\n"
)


def wide(rows: int = 300) -> pd.DataFrame:
    images, digits = load_digits(return_X_y=True)
    frame = pd.DataFrame(images[:rows] + 0.5, columns=[f"p{n}" for n in range(1, 65)])
    return frame.assign(digit=digits[:rows], other="x")


def test_columns_side_by_side_are_one_series(tmp_path):
    wide().to_csv(tmp_path / "wide.csv", index=False)
    (tmp_path / "pipeline.yaml").write_text(WIDE, "utf-8")
    retrain(config.load(tmp_path / "pipeline.yaml"), "to see it answer")
    model, rows = load(tmp_path / "pipeline.yaml"), wide().iloc[:20]
    side_by_side = model.predict(rows.drop(columns="digit"))
    lists = model.predict(pd.DataFrame({"ink": rows[[f"p{n}" for n in range(1, 65)]].to_numpy().tolist()}))
    assert side_by_side.prediction.tolist() == lists.prediction.tolist()
    np.testing.assert_allclose(side_by_side.filter(like="probability"), lists.filter(like="probability"), atol=1e-5)
    with pytest.raises(DataError, match="p7"):
        model.predict(rows.drop(columns="p7"))


def test_other_columns_of_a_series_are_read_anew(tmp_path):
    """The snapshot of 64 steps is not that of 32, though kind and source are the same."""
    wide().to_csv(tmp_path / "wide.csv", index=False)
    found = []
    for span in ("p1..p64", "p1..p32"):
        (tmp_path / "pipeline.yaml").write_text(WIDE.replace("p1..p64", span), "utf-8")
        found.append(ingest(start(config.load(tmp_path / "pipeline.yaml"))).digest)
    assert found[0] != found[1]


LONG = (
    "name: long\nsource:\n  path: points.csv\n  labels: digits.csv\n"
    "  points: {id: image, time: row, values: [c0, c1, c2, c3, c4, c5, c6, c7]}\ntarget: digit\n"
    "features: {series: sequence}\nmodel: {family: cnn, width: 8}\ntraining: {epochs: 2}\n"
)


def in_points(folder: Path, made: pd.DataFrame) -> pd.DataFrame:
    """The pipeline LONG of these series, its points and labels in tables."""
    steps = [(f"i{n}", row, *values) for n, one in enumerate(made.strokes) for row, values in enumerate(one)]
    points = pd.DataFrame(steps, columns=["image", "row", *(f"c{n}" for n in range(8))])
    points.to_csv(folder / "points.csv", index=False)
    labels = pd.DataFrame({"image": [f"i{n}" for n in range(len(made))], "digit": made.digit})
    labels.to_csv(folder / "digits.csv", index=False)
    (folder / "pipeline.yaml").write_text(LONG, "utf-8")
    return points


def test_points_are_the_rows_that_lists_of_them_are(tmp_path):
    in_points(tmp_path, strokes(60))
    now = start(config.load(tmp_path / "pipeline.yaml"))
    rows = pl.read_parquet(now.store / ingest(now).path / "rows").sort("image")
    wanted = {f"i{n}": (str(digit), np.array(one)) for n, (one, digit) in enumerate(strokes(60).to_numpy())}
    for image, digit, cell in rows.select("image", "digit", "series").iter_rows():
        assert digit == wanted[image][0]
        np.testing.assert_array_equal(unpack(cell), wanted[image][1])


@pytest.mark.slow
def test_a_line_for_each_point_answers_with_a_line_for_each_series(tmp_path):
    made = strokes(200)
    points = in_points(tmp_path, made)
    retrain(config.load(tmp_path / "pipeline.yaml"), "to see it answer")
    asked = points[points.image.isin([f"i{n}" for n in range(30)])].sample(frac=1, random_state=0)
    asked.to_csv(tmp_path / "asked.csv", index=False)
    predict_file(config.load(tmp_path / "pipeline.yaml"), tmp_path / "asked.csv", tmp_path / "answers.csv")
    answers = pd.read_csv(tmp_path / "answers.csv").set_index("image")
    lists = load(tmp_path / "pipeline.yaml").predict(made.rename(columns={"strokes": "series"})[["series"]].iloc[:30])
    assert answers.prediction[[f"i{n}" for n in range(30)]].astype(str).tolist() == lists.prediction.tolist()
