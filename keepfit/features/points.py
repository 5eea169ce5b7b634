"""Series in long form, a line for each point, as rows: one for each series, which `series` holds whole.

Besides, a row has the first cell that is not empty of each other column, and what a table of labels says of its series.
N points, S series, T steps of all series, C channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config.source import SERIES, Points
from keepfit.data.cells import categories
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.errors import DataError
from keepfit.features.channels import Channels, channels_of
from keepfit.features.described import described, firsts
from keepfit.features.series import check_there, read_all, times_of_points, whole
from keepfit.quoting import shown

_BYTES = 16 << 20
"""Of the series in a batch."""


@dataclass(frozen=True)
class Steps:
    """All series, one behind the other."""

    values: NDArray[np.float64]
    """[T, C], NaN where missing."""
    ends: NDArray[np.int64]
    """[S + 1]: where each begins, and the last ends."""


def open_points(paths: tuple[Path, ...], reading: Reading, points: Points) -> Opened:
    """A source whose rows are series; `reading.labels` is the table that says more of each.

    Raises DataError for a column that is not there, or a name that is ours.
    """
    labels = _labels(reading, points) if reading.labels else None
    there = frozenset(labels.columns) if labels else frozenset()
    target = "" if reading.target in there else reading.target
    opened = open_source(paths, replace(reading, labels=(), needed=reading.needed - there, target=target))
    named = [(points.id, "source.points.id"), (points.time, "source.points.time")]
    named += [(name, "source.points.values") for name in points.values]
    check_there(opened, [*named, (points.channel, "source.points.channel")], (SERIES,), "series of points")
    own = [name for name in opened.columns if name not in (points.columns - {points.id}) | (there - {points.id})]
    more = [name for name in labels.columns if name != points.id] if labels else []
    made = replace(opened, columns=(*own, *more, SERIES), unread=[], later=[])
    notes = (*opened.notes, *(labels.notes if labels else ()))
    batches = partial(_batches, opened, labels, points, reading, own, made.later)
    return replace(made, notes=notes, batches=batches)


def _labels(reading: Reading, points: Points) -> Opened:
    asked = frozenset({points.id})
    found = open_source(
        reading.labels,
        replace(reading, labels=(), needed=asked, format="auto", columns=None, delimiter=None, sheet=None),
    )
    check_there(found, [(points.id, "source.points.id")], (SERIES, *(points.columns - asked)), "series of points")
    return found


def _batches(
    opened: Opened, labels: Opened | None, points: Points, reading: Reading, own: list[str], later: list[str]
) -> Iterator[pa.RecordBatch]:
    later.clear()
    table = read_all(opened, later)
    if table is None:
        return
    where = str(opened.files[0])
    by = categories(whole(table[points.id]))
    codes = by.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    names = by.dictionary.cast(pa.string())
    steps = _steps(table, codes, names, points, where, later)
    columns = firsts(table.select(own), codes, names, reading.names, where)
    if labels is not None:
        columns |= described(labels, names, points.id, reading.counted or bool(reading.beside), later)
    size = max(1, 8 * steps.values.shape[1] * int(np.diff(steps.ends).max(initial=1)))
    most = max(1, _BYTES // size)
    for start in range(0, len(names), most):
        some = {name: cells.slice(start, most) for name, cells in columns.items()}
        yield pa.RecordBatch.from_pydict({**some, SERIES: _lists(steps, start, min(start + most, len(names)))})


def _steps(
    table: pa.Table, codes: NDArray[np.int64], names: pa.Array, points: Points, where: str, later: list[str]
) -> Steps:
    """The points in their order. Raises DataError for two of one series, and channel, at one time."""
    times, told = times_of_points(table[points.time], points.time)
    later += told
    found = channels_of(table, points, where, later)
    lost = int(((codes < 0) | np.isnan(times)).sum())
    if lost:
        later.append(f"points without a time or the name of a series, left out: {lost:,}.")
    order = np.lexsort((found.places, times, codes))
    order = order[(codes[order] >= 0) & ~np.isnan(times[order]) & (found.places[order] >= 0)]
    series, moments, places = codes[order], times[order], found.places[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(series) != 0) | (np.diff(moments) != 0)
    step = np.cumsum(new) - 1
    twice = np.flatnonzero(~new[1:] & (np.diff(places) == 0))
    if len(twice):
        raise _twice(table, names, points, int(order[twice[0] + 1]), codes, where)
    ends = np.concatenate([[0], np.cumsum(np.bincount(series[new], minlength=len(names)))]).astype(np.int64)
    return Steps(_placed(found, order, step, places, int(ends[-1])), ends)


def _placed(
    found: Channels, order: NDArray[np.int64], step: NDArray[np.int64], places: NDArray[np.int64], steps: int
) -> NDArray[np.float64]:
    """[T, C]"""
    if not found.apart:
        return found.values[order]
    values = np.full((steps, found.count), np.nan)
    values[step, places] = found.values[order, 0]
    return values


def _twice(
    table: pa.Table, names: pa.Array, points: Points, place: int, codes: NDArray[np.int64], where: str
) -> DataError:
    time = table[points.time][place].as_py()
    channel = f" of channel {shown(table[points.channel][place].as_py())}" if points.channel else ""
    return DataError(
        f"the series {shown(names[int(codes[place])].as_py())} has two points{channel} at the time {shown(time)}.",
        allowed="A series has one value a channel and time.",
        todo="Take one out; or, where they are of two channels, name the column that tells these apart in "
        "source.points.channel, and where they are of two series, one that tells those in source.points.id.",
        where=f'{where}, column "{points.time}"',
    )


def _lists(steps: Steps, start: int, stop: int) -> pa.Array:
    """Those series as lists of steps, each a list of channels."""
    begin, end = int(steps.ends[start]), int(steps.ends[stop])
    flat = pa.array(np.ascontiguousarray(steps.values[begin:end]).reshape(-1), pa.float64(), from_pandas=True)
    inner = pa.FixedSizeListArray.from_arrays(flat, steps.values.shape[1]).cast(pa.list_(pa.float64()))
    return pa.ListArray.from_arrays(pa.array(steps.ends[start : stop + 1] - begin, pa.int32()), inner)
