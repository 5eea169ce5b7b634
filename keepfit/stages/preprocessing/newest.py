"""The split by time: the newest rows are tested, those before them validated, the rest learned from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.snapshot import SnapshotRows
from keepfit.errors import DataError

Times = NDArray[np.float64]


def times_of(rows: SnapshotRows, column: str) -> Times:
    """The time column of all rows [N] as numbers that grow with time, NaN where missing; 8 bytes a row are held.

    Numbers, dates, timestamps and ISO 8601 text are times. Raises DataError for anything else.
    """
    found = [_numbers(batch[column], column) for _, batch in rows.read([column])]
    return np.concatenate(found)


def boundaries(times: Times, test: float, validation: float) -> tuple[float, float]:
    """First time of validation and first of test, such that equal times are never cut and the shares are nearest.

    With `test` 0 there is no test and its boundary is infinite. Raises DataError with too few distinct times.
    """
    moments, counts = np.unique(times[~np.isnan(times)], return_counts=True)
    parts = 3 if test else 2
    if len(moments) < parts:
        raise DataError(
            f"the time column has {len(moments)} different times.",
            allowed=f"A split by time needs at least {parts}.",
            todo="Name another column in preprocessing.split.column, or split by hash.",
        )
    newer = np.cumsum(counts[::-1])[::-1]  # rows at each moment or later
    first_test = _nearest(newer, test * len(times), 2, len(moments)) if test else len(moments)
    first_validation = _nearest(newer, (test + validation) * len(times), 1, first_test)
    return float(moments[first_validation]), float(moments[first_test]) if test else np.inf


def _nearest(newer: NDArray[np.int64], wanted: float, least: int, end: int) -> int:
    return least + int(np.abs(newer[least:end] - wanted).argmin())


def _numbers(column: pa.Array, name: str) -> Times:
    kind = column.type
    try:
        if pa.types.is_dictionary(kind):
            column = column.cast(pa.string()).cast(pa.timestamp("us"))
        if pa.types.is_temporal(column.type):
            column = column.cast(pa.timestamp("us")).cast(pa.int64())
        return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
    except pa.ArrowInvalid as error:
        raise DataError(
            f'the time column "{name}" cannot be read as times: {error}.',
            allowed="Times are numbers, dates, or ISO 8601 text such as 2026-03-01 12:00.",
            todo="Name another column in preprocessing.split.column, or split by hash.",
        ) from error
