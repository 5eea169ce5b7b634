"""When init asks for several labels a row, and when it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit import config
from keepfit.drafting import Draft, draft
from keepfit.errors import KeepfitError
from keepfit.stages.ingest import ingest
from keepfit.store.run import start

DRAW = np.random.default_rng(0)
ROWS = 300
NUMBER = DRAW.normal(size=ROWS).round(3).tolist()


def drafted(folder: Path, cells: list[Any]) -> tuple[Draft, config.Pipeline]:
    pd.DataFrame({"x": NUMBER, "label": cells}).to_csv(folder / "rows.csv", index=False)
    found = draft(folder / "rows.csv", "label", folder=folder / "made", force=True)
    return found, config.load(found.pipeline)


def joined(parts: list[str], mark: str, most: int = 3) -> list[str]:
    """Cells of one to `most` of these parts."""
    return [mark.join(DRAW.choice(parts, DRAW.integers(1, most + 1), replace=False)) for _ in range(ROWS)]


WORDS = [f"word{n}" for n in range(400)]
GENRES = ["drama", "comedy", "science fiction", "action", "horror"]


@pytest.mark.parametrize("mark", [";", "|", ", ", "/"])
def test_cells_of_parts_that_repeat_are_several_labels(tmp_path: Path, mark: str) -> None:
    found, pipeline = drafted(tmp_path, joined(GENRES, mark))
    assert (pipeline.problem.kind, pipeline.problem.form) == ("multilabel", mark.strip())
    assert "rows of each label: " in found.pipeline.read_text()
    assert any("problem: in the YAML asks for another" in sentence for sentence in found.said)


def test_lists_are(tmp_path: Path) -> None:
    lists = [cell.split(";") if place % 9 else [] for place, cell in enumerate(joined(GENRES, ";"))]
    pq.write_table(pa.table({"x": NUMBER, "label": lists}), tmp_path / "rows.parquet")
    pipeline = config.load(draft(tmp_path / "rows.parquet", "label", folder=tmp_path / "made", force=True).pipeline)
    assert (pipeline.problem.kind, pipeline.problem.form) == ("multilabel", "json")
    assert ingest(start(pipeline)).classes == tuple(sorted(GENRES))


@pytest.mark.parametrize(
    "cells",
    [
        [f"{DRAW.choice(['Paris', 'Rome', 'Oslo'])}, {land}" for land in ["x", "y"] * 150],
        joined(["1", "2", "3"], ",", 2),
        DRAW.choice(["and/or", "either", "none; at all"], ROWS).tolist(),
        DRAW.choice(["2024/01/02", "2024/01/03", "2024/02/01"], ROWS).tolist(),
        DRAW.choice(["yes", "no"], ROWS).tolist(),
    ],
    ids=["places", "numbers", "names", "dates", "classes"],
)  # fmt: skip
def test_cells_with_a_mark_in_them_are_not(tmp_path: Path, cells: list[Any]) -> None:
    _, pipeline = drafted(tmp_path, cells)
    assert pipeline.problem.kind == "classification"


def test_free_text_is_not(tmp_path: Path) -> None:
    cells = joined(WORDS, ", ", 6)
    with pytest.raises(KeepfitError, match="no multilabel, for the parts of its cells do not come"):
        drafted(tmp_path, cells)


@pytest.mark.parametrize("yes", ["yes", "1", "True"])
def test_labels_side_by_side_are_told(tmp_path, yes):
    no = {"yes": "no", "1": "0", "True": "False"}[yes]
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({name: draw.choice([yes, no], 60) for name in ("tag_war", "tag_drama", "tag_love", "seen")})
    frame["length"] = draw.normal(size=60)
    frame.to_csv(tmp_path / "films.csv", index=False)
    said = " ".join(draft(tmp_path / "films.csv", "tag_war", folder=tmp_path).said)
    assert "columns: [tag_war, tag_drama, tag_love]" in said
    other = " ".join(draft(tmp_path / "films.csv", "seen", folder=tmp_path, force=True).said)
    assert "multilabel" not in other
