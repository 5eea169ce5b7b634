"""`keepfit init` of plain text and of points in time, where a person asks what comes next: what it writes, runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from keepfit import config
from keepfit.drafting import draft
from keepfit.errors import ConfigError, DataError
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.validation import validate
from keepfit.store.events import watching
from keepfit.store.run import begin
from tests.chain import retrain

TEXT = datasets.load_digits().DESCR + datasets.load_wine().DESCR + datasets.load_iris().DESCR


def texts(folder: Path) -> Path:
    (folder / "texts").mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / "texts" / name).write_text(TEXT)
    return folder / "texts"


def prepared_rows(pipeline: config.Pipeline) -> int:
    with watching(lambda _: None), begin(pipeline) as run:
        return ingest(run).rows if preprocess(run, validate(run, ingest(run))) else 0


@pytest.mark.parametrize("make", [texts, lambda folder: texts(folder) / "a.txt"], ids=["a folder", "a file"])
def test_plain_text_is_drafted_and_prepared(tmp_path: Path, make) -> None:
    made = draft(make(tmp_path), problem="next_token", folder=tmp_path)
    pipeline = config.load(made.pipeline)
    assert (pipeline.source.format, pipeline.target, pipeline.model.family) == ("text", "text", "language")
    assert pipeline.preprocessing.split.column == "piece"
    assert prepared_rows(pipeline) > 100


@pytest.mark.slow
def test_a_table_of_texts_is_drafted_and_comes_to_a_verdict(tmp_path: Path) -> None:
    rows = pd.DataFrame({"code": range(60), "said": [f"{TEXT[n * 50 : n * 50 + 200]}" for n in range(60)]})
    rows.to_csv(tmp_path / "t.csv", index=False)
    made = draft(tmp_path / "t.csv", problem="next_token", folder=tmp_path)
    assert made.target == "said"
    made.pipeline.write_text(made.pipeline.read_text().replace("family: language", "family: language\n  width: 16"))
    made.pipeline.write_text(made.pipeline.read_text() + "training: {epochs: 1}\n")
    with watching(lambda _: None):
        assert retrain(config.load(made.pipeline)).verdict.sentence


def sales(*shops: str, days: int = 120) -> pd.DataFrame:
    random = np.random.default_rng(0)
    lines = [
        {"day": str(day.date()), "shop": shop, "sold": 10 + day.day_of_week + float(random.normal()), "open": "yes"}
        for day in pd.date_range("2024-01-01", periods=days)
        for shop in shops
    ]
    return pd.DataFrame(lines).assign(open=["yes", "no"] * (days * len(shops) // 2))


@pytest.mark.parametrize(("shops", "by"), [(["a"], None), (["a", "b", "c"], "shop")])
def test_points_in_time_are_drafted_as_windows_and_prepared(tmp_path: Path, shops: list[str], by: str | None) -> None:
    sales(*shops).to_csv(tmp_path / "sales.csv", index=False)
    made = draft(tmp_path / "sales.csv", "sold", horizon=7, folder=tmp_path)
    pipeline = config.load(made.pipeline)
    assert pipeline.source.window is not None
    assert pipeline.source.window.model_dump() == {"time": "day", "by": by, "length": 28, "horizon": 7}
    assert "may stand beside: open" in " ".join(made.said)
    assert prepared_rows(pipeline) == len(shops) * (120 - 28 - 7 + 1)


@pytest.mark.slow
def test_a_drafted_forecast_comes_to_a_verdict(tmp_path: Path) -> None:
    sales("a").to_csv(tmp_path / "sales.csv", index=False)
    made = draft(tmp_path / "sales.csv", problem="forecasting", folder=tmp_path)
    assert made.target == "sold"
    made.pipeline.write_text(made.pipeline.read_text() + "training: {epochs: 1}\n")
    with watching(lambda _: None):
        assert retrain(config.load(made.pipeline)).verdict.sentence


def test_months_and_plain_numbers_are_times_too(tmp_path: Path) -> None:
    months = [str(month)[:7] for month in pd.date_range("1980-01", periods=200, freq="MS")]
    for name, times, length in (("months", months, 36), ("steps", range(200), 24)):
        pd.DataFrame({"when": times, "level": np.sin(np.arange(200)) * 3}).to_csv(tmp_path / f"{name}.csv", index=False)
        found = config.load(draft(tmp_path / f"{name}.csv", horizon=1, folder=tmp_path, force=True).pipeline)
        assert found.source.window is not None
        assert (found.source.window.time, found.source.window.length) == ("when", length)


@pytest.mark.parametrize(
    ("frame", "how", "kind", "message"),
    [
        (sales("a"), {"problem": "forcasting"}, ConfigError, 'no problem.*Did you mean "forecasting"'),
        (sales("a"), {"problem": "regression", "horizon": 2}, ConfigError, "regression has none"),
        (sales("a"), {"horizon": 0}, ConfigError, "--horizon is 0"),
        (sales("a"), {"target": "shop", "horizon": 1}, ConfigError, '"shop" holds no numbers'),
        (sales("a").drop(columns="day"), {"horizon": 1}, ConfigError, "no column says when"),
        (sales("a", "a").drop(columns="open"), {"horizon": 1}, DataError, "twice, and no column tells series apart"),
        (sales("a", days=20), {"horizon": 3}, DataError, "a series has 20 points"),
        (sales("a").assign(sold=7, also=1.5), {"problem": "next_token"}, ConfigError, "no column is one of texts"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(tmp_path: Path, frame: pd.DataFrame, how, kind, message: str) -> None:
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(kind, match=message):
        draft(tmp_path / "t.csv", folder=tmp_path, **how)
    assert not (tmp_path / "pipeline.yaml").exists()


def test_another_problem_of_a_table_is_taken_at_a_persons_word(tmp_path: Path) -> None:
    pd.DataFrame({"x": np.arange(90) % 7, "stars": np.arange(90) % 5}).to_csv(tmp_path / "t.csv", index=False)
    assert config.load(draft(tmp_path / "t.csv", "stars", folder=tmp_path).pipeline).problem.kind == "classification"
    asked = draft(tmp_path / "t.csv", "stars", folder=tmp_path, problem="regression", force=True)
    assert config.load(asked.pipeline).problem.kind == "regression"
