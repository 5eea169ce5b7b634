"""Forms that are read by way of a copy in one of the plain ones: rows as CSV, or as JSON Lines.

So there is one way to find a header, to leave out what stands above it and to type a cell, whatever a table came in.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa

from keepfit.data.sources.opening import Opened, Reading
from keepfit.errors import DataError, KeepfitError

Write = Callable[[Path, Path], str]
"""Writes a copy of the first file to the second, and gives a sentence for the person, or nothing."""


def by_copy(
    files: tuple[Path, ...],
    write: Write,
    opener: Callable[[tuple[Path, ...], Reading], Opened],
    reading: Reading,
    line: str = "line",
) -> Opened:
    """Open copies of the files, made in the scratch folder; messages name the files themselves."""
    copies: dict[Path, Path] = {}
    notes = []
    for file in files:
        copy = Path(mkdtemp(dir=reading.scratch)) / file.name
        notes.append(write(file, copy))
        copies[copy] = file
    with told_of(copies, line):
        opened = opener(tuple(copies), reading)
    return replace(
        opened,
        files=files,
        batches=partial(telling, opened.batches, copies, line),
        notes=(*(note for note in dict.fromkeys(notes) if note), *opened.notes),
    )


def telling(
    batches: Callable[[], Iterator[pa.RecordBatch]], copies: dict[Path, Path], line: str = "line"
) -> Iterator[pa.RecordBatch]:
    """The batches, with errors that name what the copies were made from."""
    with told_of(copies, line):
        yield from batches()


@contextmanager
def told_of(copies: dict[Path, Path], line: str = "line") -> Iterator[None]:
    """Errors in the block that name a copy name what it was made from, where a line of it is called `line`."""
    try:
        yield
    except KeepfitError as error:
        for copy, file in copies.items():
            if str(copy) in error.where:
                where = error.where.replace(f"{copy}, line", f"{file}, {line}").replace(str(copy), str(file))
                raise type(error)(error.found, allowed=error.allowed, todo=error.todo, where=where) from error
        raise


def write_rows(rows: Iterable[Sequence[str]], copy: Path) -> None:
    """Rows as CSV of the one dialect that cannot be mistaken; a row of blanks alone stays an empty line."""
    try:
        with copy.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
            for cells in rows:
                if any(cells):
                    writer.writerow(cells)
                else:
                    out.write("\n")
    except UnicodeEncodeError as error:
        found = ascii(error.object[max(0, error.start - 20) : error.end])
        raise DataError(f"a cell is not text: {found}.", todo="Mend it.", where=str(copy)) from error


def of_copy(reading: Reading) -> Reading:
    """How to read such a copy."""
    return replace(reading, delimiter=",", encoding="utf-8")
