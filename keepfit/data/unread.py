"""Rows that could not be read: they are in no batch of their source, and each is named with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.quoting import some

FILE = "file"
"""The column that names the files of rows that are files."""


@dataclass(frozen=True)
class Unread:
    """One row."""

    row: int
    """Its place among all rows of the source, from 1; header lines do not count, several files count as one."""
    where: str
    """What a person looks for: `people.csv, line 17`, `disc/009.jpg`. Never an absolute path, for it is part of what
    the snapshot is: moving the source changes nothing."""
    reason: str
    """A clause: `it has 3 cells, and the others have 4`."""


def unfit_rows(unfit: Mapping[int, str], places: NDArray[np.int64], table: pa.Table) -> list[Unread]:
    """Rows of a batch that were read and are fit for nothing, by their number in it; `places` are those of its rows.

    A row is called by its file where the batch has a column `file`.
    """
    names = table[FILE].to_pylist() if unfit and FILE in table.column_names else None
    return [
        Unread(int(places[row]), str(names[row]) if names else f"row {places[row]:,}", why)
        for row, why in sorted(unfit.items())
    ]


class RowPlaces:
    """Where the rows of a source's batches stand among all of its rows, those apart that could not be read."""

    def __init__(self, unread: Sequence[Unread]) -> None:
        self._unread = unread
        self._given = 0

    def next(self, rows: int) -> NDArray[np.int64]:
        """The places, from 1, of the next so many rows; the unread ones before them must be known."""
        gaps = np.array([one.row for one in self._unread], np.int64)
        given = np.arange(self._given, self._given + rows)
        self._given += rows
        return np.asarray(given + 1 + np.searchsorted(gaps - np.arange(1, len(gaps) + 1), given, side="right"))


def read_unread(path: Path) -> list[Unread]:
    """Those that a snapshot names; none where it has no such file."""
    if not path.is_file():
        return []
    import pyarrow.parquet as pq  # only where there are some

    return [Unread(row["row"], row["where"], row["reason"]) for row in pq.read_table(path).to_pylist()]


def sentence(unread: Sequence[Unread], rows: int, bad: int | None = None) -> str:
    """How many of the rows could not be read, and the first of them with the reason; `bad` where not all are here."""
    bad = len(unread) if bad is None else bad
    named = some([f"{one.where}: {one.reason}" for one in unread], bad)
    return f"{bad:,} of {rows:,} rows could not be read ({named})"
