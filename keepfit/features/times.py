"""When the rows are: a column of numbers, dates, or texts in any notation of dates, as numbers that grow with time."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.config.sets import FEATURES
from keepfit.data.cells import is_text
from keepfit.data.evidence import MOST, doubt, look
from keepfit.data.snapshot import SnapshotRows
from keepfit.errors import DataError
from keepfit.features.lookup import kind_of
from keepfit.quoting import in_brief

Times = NDArray[np.float64]


def times_of(rows: SnapshotRows, column: str) -> tuple[Times, list[str]]:
    """The time column of all rows [N] as numbers that grow with time, NaN where missing; 8 bytes a row are held.

    Numbers, dates and timestamps are times, and texts in any notation of dates; with what to tell of that. Raises
    DataError for anything else.
    """
    if is_text(rows.schema.field(column).type):
        return _of_texts(rows, column)
    found = [_numbers(batch[column], column) for _, batch in rows.read([column])]
    return np.concatenate(found), []


def _of_texts(rows: SnapshotRows, column: str) -> tuple[Times, list[str]]:
    kind = next(kind for kind in map(kind_of, FEATURES.names()) if kind.is_moment)
    evidence = kind.evidence()
    assert evidence is not None
    found = look((batch for _, batch in rows.read([column])), {column: evidence})[column]
    if found.share < MOST:
        raise _no_times(column, "its texts are not written as dates are")
    read = (kind.read(batch[column], form=found.form) for _, batch in rows.read([column]))
    times = np.concatenate([_numbers(cells, column) for cells in read])
    return times, [doubt(column, found)] if found.others else []


def _numbers(column: pa.Array, name: str) -> Times:
    try:
        if pa.types.is_temporal(column.type):
            column = column.cast(pa.timestamp("us")).cast(pa.int64())
        return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _no_times(name, in_brief(error)) from error


def _no_times(name: str, why: str) -> DataError:
    return DataError(
        f'the time column "{name}" cannot be read as times: {why}.',
        allowed="Times are numbers, dates, or texts in one notation of dates, such as 2026-03-01 12:00 or 1.3.2026.",
        todo="Name another column in preprocessing.split.column, or split by hash.",
    )
