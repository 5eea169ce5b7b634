"""Rows one by one, for the stretch of a file that the fast reader cannot take: slow, exact, and with line numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from keepfit.data.sources.dialect import Dialect, cut
from keepfit.data.sources.lines import ROW_BYTES, too_long
from keepfit.errors import DataError

csv.field_size_limit(ROW_BYTES)  # Python's own limit, of the whole process, is 131,072 characters

_OPEN = 50
"""So many quotes that are never closed are no slips: each costs a look at the megabytes that follow it."""


@dataclass
class NoRows:
    """What was met that is no row of the table."""

    headers: int = 0
    """Lines that say the header again."""
    comments: int = 0
    """Lines that are too short and begin with #."""

    def sentences(self) -> Iterator[str]:
        """What to tell of it."""
        if self.headers:
            yield f"{_counted(self.headers, 'line that repeats')} the header left out."
        if self.comments:
            yield f"{_counted(self.comments, 'line that begins')} with # left out."


def _counted(count: int, one: str) -> str:
    return f"{count:,} {one if count == 1 else one.replace('line', 'lines')[:-1]}"


@dataclass
class Cutter:
    """Cuts lines of UTF-8 into rows; what a line is was decided before."""

    dialect: Dialect
    file: Path
    place: int
    """The byte after the last row that was given."""
    line: int
    """Lines up to there."""
    seen: NoRows
    _waiting: list[bytes] = field(default_factory=list)
    """Lines that were read ahead, the next one last."""
    _open: int = 0

    def rows(self, lines: Iterable[bytes], skip: int) -> Iterator[tuple[int, list[str] | str]]:
        """(line on which the row begins, its cells or why they cannot be read); the first `skip` rows are left out."""
        source = iter(lines)
        while (first := self._next(source)) is not None:
            begin = self.line + 1
            taken, cells, why = self._taken(first, source, trusting=skip > 0)
            self.line += len(taken)
            self.place += sum(map(len, taken))
            row = why or self._checked(taken, cells)
            if row is not None and skip:
                skip -= 1
            elif row is not None:
                yield begin, row

    def _next(self, source: Iterator[bytes]) -> bytes | None:
        return self._waiting.pop() if self._waiting else next(source, None)

    def _taken(self, first: bytes, source: Iterator[bytes], *, trusting: bool) -> tuple[list[bytes], list[str], str]:
        """The lines of a row, its cells, and what is wrong with its quotes; then it is the first line alone."""
        quote = self.dialect.quote.encode()
        if not quote or quote not in first:
            return [first], next(self._cut([_text(first)]), []), ""
        taken, size, ended = [first], len(first), False

        def texts() -> Iterator[str]:
            nonlocal size, ended
            yield _text(first)
            while size <= ROW_BYTES and (line := self._next(source)) is not None:
                taken.append(line)
                size += len(line)
                yield _text(line)
            ended = True

        cells = next(self._cut(texts()), [])
        if not ended and (trusting or len(taken) == 1 or not self._is_stray(taken, cells)):
            return taken, cells, ""
        self._open += ended
        if self._open > _OPEN:
            raise too_long(self.file, self.line + 1)
        self._waiting += reversed(taken[1:])
        return [first], [], "a quote opens in it and is not closed where a cell ends"

    def _is_stray(self, taken: list[bytes], cells: list[str]) -> bool:
        """Whether a quote that opens a cell was meant for itself, so that it took the lines that follow for text."""
        lines, (delimiter, width) = taken[1:], (self.dialect.delimiter.encode(), self.dialect.width)
        if len(cells) != width:
            return 2 * sum(line.count(delimiter) == width - 1 for line in lines) >= len(lines)
        try:
            next(self._cut(map(_text, taken), strict=True))
        except csv.Error:  # something stands between the quote that closes the cell and the delimiter
            return True
        return False

    def _cut(self, texts: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        options = self.dialect.delimiter, self.dialect.quote, self.dialect.escape
        return (cells for _, cells in cut(texts, *options, strict=strict))

    def _checked(self, taken: list[bytes], cells: list[str]) -> list[str] | str | None:
        """The row's cells, or why they cannot be read; None for what is no row: a blank line, a comment, a header."""
        width, raw = self.dialect.width, b"".join(taken)
        if len(cells) != width and not any(cell.strip() for cell in cells[min(width, len(cells)) :] or cells):
            cells = cells[:width]  # delimiters at its end, or nothing but delimiters
        if len(cells) < width and not any(cell.strip() for cell in cells):
            return None
        if len(cells) != width and raw.lstrip().startswith(b"#"):
            self.seen.comments += 1
            return None
        if len(cells) != width:
            return f"it has {len(cells)} cells, and the others have {width}"
        if self.dialect.header and cells[0].strip() in self.dialect.header:
            names = [cell.strip() for cell in cells]
            if tuple(names) == self.dialect.header:
                self.seen.headers += 1
                return None
            if is_permuted(names, self.dialect.header):
                raise self._other_order(len(taken), names)
        return _odd_byte(raw, self.dialect.encoding) or self._beyond(cells) or cells

    def _other_order(self, lines: int, names: list[str]) -> DataError:
        return DataError(
            f"this line holds the header's names in another order: {', '.join(names[:5])}{' …' if names[5:] else ''}.",
            allowed="All rows have their cells in the order of the first header.",
            todo="Cut the file there, and name both in source.path: columns of several files are read by name.",
            where=f"{self.file}, line {self.line - lines + 1}",
        )

    def _beyond(self, cells: list[str]) -> str:
        found = next((i + 1 for i in sorted(self.dialect.empty) if cells[i].strip()), 0)
        return f"its cell {found} has a value, and that column has no name" if found else ""


def is_permuted(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a row holds the header's names, each once, in another order: what is below belongs elsewhere."""
    return len(header) > 1 and [*cells] != [*header] and sorted(cells) == sorted(header)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")


def _odd_byte(raw: bytes, encoding: str) -> str:
    if b"\0" in raw:
        return f"there is a zero byte in column {len(_text(raw[: raw.index(0)])) + 1}"
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"the byte in column {len(_text(raw[: error.start])) + 1} is not {encoding}"
    return ""
