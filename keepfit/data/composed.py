"""Several columns of a source as one, whose cells are lists: a series whose steps stand side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from keepfit.data.cells import numbers
from keepfit.data.sources.opening import Opened

Composed = Mapping[str, tuple[str, ...]]
"""Column → those that it is made of, in the order of its steps."""

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
