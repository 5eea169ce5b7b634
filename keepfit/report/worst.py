"""The rows the model got most wrong: pictures as pictures, rows of a table with their first columns."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from keepfit.report.facts import Facts
from keepfit.report.places import places
from keepfit.report.words import cell
from keepfit.rows import LEFT_OUT, ROW

CELLS = 6
"""Columns of a table that are shown."""
LARGEST = 128
"""Pixels of a picture's longer side, at most."""


def worst(facts: Facts) -> dict[str, Any]:
    """The worst rows, with what was predicted; empty where there are none."""
    found = facts.metrics.get("worst", [])
    folder = facts.folder("preprocess") / "test_raw"
    if not found or not folder.is_dir():
        return {}
    features = facts.transform["features"]
    picture = next((f for f in features if f["kind"] == "image"), None)
    columns = [picture["name"]] if picture else [f["name"] for f in features[:CELLS]]
    file = ["file"] if picture and "file" in ds.dataset(folder).schema.names else []
    rows = pick(folder, [w["row"] for w in found], [*columns, *file, ROW])
    snapshot = facts.folder("ingest")
    known = places(snapshot, [row[ROW] for row in rows]) if (snapshot / LEFT_OUT).is_file() else {}
    shown = [
        {
            "row": f"{known[row[ROW]]:,}" if row[ROW] in known else "",
            "file": row[file[0]] if file else "",
            "label": w["label"],
            "prediction": w["prediction"],
            "probability": f"{100 * w['probability_of_label']:.1f} %",
            **(_picture(row[columns[0]], picture) if picture else {"cells": [cell(row[c]) for c in columns]}),
        }
        for w, row in zip(found, rows, strict=True)
    ]
    return {"rows": shown, "columns": columns, "pictures": picture is not None}


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


def _picture(content: bytes, feature: dict[str, Any]) -> dict[str, Any]:
    """A PNG as a data: address, decoded as the model saw it."""
    from PIL import Image

    from keepfit.images import decode

    height, width = feature["size"]
    pixels = decode(content, (height, width), feature["channels"], feature["pixels"])
    image = Image.fromarray(pixels[:, :, 0] if feature["channels"] == 1 else pixels)
    image.thumbnail((LARGEST, LARGEST))
    with BytesIO() as buffer:
        image.save(buffer, "PNG", optimize=True)
        encoded = base64.b64encode(buffer.getvalue()).decode()
    return {"picture": f"data:image/png;base64,{encoded}", "smooth": max(height, width) > LARGEST // 2}
