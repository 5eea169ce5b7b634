"""Every kind of column with every problem it can meet, through all stages, on a few hundred rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keepfit import config, load
from keepfit.serving.prediction import predict_file
from keepfit.serving.sampling import sample, wanted
from tests.chain import retrain
from tests.recordings import tone, wav

ROWS = 300
KINDS = ("number", "category", "boolean", "datetime", "image")
PROBLEMS = ("classification", "regression")
STEPPED = ("text", "sequence", "audio")
FAMILIES = {
    "number": ("mlp", "wide_deep"),
    "image": ("mlp", "cnn"),
    "text": ("wide_deep", "lstm"),
    "sequence": ("wide_deep", "attention"),
    "audio": ("cnn",),
}
ALONE = ("image", *STEPPED)
"""Kinds of which a row of these tests has nothing else."""


WORDS = (["grey", "rain", "cold"], ["cloud", "damp", "mild"], ["clear", "dry", "warm"], ["sun", "blue", "hot"])


@dataclass(frozen=True)
class Made:
    """One column that tells the target, and rows of it."""

    cells: list[Any]
    level: np.ndarray
    """From 0 to 1, [N]: what the target is made of."""


def made(kind: str, folder: Path) -> Made:
    draw = np.random.default_rng(0)
    level = draw.random(ROWS)
    if kind == "number":
        return Made((level * 50).round(3).tolist(), level)
    if kind == "category":
        names = np.array(["低", "mid", "high"])
        place = (level * 3).astype(int)
        return Made(names[place].tolist(), place / 2)
    if kind == "boolean":
        return Made(np.where(level > 0.5, "true", "false").tolist(), (level > 0.5).astype(float))
    if kind == "datetime":
        days = pd.Timestamp("2024-01-01") + pd.to_timedelta((level * 300).astype(int), "D")
        return Made(days.strftime("%Y-%m-%d").tolist(), level)
    if kind == "text":
        return Made([" ".join(draw.choice(WORDS[int(4 * one)], 6)) for one in level], level)
    if kind == "sequence":
        steps = np.arange(24)
        return Made([(one * np.sin(steps) + 0.02 * draw.normal(size=24)).tolist() for one in level], level)
    if kind == "audio":
        return Made([wav(tone(300 + 2000 * one, 0.1)) for one in level], level)
    return Made([png(one, n) for n, one in enumerate(level)], level)


def source(kind: str, problem: str, folder: Path) -> str:
    """Rows on disk; gives what the YAML says of source and features."""
    column = made(kind, folder)
    target = np.where(column.level > 0.4, "yes", "no") if problem == "classification" else 100 + 20 * column.level
    frame = pd.DataFrame({"noise": np.random.default_rng(1).normal(size=ROWS).round(3), "y": target})
    frame.insert(0, "x", column.cells)
    if kind not in ALONE:
        frame.to_csv(folder / "rows.csv", index=False)
        return f"source: {{path: rows.csv}}\nfeatures: {{x: {kind}, noise: number}}\n"
    frame.drop(columns="noise").to_parquet(folder / "rows.parquet")
    return f"source: {{path: rows.parquet}}\nfeatures: {{x: {kind}}}\n"


def png(level: float, seed: int) -> bytes:
    """A grey picture whose brightness is the level."""
    import io

    pixels = np.clip(255 * level + np.random.default_rng(seed).normal(0, 8, (8, 8)), 0, 255).astype(np.uint8)
    with io.BytesIO() as buffer:
        Image.fromarray(pixels).save(buffer, "PNG")
        return buffer.getvalue()


CASES = [
    pytest.param(kind, problem, family, marks=[pytest.mark.slow] if (k + p + f) % 2 else [])
    for k, kind in enumerate(KINDS)
    for p, problem in enumerate(PROBLEMS)
    for f, family in enumerate(FAMILIES.get(kind, ("mlp",)))
] + [
    pytest.param(kind, problem, family, marks=pytest.mark.slow)
    for kind in STEPPED
    for problem in PROBLEMS
    for family in FAMILIES[kind]
]
"""Of rows of a fixed size each kind, problem and family is among those that are not slow, and every second combination;
what has steps goes through all stages in tests of its own, too."""


@pytest.mark.parametrize(("kind", "problem", "family"), CASES)
def test_it_goes_through_all_stages_and_is_better_than_a_guess(
    kind: str, problem: str, family: str, tmp_path: Path
) -> None:
    members = ", members: 2, width: 32" if family in ("mlp", "wide_deep") and kind not in STEPPED else ""
    (tmp_path / "pipeline.yaml").write_text(
        f"name: all\ntarget: y\nproblem: {problem}\n{source(kind, problem, tmp_path)}"
        f"model: {{family: {family}{members}}}\ntraining: {{epochs: 25, lr: 0.01}}\n"
    )
    pipeline = config.load(tmp_path / "pipeline.yaml")
    released = retrain(pipeline)
    assert released.verdict.reason == "first", released.verdict.sentence
    rows = next(tmp_path.glob("rows.*"))
    predict_file(pipeline, rows, tmp_path / "answers.parquet")
    answers = pd.read_parquet(tmp_path / "answers.parquet")
    truth = pd.read_parquet(rows) if kind in ALONE else pd.read_csv(rows)
    if problem == "classification":
        assert (answers["prediction"] == truth["y"]).mean() > 0.9
        assert set(answers) == {"prediction", "probability_no", "probability_yes", "model_version"}
    else:
        assert np.corrcoef(answers["prediction"], truth["y"])[0, 1] > 0.9
        assert list(answers) == ["prediction", "low", "high", "model_version"]
        inside = (answers["low"] <= truth["y"]) & (truth["y"] <= answers["high"])
        assert inside.mean() > 0.75
    report = (Path(released.report)).read_text()
    assert ("Ranking and calibration" if problem == "classification" else "Predicted against true") in report
    again = load(tmp_path / "pipeline.yaml").predict(truth)
    assert list(again["prediction"][:20]) == pytest.approx(list(answers["prediction"][:20]))
    journal = json.loads((tmp_path / ".keepfit/journal.jsonl").read_text())
    assert journal["reason"] == "first"


OF_ROWS = [
    pytest.param(kind, problem, family, marks=[pytest.mark.slow] if (k + n) % 3 else [])
    for k, kind in enumerate(KINDS)
    for n, (problem, family) in enumerate((("reconstruction", "vae"), ("synthesis", "gan"), ("synthesis", "vae")))
]
"""What is asked of whole rows, whatever is in them: every kind, and every problem with its families."""


@pytest.mark.parametrize(("kind", "problem", "family"), OF_ROWS)
def test_whole_rows_are_described_and_drawn_of_every_kind(kind: str, problem: str, family: str, tmp_path: Path) -> None:
    where, features = source(kind, "classification", tmp_path).splitlines()
    said = f"{where}\n{features.removesuffix('}')}, y: category}}\n"
    asked = "{kind: synthesis, given: [y]}" if problem == "synthesis" else problem
    (tmp_path / "pipeline.yaml").write_text(
        f"name: all\nproblem: {asked}\n{said}model: {{family: {family}, width: 48}}\ntraining: {{epochs: 25}}\n"
    )
    pipeline = config.load(tmp_path / "pipeline.yaml")
    released = retrain(pipeline, force="two columns that have little to do with each other")
    assert released.verdict.enters_service, released.verdict.sentence
    rows = next(tmp_path.glob("rows.*"))
    predict_file(pipeline, rows, tmp_path / "answers.parquet")
    answers = pd.read_parquet(tmp_path / "answers.parquet")
    assert len(answers) == ROWS
    if problem == "reconstruction":
        assert answers["prediction"].between(0, 1).all()
        assert {"strangest", "mended_x", "mended_y", "share_x"} <= set(answers)
        return
    new = pd.concat([table.to_pandas() for table in sample(pipeline, wanted(200, ("y=yes",), 0))])
    assert set(new["y"]) == {"yes"}
    assert new["x"].notna().all()
