"""Series in a long table, a line for each point, as rows: the values up to a point, and those that come next.

A row is a point, the origin of a forecast, with all its columns but the target; besides, `history` has the values up to
it, `until` the time of the last value that is asked for, and the target these values. Nothing of a row but `until` and
the target is later than its origin.

N points of all series, R rows, L values of a history, H of a target.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from keepfit.config.source import HISTORY, UNTIL
from keepfit.data.sources.opening import Opened
from keepfit.data.unread import Unread
from keepfit.errors import DataError
from keepfit.features.series import Asked, Series, check_there, ordered, read_all, whole

_BYTES = 16 << 20
"""Of the histories and targets in a batch."""


def open_windows(opened: Opened, asked: Asked) -> Opened:
    """A source whose rows are windows. Raises DataError for a column that is not there, or a name that is ours."""
    window = asked.window
    named = ((window.time, "source.window.time"), (window.by, "source.window.by"), (asked.target, "target"))
    check_there(opened, named, (HISTORY, UNTIL), "windows of series")
    kept = [name for name in opened.columns if name != asked.target]
    columns = (*kept, HISTORY, *([] if asked.newest else [UNTIL, asked.target]))
    made = replace(opened, columns=columns, unread=[], later=[])
    return replace(made, batches=partial(_batches, opened, asked, made.unread, made.later))


def _batches(opened: Opened, asked: Asked, unread: list[Unread], later: list[str]) -> Iterator[pa.RecordBatch]:
    unread.clear()
    later.clear()
    points = read_all(opened, later)
    if points is None:
        return
    where = str(opened.files[0])
    series = ordered(points, asked, where, later)
    origins = _newest(series, asked, unread) if asked.newest else _origins(series, asked, where, later)
    most = max(1, _BYTES // (8 * (asked.window.length + asked.window.horizon)))
    for start in range(0, len(origins), most):
        yield _rows(series, asked, origins[start : start + most])


def _origins(series: Series, asked: Asked, where: str, later: list[str]) -> NDArray[np.int64]:
    """The points that have a whole history and a whole target [R]. Raises DataError where there is none."""
    sizes, least = np.diff(series.ends), asked.window.length + asked.window.horizon
    short = int((sizes < least).sum())
    if short == len(sizes):
        raise DataError(
            f"the longest series has {sizes.max(initial=0)} points.",
            allowed=f"source.window asks for {asked.window.length} and {asked.window.horizon} behind them.",
            todo="Shorten source.window.length or horizon, or give longer series.",
            where=where,
        )
    if short:
        later.append(f"series of fewer than {least} points, left out: {short:,} of {len(sizes):,}.")
    begins, ends = series.ends[:-1] + asked.window.length - 1, series.ends[1:] - asked.window.horizon
    return np.concatenate([np.arange(*span) for span in zip(begins, ends, strict=True)]).astype(np.int64)


def _newest(series: Series, asked: Asked, unread: list[Unread]) -> NDArray[np.int64]:
    """The last point of each series [R]; those that are too short are told."""
    sizes, length = np.diff(series.ends), asked.window.length
    for place in np.flatnonzero(sizes < length):
        name = f"series {series.names[int(place)]}" if asked.window.by else "the series"
        why = f"it has {sizes[place]} points, and a forecast is made from {length}"
        unread.append(Unread(int(place) + 1, name, why))
    return (series.ends[1:] - 1)[sizes >= length]


def _rows(series: Series, asked: Asked, origins: NDArray[np.int64]) -> pa.RecordBatch:
    window = asked.window
    histories = sliding_window_view(series.values, window.length)[origins - window.length + 1]
    kept = series.table.drop_columns([asked.target]).take(origins)
    columns = {name: whole(kept[name]) for name in kept.column_names} | {HISTORY: _lists(histories)}
    if not asked.newest:
        ahead = sliding_window_view(series.values, window.horizon)[origins + 1]
        columns[UNTIL] = whole(series.table[window.time].take(origins + window.horizon))
        columns[asked.target] = pc.if_else(pa.array(np.isfinite(ahead).all(axis=1)), _lists(ahead), None)
    return pa.RecordBatch.from_pydict(columns)


def _lists(rows: NDArray[np.float64]) -> pa.Array:
    """[R, T] → R lists of T numbers."""
    flat = pa.array(np.ascontiguousarray(rows).reshape(-1), pa.float64(), from_pandas=True)
    return pa.FixedSizeListArray.from_arrays(flat, rows.shape[1]).cast(pa.list_(pa.float64()))
