"""Labels that lie side by side, a column each that says yes or no, as one target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keepfit import config, load
from keepfit.errors import ConfigError, DataError
from keepfit.stages.ingest import ingest
from keepfit.store.events import watching
from keepfit.store.run import start
from tests.chain import retrain

YAML = (
    "name: moods\nsource: {path: rows.csv}\ntarget: moods\nfeatures: {a: number, b: number}\n"
    "problem: {kind: multilabel, columns: [glad, tired, late]}\n"
    "model: {family: mlp, members: 2, width: 32}\ntraining: {epochs: 15, lr: 0.01}\n"
)


def rows(count: int = 300) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(count, 2)).round(3), columns=["a", "b"])
    words = {"glad": ("yes", "no"), "tired": (1, 0), "late": ("True", "False")}
    there = {"glad": frame.a > 0, "tired": frame.b > 0, "late": frame.a + frame.b > 1}
    return frame.assign(**{name: np.where(there[name], *words[name]) for name in words}, note="x")


def pipeline(folder: Path, frame: pd.DataFrame, old: str = "", new: str = "") -> config.Pipeline:
    frame.to_csv(folder / "rows.csv", index=False)
    (folder / "pipeline.yaml").write_text(YAML.replace(old, new) if old else YAML)
    return config.load(folder / "pipeline.yaml")


def test_they_are_learned_and_answered_as_labels(tmp_path: Path) -> None:
    made = pipeline(tmp_path, rows())
    with watching(lambda _: None):
        assert retrain(made).verdict.outcome == "FIRST"
    asked = pd.DataFrame({"a": [2.0, -2.0], "b": [2.0, -2.0]})
    assert load(made.file).predict(asked).prediction.tolist() == ['["glad", "late", "tired"]', "[]"]


def test_a_row_of_which_a_label_is_not_known_has_no_target(tmp_path: Path) -> None:
    frame = rows()
    frame["tired"] = frame["tired"].astype(object)
    frame.loc[:4, "tired"], frame.loc[5:6, "glad"] = "perhaps", None
    with watching(lambda _: None):
        assert ingest(start(pipeline(tmp_path, frame))).rows == 293


def test_other_columns_are_read_anew(tmp_path: Path) -> None:
    with watching(lambda _: None):
        found = [
            ingest(start(pipeline(tmp_path, rows(), *change))).digest
            for change in (("", ""), ("glad, tired, late", "glad, tired"))
        ]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("old", "new", "kind", "message"),
    [
        ("glad, ", "gladd, ", DataError, 'no column "gladd", a part of the target.*glad'),
        ("target: moods", "target: note", DataError, 'a column is called so already'),
        ("target: moods", "target: glad", ConfigError, '"glad" is a column that the target is made of'),
        ("b: number", "tired: number", ConfigError, '"tired" is a column that the target is made of'),
        ("[glad, tired, late]", "glad", ConfigError, "FIRST..LAST"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said(tmp_path: Path, old: str, new: str, kind, message: str) -> None:
    with watching(lambda _: None), pytest.raises(kind, match=message):
        ingest(start(pipeline(tmp_path, rows(), old, new)))


def test_types_of_arrow_say_yes_and_no_too(tmp_path: Path) -> None:
    frame = rows()
    whole = frame.assign(glad=frame.glad == "yes", tired=frame.tired.astype(float))
    whole["late"] = frame.late == "True"
    whole.to_parquet(tmp_path / "rows.parquet")
    with watching(lambda _: None):
        assert ingest(start(pipeline(tmp_path, frame, "rows.csv", "rows.parquet"))).rows == 300
