"""The points of a long table as series: each by its time, one behind the other. N points of all series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config.source import Window
from keepfit.data.cells import categories, is_text, numbers
from keepfit.data.notation import NumberEvidence
from keepfit.data.sources.opening import Opened
from keepfit.data.unread import sentence
from keepfit.errors import DataError, nearest
from keepfit.features.times import Times, times_in
from keepfit.quoting import shown

_LONG = 1.5
"""Steps of the usual length, beyond which a step in time is called long: months differ by a tenth."""


@dataclass(frozen=True)
class Asked:
    """What windows are made of."""

    window: Window
    target: str
    """The column of the values."""
    form: str = ""
    """How its texts are written; found from all of them when left out."""
    newest: bool = False
    """Whether each series gives its newest point alone, and no target: what comes next is not known yet."""


@dataclass(frozen=True)
class Series:
    """The points in order: series by series as they appear, each by its time."""

    table: pa.Table
    times: Times
    values: NDArray[np.float64]
    """[N], NaN where missing."""
    ends: NDArray[np.int64]
    """Where each series begins, and the last ends."""
    names: Sequence[str]


def read_all(opened: Opened, later: list[str]) -> pa.Table | None:
    """All points of a source, texts coded alike; None where it has none. What could not be read is told in `later`."""
    batches = [batch for batch in opened.batches() if len(batch)]
    later += opened.later
    if opened.unread:
        rows = sum(map(len, batches)) + len(opened.unread)
        later.append(f"{sentence(opened.unread, rows)}; left out of their series.")
    if not batches:
        return None
    tables = (pa.Table.from_batches([batch]) for batch in batches)
    return pa.concat_tables(tables, promote_options="permissive").unify_dictionaries().combine_chunks()


def check_there(opened: Opened, named: Iterable[tuple[str | None, str]], ours: Iterable[str], what: str) -> None:
    """Raise DataError for one of the `named` (column, its part in the YAML) that is not there, or a column of `ours`,
    which `what` add."""
    where = str(opened.files[0])
    for name, part in named:
        if name is not None and name not in opened.columns:
            raise DataError(
                f'there is no column "{name}", the {part}.',
                allowed=f"There are: {', '.join(opened.columns[:40])}.",
                todo=nearest(name, list(opened.columns)) or "Check the names in the YAML against the header.",
                where=where,
            )
    if taken := [name for name in ours if name in opened.columns]:
        raise DataError(f'the column "{taken[0]}" is called as one that {what} add.', todo="Rename it.", where=where)


def ordered(table: pa.Table, asked: Asked, where: str, later: list[str]) -> Series:
    """The points of a table in order; what a person should know of them goes into `later`.

    Raises DataError for a time that holds no times, or that a series has twice.
    """
    window = asked.window
    times, told = times_of_points(table[window.time], window.time)
    later += told
    by = categories(whole(table[window.by]) if window.by else pa.array(["all"] * len(table)))
    codes = by.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    order = np.lexsort((times, codes))
    order = order[~np.isnan(times[order]) & (codes[order] >= 0)]
    if len(order) < len(table):
        later.append(f"points without a time or the name of a series, left out: {len(table) - len(order):,}.")
    ends = np.searchsorted(codes[order], np.arange(len(by.dictionary) + 1))
    values = values_of(table[asked.target], asked.form)
    found = Series(table.take(order), times[order], values[order], ends, by.dictionary.to_pylist())
    _check_times(found, window, where)
    if note := _uneven(found, window):
        later.append(note)
    return found


def times_of_points(cells: pa.ChunkedArray, name: str) -> tuple[Times, list[str]]:
    """A column's cells as `times_in` has them, and texts that are all plain numbers are numbers."""
    if is_text(cells.type):
        found = numbers(whole(cells))
        if found.null_count == cells.null_count:
            cells = pa.chunked_array([found])
    return times_in(lambda: cells.chunks, name)


def values_of(cells: pa.ChunkedArray, form: str = "") -> NDArray[np.float64]:
    """[N], NaN where missing; the notation of texts is found from all of them where it is not said."""
    array = whole(cells)
    if is_text(array.type) and not form:
        evidence = NumberEvidence()
        evidence.add(array)
        form = evidence.found().form
    return np.asarray(numbers(array, form).to_numpy(zero_copy_only=False), np.float64)


def whole(cells: pa.ChunkedArray) -> pa.Array:
    """All chunks as one."""
    return cells.combine_chunks() if cells.num_chunks != 1 else cells.chunk(0)


def _check_times(series: Series, window: Window, where: str) -> None:
    """Raise DataError for two points of one series at one time."""
    level = np.flatnonzero(np.diff(series.times) == 0)
    twice = level[np.searchsorted(series.ends, level, "right") == np.searchsorted(series.ends, level + 1, "right")]
    if not len(twice):
        return
    place = int(twice[0])
    whose = f" of {shown(_name_at(series, place))}" if window.by else ""
    raise DataError(
        f"the time {shown(str(series.table[window.time][place].as_py()))} is there twice{whose}.",
        allowed="A series has one value a time.",
        todo="Take one out; where these are several series, name the column that tells them apart in source.window.by.",
        where=f'{where}, column "{window.time}"',
    )


def _name_at(series: Series, place: int) -> str:
    return series.names[int(np.searchsorted(series.ends, place, "right")) - 1]


def _uneven(series: Series, window: Window) -> str:
    """Where points are further apart than usual, in a sentence."""
    inner = np.ones(max(len(series.times) - 1, 0), np.bool_)
    inner[series.ends[1:-1] - 1] = False
    steps = np.where(inner, np.diff(series.times), np.nan)
    if not inner.any():
        return ""
    long = np.flatnonzero(steps > _LONG * np.nanmedian(steps))
    if not len(long):
        return ""
    first, last = (series.table[window.time][int(long[0]) + more].as_py() for more in (0, 1))
    return (
        f"{len(long):,} of {int(inner.sum()):,} steps in time are longer than usual, the first from {first} to {last}: "
        "the points about a gap stand one behind the other as if there were none."
    )
