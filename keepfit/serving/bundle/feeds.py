"""Typed Arrow columns as the arrays that model.onnx takes, each by its kind's rule. N rows."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa

from keepfit.features.kind import ServedColumn
from keepfit.features.lookup import kind_of

Arrays = dict[str, np.ndarray]


def feeds(table: pa.Table, columns: list[ServedColumn], first_row: int = 0) -> Arrays:
    """Graph input → array [N, …]; the table holds every column, typed by its kind.

    Raises DataError naming the cell that cannot be fed, by its file or its row.
    """
    return {
        c["input"]: kind_of(c["kind"]).feed(
            table[c["name"]].combine_chunks(), c, partial(_names, table, c["name"], first_row)
        )
        for c in columns
    }


def _names(table: pa.Table, column: str, first_row: int) -> list[str]:
    if "file" in table.column_names:
        return [str(name) for name in table["file"].to_pylist()]
    return [f'row {row + 1} of "{column}"' for row in range(first_row, first_row + table.num_rows)]
