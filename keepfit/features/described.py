"""What is said of whole series: in the lines of their points, or in a table of its own. N points, S series."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.cells import categories
from keepfit.data.sources.opening import Opened
from keepfit.errors import DataError
from keepfit.features.series import read_all, whole
from keepfit.quoting import shown, some


def firsts(
    table: pa.Table, codes: NDArray[np.int64], names: pa.Array, declared: Collection[str], where: str
) -> dict[str, pa.Array]:
    """Column → its first cell that is not empty in each series [S]; `codes` [N] are the series' numbers, -1 for none.

    Raises DataError where a declared column says two things of one series.
    """
    found = {}
    for name in table.column_names:
        cells = whole(table[name])
        places = np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False) & (codes >= 0))
        series, at = np.unique(codes[places], return_index=True)
        first = np.full(len(names), -1, np.int64)
        first[series] = places[at]
        found[name] = cells.take(pa.array(first, mask=first < 0))
        if name in declared and not pa.types.is_nested(cells.type):
            _check_one(name, cells, places, first[codes[places]], (codes, names, where))
    return found


def _check_one(
    name: str,
    cells: pa.Array,
    places: NDArray[np.int64],
    first: NDArray[np.int64],
    told: tuple[NDArray[np.int64], pa.Array, str],
) -> None:
    said = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    same = said.indices.to_numpy(zero_copy_only=False)
    other = np.flatnonzero(same[places] != same[first])
    if not len(other):
        return
    codes, names, where = told
    series = names[int(codes[places[other[0]]])].as_py()
    one, two = (cells[int(row[other[0]])].as_py() for row in (first, places))
    raise DataError(
        f'"{name}" is {shown(one)} and {shown(two)} in the series {shown(series)}.',
        allowed="A column beside the series says one thing of a series.",
        todo="Mend it; if each point has its own, it is a channel: name it in source.points.values.",
        where=f'{where}, column "{name}"',
    )


def described(labels: Opened, names: pa.Array, column: str, shared: bool, later: list[str]) -> dict[str, pa.Array]:
    """Column → what a table says of each series [S], which `column` names in it; null of one that it lacks.

    With `shared` it may name series of other files, too. Raises DataError for a series with two lines, and where it
    names none of them.
    """
    where = str(labels.files[0])
    table = read_all(labels, later)
    if table is None:
        raise DataError("there is no line in it.", todo="Name a table with a line for each series.", where=where)
    by = categories(whole(table[column]))
    named = by.cast(pa.string())
    counts = np.bincount(by.indices.drop_null().to_numpy(), minlength=len(by.dictionary))
    if (counts > 1).any():
        raise DataError(
            f"the series {shown(by.dictionary[int(np.argmax(counts > 1))].as_py())} has two lines.",
            allowed="A series has one line in the table of labels.",
            todo="Take one out.",
            where=f'{where}, column "{column}"',
        )
    at = pc.index_in(names, named)
    if at.null_count == len(names):
        raise DataError(
            f"none of the {len(names):,} series has a line in it.",
            allowed=f"The series are {some(names.to_pylist())}; it has {some(by.dictionary.to_pylist())}.",
            todo=f'Write "{column}" alike in both.',
            where=where,
        )
    _tell(names, named, at, shared, later)
    return {name: whole(table[name]).take(at) for name in table.column_names if name != column}


def _tell(names: pa.Array, named: pa.Array, at: pa.Array, shared: bool, later: list[str]) -> None:
    if lacking := names.filter(at.is_null()).to_pylist():
        later.append(
            f"series without a line in the table of labels: {len(lacking):,} of {len(names):,} ({some(lacking)})."
        )
    others = named.drop_null().filter(pc.invert(pc.is_in(named.drop_null(), names))).to_pylist()
    if others and not shared:
        later.append(
            f"lines of the table of labels whose series has no points, left: {len(others):,} ({some(others)})."
        )
