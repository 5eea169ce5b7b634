"""Where a table ends, when lines follow it that are no rows: sums, sources, notes."""

from __future__ import annotations

from pathlib import Path

from keepfit.data.sources.dialect import Dialect, cut
from keepfit.data.sources.shape import is_sparse

_TAIL = 64 << 10
_LINES = 100
"""More lines than that are no footer."""


def footer_of(path: Path, dialect: Dialect) -> tuple[int, list[str]]:
    """(the byte at which the rows end, the lines that follow and have something in them)."""
    size = path.stat().st_size
    lines = _tail(path, dialect.start, size)
    run = 0
    while run < len(lines) and _is_short(lines[-1 - run], dialect):
        run += 1
    start = _first(lines[len(lines) - run :], lines[: len(lines) - run], dialect)
    found = lines[len(lines) - run + start :]
    texts = [" ".join(filter(None, cells)) for line in found if any(cells := _cells(line, dialect))]
    if run == len(lines) or len(found) > _LINES or _is_cut_off(found):
        return size, []
    return size - sum(map(len, found)), texts


def _tail(path: Path, start: int, size: int) -> list[bytes]:
    """The last lines of a file, the first of which is whole."""
    begin = max(start, size - _TAIL)
    with path.open("rb") as file:
        file.seek(begin)
        lines = file.read().splitlines(keepends=True)
    return lines if begin == start else lines[1:]


def _is_short(line: bytes, dialect: Dialect) -> bool:
    """Whether a line on its own has too few cells, or hardly one that holds something.

    An odd number of quotes ends a cell that began on a line before, or begins one: that is no footer's.
    """
    if dialect.quote and line.count(dialect.quote.encode()) % 2:
        return False
    cells = _cells(line, dialect)
    return is_sparse(cells, dialect.width) or 2 * sum(map(bool, cells)) <= dialect.width


def _cells(line: bytes, dialect: Dialect) -> list[str]:
    text = line.decode("utf-8", "replace")
    cells = next(cut([text], dialect.delimiter, dialect.quote, dialect.escape), (0, []))[1]
    return [cell.strip() for cell in cells]


def _first(run: list[bytes], above: list[bytes], dialect: Dialect) -> int:
    """The first line of the run that cannot be a row.

    Lines of full width with one cell filled are a footer's where an empty one stands above them, as spreadsheets write
    it, and where no row above has so little in it.
    """
    cells = [_cells(line, dialect) for line in run]
    padded = dialect.width > 2 and not any(_is_padded(_cells(line, dialect), dialect) for line in above)
    for i, found in enumerate(cells):
        is_empty = len(found) == dialect.width and not any(found)
        if padded and is_empty:
            return i
        if found and len(found) < dialect.width and all(len(c) < dialect.width for c in cells[i:]):
            return i
    return len(run)


def _is_padded(cells: list[str], dialect: Dialect) -> bool:
    return len(cells) == dialect.width and is_sparse(cells, dialect.width)


def _is_cut_off(found: list[bytes]) -> bool:
    """Whether the end is one short line without a line end: the rest of a row was not delivered."""
    return len(found) == 1 and not found[0].endswith((b"\n", b"\r"))
