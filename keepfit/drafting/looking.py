"""The first rows of a table, which a draft is made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from keepfit.config.source import Points
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.errors import DataError
from keepfit.features.points import open_points

ROWS = 200_000
"""So many rows of each file are looked at."""
BYTES = 1 << 30
"""Fewer, where they hold more than this, as pictures do."""


@dataclass(frozen=True)
class Seen:
    """What was looked at."""

    opened: Opened
    batches: list[pa.RecordBatch]
    cut: bool
    """Whether there are more rows than were looked at."""

    @property
    def rows(self) -> int:
        """How many."""
        return sum(map(len, self.batches))


def look(path: Path, reading: Reading, points: Points | None = None) -> Seen:
    """Read the first rows, or the series whose `points` lines are.

    Raises DataError where there is none, or the source cannot be read.
    """
    opened = open_points((path,), reading, points) if points else open_source((path,), reading)
    batches, rows, size = [], 0, 0
    for batch in opened.batches():
        batches.append(batch.slice(0, ROWS - rows))
        rows += len(batches[-1])
        size += batch.nbytes
        if rows >= ROWS or size >= BYTES:
            return Seen(opened, batches, cut=True)
    if rows == 0:
        raise DataError("there is no row.", todo="Give a file with rows.", where=str(path))
    return Seen(opened, batches, cut=False)


def head(path: Path, rows: int, seen: Seen) -> str:
    """The first line of the YAML."""
    counted = f"the first {rows:,} rows" if seen.cut else f"{rows:,} rows"
    return f"Written by keepfit init from {path.name}: {counted}, {len(seen.opened.columns)} columns."
