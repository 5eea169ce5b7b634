"""Whatever cells a caller has, in the Arrow types of the model's columns: the rules are those of ingest."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pyarrow as pa

from keepfit.data.cells import counted, is_text, numbers_without, spelled, without
from keepfit.errors import DataError, nearest
from keepfit.features.kind import ServedColumn
from keepfit.features.lookup import kind_of


def parts_of(column: ServedColumn) -> list[str]:
    """The caller's columns that it is made of: itself, unless it is made of several."""
    return list(column.get("columns") or [column["name"]])


def composed_of(columns: list[ServedColumn]) -> dict[str, tuple[str, ...]]:
    """Column → the caller's columns that it is made of, for those that are made of several."""
    return {column["name"]: tuple(parts_of(column)) for column in columns if column.get("columns")}


def typed(table: pa.Table, columns: list[ServedColumn], missing: tuple[str, ...]) -> tuple[pa.Table, Counter[str]]:
    """The model's columns of a table in their types, and how many cells a column were unreadable.

    Cells that say one of `missing` are missing, and not unreadable.
    Raises DataError for a column of a type that cannot hold such values, a list for a number for example.
    """
    found: dict[str, pa.Array] = {}
    unreadable = Counter[str]()
    for column in columns:
        name = column["name"]
        found[name], odd = _read(table[name], column, missing)
        if odd:
            unreadable[name] = odd
    return pa.table(found), unreadable


def require(columns: list[ServedColumn], names: list[str]) -> None:
    """Raise DataError when a column is not among `names`, nor all that it is made of, naming what is missing and the
    nearest one there."""
    there = set(names)
    asked = (column for column in columns if column["name"] not in there)
    missing = [part for column in asked for part in parts_of(column) if part not in there]
    if missing:
        count = f"{len(missing)} feature columns are" if len(missing) > 1 else "a feature column is"
        raise DataError(
            f"{count} missing: {', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}.",
            allowed=f"The rows have: {', '.join(names[:20]) or 'no columns'}.",
            todo=nearest(missing[0], names) or "Add it; empty cells will do where the values are unknown.",
        )


def _read(cells: pa.ChunkedArray, column: ServedColumn, missing: tuple[str, ...]) -> tuple[pa.Array, int]:
    array, kind = _plain(cells), kind_of(column["kind"])
    try:
        words = array if kind.is_raw else spelled(array)
        words = without(words, missing) if missing else words
        found, unreadable = counted(partial(kind.read, form=column.get("format", "")), words)
        return numbers_without(found, missing), unreadable
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(
            f'the column "{column["name"]}" holds {array.type}.',
            allowed=f"It must hold values of the kind {column['kind']}.",
            todo="Convert it first.",
        ) from error


def _plain(cells: pa.ChunkedArray) -> pa.Array:
    """One array, its text in Arrow's plain or coded string type, which every function below knows."""
    if pa.types.is_null(cells.type):
        return pa.nulls(len(cells), pa.string())
    if pa.types.is_dictionary(cells.type):
        coded = is_text(cells.type) and pa.types.is_string(cells.type.value_type)
        return cells.combine_chunks() if coded else _plain(cells.cast(cells.type.value_type))
    if is_text(cells.type):
        cells = cells.cast(pa.string())
    return cells.combine_chunks()
