"""Several columns of a source as one, whose cells are lists: a series whose steps stand side by side, or the names of
those columns that say yes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from keepfit.data.cells import numbers
from keepfit.data.sources.opening import Opened
from keepfit.errors import DataError, nearest

Composed = Mapping[str, tuple[str, ...]]
"""Column → those that it is made of, in the order of its steps."""

Says = Callable[[pa.Array], pa.Array]
"""Cells → bool, null for neither yes nor no."""

Table = TypeVar("Table", pa.Table, pa.RecordBatch)


def names_of(columns: Sequence[str], composed: Composed) -> tuple[str, ...]:
    """The columns with each whole run in the place of the first of its own; one that lacks a column stays as it is."""
    there = set(columns)
    whole = {name: parts for name, parts in composed.items() if there.issuperset(parts) and name not in there}
    begins = {parts[0]: name for name, parts in whole.items()}
    gone = {part for parts in whole.values() for part in parts}
    return tuple(begins.get(name, name) for name in columns if name in begins or name not in gone)


def parts_of(columns: Sequence[str], composed: Composed) -> tuple[str, ...]:
    """The columns of a source from those of `names_of`, where a run's own stand one behind the other."""
    return tuple(part for name in columns for part in composed.get(name, (name,)))


def compose(table: Table, composed: Composed) -> Table:
    """With lists of numbers for the columns that they are made of; NaN where a cell is no number."""
    if not composed:
        return table
    names: list[str] = table.schema.names
    wanted: tuple[str, ...] = names_of(names, composed)
    if [*wanted] == names:
        return table
    cells = [table[name] if name in names else _lists(table, composed[name]) for name in wanted]
    return type(table).from_arrays(cells, names=[*wanted])


def open_composed(opened: Opened, composed: Composed) -> Opened:
    """A source whose rows have such columns."""
    if not composed:
        return opened
    return replace(
        opened, columns=names_of(opened.columns, composed), batches=partial(_batches, opened.batches, composed)
    )


def open_said(opened: Opened, name: str, parts: tuple[str, ...], says: Says) -> Opened:
    """A source with a column whose cells are the names of those `parts` that say yes, in their place.

    A cell is missing where a part says neither yes nor no. Raises DataError for a part that is not there, or a column
    that is called so already.
    """
    if not parts:
        return opened
    columns = opened.columns
    if lacking := [part for part in parts if part not in columns]:
        raise DataError(
            f'there is no column "{lacking[0]}", a part of the target.',
            todo=nearest(lacking[0], list(columns)) or "Check the names in the YAML against the header.",
            where=str(opened.files[0]),
        )
    if name in columns:
        raise DataError(
            f'the target "{name}" is made of {len(parts)} columns, and a column is called so already.',
            todo="Give the target another name in the YAML.",
            where=str(opened.files[0]),
        )
    kept = [column for column in columns if column not in parts]
    return replace(opened, columns=(*kept, name), batches=partial(_said, opened.batches, kept, name, parts, says))


def open_whole(opened: Opened, name: str) -> Opened:
    """A source with a column that says yes in every row, where no column is the target; of labelled files the labels
    that nobody asked for, whose column has no name, are left out."""
    kept = [column for column in opened.columns if column not in ("", name)]
    return replace(opened, columns=(*kept, name), batches=partial(_whole, opened.batches, kept, name))


def _whole(batches: Any, kept: list[str], name: str) -> Iterator[pa.RecordBatch]:
    for batch in batches():
        yes = pa.array(np.ones(len(batch), np.bool_))
        yield pa.RecordBatch.from_arrays([*(batch[column] for column in kept), yes], names=[*kept, name])


def _said(batches: Any, kept: list[str], name: str, parts: tuple[str, ...], says: Says) -> Iterator[pa.RecordBatch]:
    for batch in batches():
        said = [says(batch[part]) for part in parts]
        known = np.all([cells.is_valid().to_numpy(zero_copy_only=False) for cells in said], axis=0)
        there = np.stack([cells.fill_null(False).to_numpy(zero_copy_only=False) for cells in said], 1)
        names = np.array(parts, object)
        cells = [names[row].tolist() if one else None for row, one in zip(there, known, strict=True)]
        arrays = [*(batch[column] for column in kept), pa.array(cells, pa.list_(pa.string()))]
        yield pa.RecordBatch.from_arrays(arrays, names=[*kept, name])


def _batches(batches: Any, composed: Composed) -> Iterator[pa.RecordBatch]:
    for batch in batches():
        yield compose(batch, composed)


def _lists(table: Any, parts: tuple[str, ...]) -> pa.Array:
    steps = [_numbers(table[part]) for part in parts]
    flat = np.stack(steps, 1).reshape(-1) if len(table) else np.empty(0)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat, pa.float64()), len(parts))


def _numbers(cells: Any) -> Any:
    array = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    if pa.types.is_null(array.type):
        return np.full(len(array), np.nan)
    return numbers(array).to_numpy(zero_copy_only=False).astype(np.float64)
