"""Which rows repeat an earlier one, in bounded memory: the hashes go to a file and are sorted slice by slice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from keepfit.data.identity import Lanes

SLICE = 4_000_000
"""Hashes sorted at a time, some 200 MB with their order and counts."""
_BLOCK = 1_000_000

RowNumbers = npt.NDArray[np.int64]


@dataclass
class Repeats:
    """Rows that have an equal row before them."""

    duplicates: int = 0
    """Rows equal to an earlier one of the same role."""
    shared: int = 0
    """Publisher's test rows that are also among the others."""
    _slices: list[tuple[Path, Path]] = field(default_factory=list)
    """Files of row numbers, rising, and of how many equal rows came before each."""

    def between(self, start: int, end: int) -> tuple[RowNumbers, Lanes]:
        """Of the rows from start to end: the numbers of those that repeat, from 0 at start, and their occurrence."""
        rows, occurrence = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
        for numbers, counts in self._slices:
            known = np.load(numbers, mmap_mode="r")
            inside = slice(*np.searchsorted(known, (start, end)))
            rows.append(known[inside] - start)
            occurrence.append(np.load(counts, mmap_mode="r")[inside])
        return np.concatenate(rows), np.concatenate(occurrence)

    def include(self, rows: RowNumbers, occurrence: Lanes, stem: Path) -> None:
        """Keep rows that repeat, in two files."""
        if len(rows):
            order = np.argsort(rows)
            np.save(stem.with_suffix(".rows.npy"), rows[order])
            np.save(stem.with_suffix(".seen.npy"), occurrence[order])
            self._slices.append((stem.with_suffix(".rows.npy"), stem.with_suffix(".seen.npy")))


class Spool:
    """The hashes of all rows, in a file, in row order; the publisher's test rows come last."""

    def __init__(self, path: Path, slice_rows: int = SLICE) -> None:
        self._path = path
        self._slice_rows = slice_rows
        self._file = path.open("wb")
        self._train = 0
        self._rows = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, hashes: Lanes, *, test: bool) -> None:
        """Append the hashes of some rows."""
        self._file.write(hashes.tobytes())
        self._rows += len(hashes)
        self._train += 0 if test else len(hashes)

    def repeats(self) -> Repeats:
        """Find the rows that repeat an earlier one; their numbers stay in files beside the spool."""
        self._file.flush()
        found = Repeats()
        slices = -(-self._rows // self._slice_rows)
        for number in range(slices):
            hashes, rows = self._members(slices, number)
            _count(hashes, rows, self._train, found, self._path.with_name(f"{number}"))
        return found

    def _members(self, slices: int, number: int) -> tuple[Lanes, RowNumbers]:
        """The hashes of one slice of their range, and the rows they belong to."""
        step = 2**64 // slices + 1
        low, high = np.uint64(number * step), np.uint64(min((number + 1) * step, 2**64) - 1)
        hashes, rows = [], []
        with self._path.open("rb") as file:
            for start in range(0, self._rows, _BLOCK):
                block = np.fromfile(file, np.uint64, _BLOCK)
                inside = np.flatnonzero((block >= low) & (block <= high))
                hashes.append(block[inside])
                rows.append(inside + start)
        return np.concatenate(hashes), np.concatenate(rows)


def _count(hashes: Lanes, rows: RowNumbers, train: int, found: Repeats, stem: Path) -> None:
    """Add to `found` the rows that have an equal one before them; `train` rows come before the test rows."""
    hashes, rows = _of_groups(hashes, rows)
    order = np.argsort(hashes, kind="stable")
    hashes, rows = hashes[order], rows[order]
    first = np.ones(len(hashes), bool)
    first[1:] = hashes[1:] != hashes[:-1]
    start = np.maximum.accumulate(np.where(first, np.arange(len(hashes)), 0))
    again = ~first
    is_test = rows >= train
    shared = is_test & (rows[start] < train)
    crossing = np.zeros(len(hashes), bool)  # the first test row after equal train rows repeats none of its own file
    crossing[1:] = shared[1:] & ~is_test[:-1]
    found.duplicates += int(np.count_nonzero(again & ~crossing))
    found.shared += int(np.count_nonzero(shared))
    found.include(rows[again], (np.arange(len(hashes)) - start)[again].astype(np.uint64), stem)


def _of_groups(hashes: Lanes, rows: RowNumbers) -> tuple[Lanes, RowNumbers]:
    """Those that have an equal one: most sources have few, and sorting hashes alone takes a tenth of their order."""
    ordered = np.sort(hashes)
    several = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(several) > len(hashes) // 8:
        return hashes, rows
    kept = np.flatnonzero(np.isin(hashes, several)) if len(several) else np.empty(0, np.intp)
    return hashes[kept], rows[kept]
