"""What every format gives: columns known at once, rows on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Reading:
    """How to read: what the YAML says of the source, and what is known of its columns."""

    scratch: Path
    """A folder for temporary files, which whoever opens the source removes."""
    target: str = "label"
    """The target's name: for pictures the folder's name goes there, and a CSV header must hold it."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Feature → kind; tells a header line from a data line, and which cells need no parsing here."""
    format: str = "auto"
    columns: tuple[str, ...] | None = None
    delimiter: str | None = None
    encoding: str | None = None
    missing: tuple[str, ...] | None = None
    labels: tuple[Path, ...] = ()
    """The label files that belong to idx files of images, in the same order."""

    @property
    def names(self) -> frozenset[str]:
        """Columns that the source must have."""
        return (frozenset(self.kinds) | {self.target}) - {""}


@dataclass(frozen=True)
class Opened:
    """A source whose names and headers were checked."""

    columns: tuple[str, ...]
    """In source order."""
    files: tuple[Path, ...]
    """What is read, in order."""
    batches: Callable[[], Iterator[pa.RecordBatch]]
    """The rows, of at most some 64 MB a batch. Raises DataError naming file and line of what cannot be read."""
    dialect: Mapping[str, Any] | None = None
    """How text was understood; None for formats that say it themselves."""
    pixels: tuple[int, int, int] | None = None
    """Height, width and channels when the column `image` holds raw pixels, and not picture files."""
    sample: tuple[tuple[str, ...], ...] = ()
    """The first rows of text files, stripped."""
    notes: tuple[str, ...] = ()
    """Sentences a person should read."""
