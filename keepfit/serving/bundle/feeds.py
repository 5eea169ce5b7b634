"""Typed Arrow columns as the arrays that model.onnx takes, each by its kind's rule. N rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from keepfit.features.kind import ServedColumn, joined
from keepfit.features.lookup import kind_of

Arrays = dict[str, np.ndarray]


def feeds(table: pa.Table, columns: list[ServedColumn], unfit: dict[int, str]) -> Arrays:
    """Graph input → array [N, …]; the table holds every column, typed by its kind.

    Rows that cannot be answered are put into `unfit`, with the reason.
    """
    arrays, faults = {}, []
    for column in columns:
        here: dict[int, str] = {}
        arrays[column["input"]] = kind_of(column["kind"]).feed(table[column["name"]].combine_chunks(), column, here)
        faults.append((column["name"] if len(columns) > 1 else "", here))
    unfit.update(joined(faults))
    return arrays
