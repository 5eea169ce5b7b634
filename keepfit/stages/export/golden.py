"""Rows with known answers: some of the test rows, and rows at the edge of what a column may hold.

golden.npz holds `input:<graph input>` for each input, `output:<graph output>` for each output, `clear` (rows whose text
may not change), `tolerance` (how far a number may) and `most` (rows a call), and is read without pickle.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as ds

from keepfit.data.ragged import behind, filled
from keepfit.data.transform import Transform, in_view
from keepfit.features.kind import ServedColumn, in_views
from keepfit.features.lookup import kind_of
from keepfit.serving.bundle.feeds import Blocks, feeds
from keepfit.serving.bundle.model import ServedModel
from keepfit.store import files

ROWS = 200
TOLERANCE = 1e-5
"""How far a number may change with the rows beside it, in units of the answer."""
STEPS = 1 << 14
"""Golden rows whose lengths differ have about so many steps altogether: a recurrent network takes them one by one."""
BYTES = 8 << 20
"""A column of golden rows takes at most this much before compression."""


def write_golden(folder: Path, model: ServedModel, prepared: Path, transform: Transform) -> None:
    """golden.npz: the first test rows and the edge rows, with the model's answers."""
    tests = feeds(_first_rows(prepared / "test_raw", model, transform), model.columns, {})
    edges = edge_rows(model.columns, transform)
    rows = model.drawing({name: filled(behind([tests[name], edges[name]])) for name in tests})
    answer, names = model.answer, model.answer.named(model.schema)
    arrays = {f"input:{name}": array for name, array in rows.items()}
    found = dict(zip(names, model.run(names, rows), strict=True))
    arrays |= {f"output:{name}": output for name, output in found.items()}
    answers = answer.joined([found[name] for name in answer.outputs(model.schema)])
    arrays["clear"] = answer.clear(answers, TOLERANCE, model.schema)
    arrays["most"] = np.array(model.rows_a_call)
    arrays["tolerance"] = np.array(TOLERANCE * answer.unit(model.schema))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **{name: _plain(array) for name, array in arrays.items()})
    files.write_bytes(folder / "golden.npz", buffer.getvalue())


def edge_rows(columns: list[ServedColumn], transform: Transform) -> Blocks:
    """Graph input → its edge values, one row each: missing, unknown, infinite, huge, empty, Chinese, black …

    Row i holds the i-th edge of every column.
    """
    entries = {column["input"]: transform.entries[column["name"]] for column in columns}
    found = {name: in_views(kind_of(entry.kind).edges(entry)) for name, entry in entries.items()}
    return {in_view(name, view): block for name, views in found.items() for view, block in views.items()}


def _first_rows(test: Path, model: ServedModel, transform: Transform) -> Any:
    largest = max(tensor.view.bytes for tensor in transform.tensors)
    longest = max(tensor.view.steps for tensor in transform.tensors)
    rows = int(min(ROWS, max(8, min(BYTES // largest, STEPS // longest))))
    return ds.dataset(test).head(rows, columns=[column["name"] for column in model.columns])


def _plain(array: np.ndarray) -> np.ndarray:
    """Python strings as fixed-width ones, which need no pickle."""
    return array.astype(str) if array.dtype == object else array
