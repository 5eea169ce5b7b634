"""Typed Arrow columns as the arrays that model.onnx takes, each by its kind's rule. N rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from keepfit.features.kind import ServedColumn
from keepfit.features.lookup import kind_of

Arrays = dict[str, np.ndarray]


def feeds(table: pa.Table, columns: list[ServedColumn], unfit: dict[int, str]) -> Arrays:
    """Graph input → array [N, …]; the table holds every column, typed by its kind.

    Rows that cannot be answered are put into `unfit`, with the reason.
    """
    return {c["input"]: kind_of(c["kind"]).feed(table[c["name"]].combine_chunks(), c, unfit) for c in columns}
