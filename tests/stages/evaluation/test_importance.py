"""A column that decides alone comes out on top, whatever its kind, and one that says nothing at nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keepfit import config
from keepfit.cli.explaining import explain
from keepfit.store.files import read_json
from tests.chain import retrain

ROWS = 600
RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.random(ROWS) < 0.5
WORDS = np.where(TRUTH, "warm bread and butter", "cold rain on stone").tolist()
DECIDES: dict[str, tuple[str, Any]] = {
    "number": ("number", TRUTH + RANDOM.normal(0, 0.1, ROWS)),
    "category": ("category", np.where(TRUTH, RANDOM.choice(["a", "b"], ROWS), "c")),
    "text": ("text", [f"{words} {number}" for number, words in enumerate(WORDS)]),
}


def importances(folder: Path, columns: dict[str, tuple[str, Any]], target: Any, model: str) -> list[dict[str, Any]]:
    cells = {name: made for name, (_, made) in columns.items()}
    pd.DataFrame({**cells, "target": target}).to_csv(folder / "rows.csv", index=False)
    kinds = ", ".join(f"{name}: {kind}" for name, (kind, _) in columns.items())
    problem = "classification" if isinstance(target[0], str) else "regression"
    (folder / "pipeline.yaml").write_text(
        f"name: planted\nsource: {{path: rows.csv}}\ntarget: target\nfeatures: {{{kinds}}}\nproblem: {problem}\n"
        f"model: {model}\ntraining: {{epochs: 8}}\nstore: {folder}/store\n"
    )
    retrain(config.load(folder / "pipeline.yaml"))
    (found,) = (folder / "store/stages/evaluate").glob("*/metrics.json")
    made: list[dict[str, Any]] = read_json(found)["importance"]
    return made


def check_rows(folder: Path, kind: str, capsys: Any) -> None:
    """The same of single rows, by the exported model alone."""
    explain(folder, folder / "rows.csv", rows=12, out=folder / "page.html")
    explain(folder, folder / "rows.csv", rows=12, json=True)
    told = capsys.readouterr().out.split("page.html\n", 1)[1]
    rows = json.loads(told)["rows"]
    assert [row["row"] for row in rows] == [*range(1, 13)]
    for row, truth in zip(rows, TRUTH, strict=False):
        first = row["reasons"][0]
        assert row["prediction"] == ("yes" if truth else "no")
        assert first["column"] == "planted"
        assert first["effect"] > 0.5
        assert bool(first["part"]) == (kind == "text")
    page = (folder / "page.html").read_text()
    assert "planted" in page
    assert ("<mark" in page) == (kind == "text")


@pytest.mark.parametrize("kind", DECIDES)
def test_the_column_that_decides_comes_out_on_top(tmp_path: Path, kind: str, capsys: Any) -> None:
    noise = ("number", RANDOM.normal(size=ROWS)), ("category", RANDOM.choice(["x", "y"], ROWS))
    columns = {"first": noise[0], "planted": DECIDES[kind], "last": noise[1]}
    model = "{family: mlp, members: 1}" if kind == "text" else "{family: boosting, trees: 30}"
    found = importances(tmp_path, columns, np.where(TRUTH, "yes", "no").tolist(), model)
    assert [found[0]["column"], {one["column"] for one in found[1:]}] == ["planted", {"first", "last"}]
    assert found[0]["low"] > 0.2
    assert all(one["rise"] < 0.1 * found[0]["rise"] for one in found[1:])
    check_rows(tmp_path, kind, capsys)
    report = next((tmp_path / "store/runs").glob("*/report.html")).read_text()
    assert report.index(">planted<") > 0
    assert "What it rests on" in report


def test_of_a_quantity_columns_come_in_the_order_of_their_weights(tmp_path: Path) -> None:
    cells = RANDOM.normal(size=(ROWS, 3))
    columns = {name: ("number", cells[:, place]) for place, name in enumerate("abc")}
    found = importances(tmp_path, columns, (cells @ [1.0, 3.0, 0.0]).tolist(), "{family: linear}")
    assert [one["column"] for one in found] == ["b", "a", "c"]
    assert found[1]["low"] > 0 >= found[2]["low"]


def test_a_single_column_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    columns = {"planted": DECIDES["number"]}
    assert importances(tmp_path, columns, np.where(TRUTH, "yes", "no").tolist(), "{family: linear}") == []
