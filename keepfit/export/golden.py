"""Rows with known answers: some of the test rows, and rows at the edge of what a column may hold.

golden.npz holds `input:<graph input>` for each input and `probabilities`, and is read without pickle.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as ds

from keepfit import files
from keepfit.bundle.feeds import feeds
from keepfit.bundle.model import Model

Arrays = dict[str, np.ndarray]
ROWS = 200
BYTES = 8 << 20
"""Golden pictures take at most this much before compression."""

_NUMBERS = (float("nan"), float("inf"), -float("inf"), 1.7e308, -1.7e308, 5e-324, 0.0, -0.0, 1e6)
_WORDS = ("", "never seen", "从未见过的值", "　", "a" * 100, "nan", "true", "🙂", "\n")


def write_golden(folder: Path, model: Model, prepared: Path, transform: dict[str, Any]) -> None:
    """golden.npz: the first test rows and the edge rows, with the model's answers."""
    tests = feeds(_first_rows(prepared / "test_raw", model), model.columns)
    edges = edge_rows(model.columns, transform)
    rows = {name: np.concatenate([tests[name], edges[name]]) for name in tests}
    arrays = {f"input:{name}": _plain(array) for name, array in rows.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, probabilities=model.ask(rows), **arrays)
    files.write_bytes(folder / "golden.npz", buffer.getvalue())


def edge_rows(columns: list[dict[str, Any]], transform: dict[str, Any]) -> Arrays:
    """Graph input → its edge values, one row each: missing, unknown, infinite, huge, empty, Chinese, black …

    Row i holds the i-th edge of every column; the last row the first known category of each.
    """
    fitted = {feature["name"]: feature for feature in transform["features"]}
    return {column["input"]: _edges(column, fitted[column["name"]]) for column in columns}


def _edges(column: dict[str, Any], feature: dict[str, Any]) -> np.ndarray:
    if column["kind"] == "image":
        return _pictures((*column["size"], column["channels"]))
    if column["kind"] in ("number", "datetime"):
        return np.array([*_NUMBERS, feature["max"]], dtype=np.float64)
    return np.array([*_WORDS, feature["vocabulary"][0] if feature["vocabulary"] else ""], dtype=object)


def _pictures(shape: tuple[int, ...]) -> np.ndarray:
    """Black, white, grey, noise, and pictures with one bright row each."""
    pictures = np.zeros((len(_NUMBERS) + 1, *shape), dtype=np.uint8)
    pictures[1], pictures[2] = 255, 127
    pictures[3] = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for row in range(4, len(pictures)):
        pictures[row, row % shape[0]] = 255
    return pictures


def _first_rows(test: Path, model: Model) -> Any:
    pixels = [np.prod((*c["size"], c["channels"])) for c in model.columns if c["kind"] == "image"]
    rows = int(min(ROWS, max(8, BYTES // pixels[0]))) if pixels else ROWS
    return ds.dataset(test).head(rows, columns=[column["name"] for column in model.columns])


def _plain(array: np.ndarray) -> np.ndarray:
    """Python strings as fixed-width ones, which need no pickle."""
    return array.astype(str) if array.dtype == object else array
