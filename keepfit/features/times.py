"""When the rows are: a column of numbers, dates, or texts in any notation of dates, as numbers that grow with time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.config.sets import FEATURES
from keepfit.data.cells import is_text
from keepfit.data.evidence import MOST, doubt
from keepfit.data.snapshot import SnapshotRows
from keepfit.errors import DataError
from keepfit.features.lookup import kind_of
from keepfit.quoting import in_brief

Times = NDArray[np.float64]
Cells = Callable[[], Iterable[pa.Array]]
"""A column, batch by batch, again whenever it is asked for."""


def times_of(rows: SnapshotRows, column: str) -> tuple[Times, list[str]]:
    """The time column of all rows [N] as `times_in` has it; 8 bytes a row are held."""
    return times_in(lambda: (batch[column] for _, batch in rows.read([column])), column)


def times_in(cells: Cells, column: str) -> tuple[Times, list[str]]:
    """A column's cells [N] as numbers that grow with time, NaN where missing, and what to tell of them.

    Numbers, dates and timestamps are times, and texts in any notation of dates. Raises DataError for anything else.
    """
    if any(is_text(some.type) for some in cells()):
        return _of_texts(cells, column)
    return np.concatenate([_numbers(some, column) for some in cells()]), []


def _of_texts(cells: Cells, column: str) -> tuple[Times, list[str]]:
    kind = next(kind for kind in map(kind_of, FEATURES.names()) if kind.is_moment)
    evidence = kind.evidence()
    assert evidence is not None
    for some in cells():
        evidence.add(some)
    found = evidence.found()
    if found.share < MOST:
        raise _no_times(column, "its texts are not written as dates are")
    times = np.concatenate([_numbers(kind.read(some, form=found.form), column) for some in cells()])
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
        todo="Name another column; a split can also go by hash.",
    )
