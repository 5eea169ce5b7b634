"""Rows of a folder of Parquet files by their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def pick(folder: Path, wanted: Sequence[int], columns: list[str]) -> pa.Table:
    """Those rows, in this order, reading only the row groups they are in."""
    some = np.unique(np.asarray(wanted, np.int64))
    parts = [
        group.take(pa.array(some[(some >= start) & (some < start + len(group))] - start))
        for start, group in _groups(folder, columns, some)
    ]
    return pa.concat_tables(parts).take(pa.array(np.searchsorted(some, np.asarray(wanted, np.int64))))


def _groups(folder: Path, columns: list[str], wanted: np.ndarray) -> Iterator[tuple[int, pa.Table]]:
    """First row number and content of each row group that holds a wanted row."""
    start = 0
    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                rows = file.metadata.row_group(number).num_rows
                if np.any((wanted >= start) & (wanted < start + rows)):
                    yield start, file.read_row_group(number, columns=columns)
                start += rows
