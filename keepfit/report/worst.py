"""The rows the model got most wrong: pictures as pictures, rows of a table with their first columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from keepfit.data.identity import LEFT_OUT, ROW
from keepfit.data.transform import Entry
from keepfit.features.lookup import kind_of, read_transform, words_of
from keepfit.metrics.naming import cell
from keepfit.report.facts import RunFacts
from keepfit.report.places import places

CELLS = 6
"""Columns of a table that are shown."""
SMALL = 64
"""Pixels a side up to which a picture is shown pixel by pixel."""


def worst(facts: RunFacts) -> dict[str, Any]:
    """The worst rows, with what was predicted; empty where there are none."""
    found = facts.metrics.get("worst", [])
    folder = facts.folder("preprocess") / "test_raw"
    if not found or not folder.is_dir():
        return {}
    entries = read_transform(facts.folder("preprocess")).features
    seen = next((entry for entry in entries if kind_of(entry.kind).is_raw), None)
    columns = [seen.name] if seen else [entry.name for entry in entries[:CELLS]]
    file = ["file"] if seen and "file" in ds.dataset(folder).schema.names else []
    rows = pick(folder, [w["row"] for w in found], [*columns, *file, ROW])
    snapshot = facts.folder("ingest")
    known = places(snapshot, [row[ROW] for row in rows]) if (snapshot / LEFT_OUT).is_file() else {}
    shown = [
        {
            "row": f"{known[row[ROW]]:,}" if row[ROW] in known else "",
            "file": row[file[0]] if file else "",
            "told": facts.show.worst(w),
            "wrong": w["label"] != w["prediction"],
            **(_picture(row[columns[0]], seen) if seen else {"cells": [cell(row[c]) for c in columns]}),
        }
        for w, row in zip(found, rows, strict=True)
    ]
    told = {"head": facts.show.worst_head, "note": facts.show.worst_note}
    return {"rows": shown, "columns": columns, "pictures": seen is not None, **told}


def pick(folder: Path, wanted: list[int], columns: list[str]) -> list[dict[str, Any]]:
    """Rows by their number in a folder of Parquet files, reading only the row groups they are in."""
    found: dict[int, dict[str, Any]] = {}
    for start, group in _groups(folder, columns, set(wanted)):
        inside = [n for n in set(wanted) if start <= n < start + group.num_rows]
        rows = group.take(pa.array([n - start for n in inside], pa.int64())).to_pylist()
        found.update(zip(inside, rows, strict=True))
    return [found[n] for n in wanted]


def _groups(folder: Path, columns: list[str], wanted: set[int]) -> Iterator[tuple[int, pa.Table]]:
    """First row number and content of each row group that holds a wanted row."""
    start = 0
    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                rows = file.metadata.row_group(number).num_rows
                if any(start <= n < start + rows for n in wanted):
                    yield start, file.read_row_group(number, columns=columns)
                start += rows


def _picture(content: Any, entry: Entry) -> dict[str, Any]:
    """The cell as an image; a small one is shown pixel by pixel."""
    return {
        "picture": words_of(entry.kind).picture(content, entry),
        "smooth": max(entry.shape[:2], default=0) > SMALL,
    }
