"""How a text file of cells is meant: delimiter, quotes, junk lines, header, markers of missing values."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keepfit.data.cells import ERRORS
from keepfit.data.sources.opening import Reading

MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "?", "#N/A", "<NA>", "NaT", *ERRORS)
"""Cells that mean "no value" unless the YAML lists its own; not "None" and "-", which are class names somewhere."""

_DELIMITERS = (",", "\t", ";", "|")
_ROWS = 1000
"""Lines looked at."""
_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")
_COMMA_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?")

CutRows = list[tuple[int, list[str]]]
"""(line on which the row ends, from 1; its cells)."""


@dataclass(frozen=True)
class Dialect:
    """What must be known to cut a text into cells."""

    encoding: str
    delimiter: str
    """One character; a space stands for any run of blanks."""
    quote: str
    """The character around cells, or nothing."""
    escape: str
    """The character before a quote inside a cell, or nothing where quotes are doubled."""
    skip: int
    """Lines before the header, or before the first row."""
    header: tuple[str, ...] | None
    """The names in the header line; None where there is no such line."""
    width: int
    """Cells a row."""
    decimal: str
    """The decimal mark of numbers, a point or a comma."""
    blanks: bool
    """Whether blanks stand between a delimiter and a quote, which fast readers do not understand."""
    missing: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...] = ()
    """The first rows, stripped."""

    def described(self) -> dict[str, object]:
        """What the snapshot's schema keeps."""
        names = ("encoding", "delimiter", "quote", "escape", "skip", "decimal", "missing")
        return {name: getattr(self, name) for name in names} | {"header": self.header is not None}


def dialect_of(text: str, encoding: str, reading: Reading, *, whole: bool) -> Dialect:
    """The dialect of a file that begins with `text`; what `reading` says is not guessed.

    `whole` tells that the text is the whole file, so that its last line is complete.
    """
    lines = text.splitlines(keepends=True)
    lines = lines if whole else lines[:-1]
    everything, lines = lines, lines[:_ROWS]
    delimiter, quote = _cut(lines, reading)
    if quote and _swallows_lines(everything, delimiter, quote):
        quote = ""
    escape = "\\" if quote and _escapes(lines, delimiter, quote) else ""
    rows = list(_rows(lines, delimiter, quote, escape))
    width = _width(rows)
    junk, rows = _junk(rows, width)
    stripped = [tuple(cell.strip() for cell in cells) for _, cells in rows]
    header = stripped[0] if stripped and _is_header(stripped, reading) else None
    body = stripped[1:] if header else stripped
    if header and len(header) == width - 1 and len({row[0] for row in body}) == len(body):
        header = ("row_name", *header)  # as R writes tables
    return Dialect(
        encoding=encoding,
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        skip=junk,
        header=header,
        width=width,
        decimal="," if delimiter != "," and _has_decimal_comma(body) else ".",
        blanks=bool(quote) and any(re.search(rf"{re.escape(delimiter)}[ \t]+{quote}", line) for line in lines),
        missing=MISSING if reading.missing is None else reading.missing,
        sample=tuple(body),
    )


def cut(lines: Iterable[str], dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """The rows of a text by Python's own reader: slow, and with the line each row ends on."""
    return _rows(lines, dialect.delimiter, dialect.quote, dialect.escape)


def _rows(lines: Iterable[str], delimiter: str, quote: str, escape: str) -> Iterator[tuple[int, list[str]]]:
    blanks = delimiter == " "
    cut_lines = (line.replace("\t", " ").strip() + "\n" for line in lines) if blanks else lines
    reader = csv.reader(
        cut_lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        escapechar=escape or None,
        skipinitialspace=True,
    )
    for cells in reader:
        if cells:
            yield reader.line_num, cells


def _cut(lines: list[str], reading: Reading) -> tuple[str, str]:
    """Delimiter and quote: those under which most rows have the same number of cells, and the cells are clean."""
    named = (reading.delimiter,) if reading.delimiter else _DELIMITERS
    tried = [(d, q) for d in named for q in ('"', "'", "")]
    best = max(tried, key=lambda t: _score(lines, *t))
    if reading.delimiter is None and _score(lines, *best)[0] < 0.5 and _score(lines, " ", '"')[0] > 0.6:
        return " ", '"'
    return best


def _score(lines: list[str], delimiter: str, quote: str) -> tuple[float, int, float]:
    try:
        rows = list(_rows(lines, delimiter, quote, ""))
    except csv.Error:  # a stray quote swallowed more than a cell may hold
        return 0.0, 0, 0.0
    width = _width(rows)
    if width < 2:
        return 0.0, 0, 0.0
    cells = [cell for _, cells in rows if len(cells) == width for cell in cells]
    even = sum(len(cells) == width for _, cells in rows) / len(rows)
    clean = sum(_is_clean(cell, delimiter) for cell in cells) / len(cells)
    return round(even * clean, 2), _quote_rank(cells, lines, quote), width


def _is_clean(cell: str, delimiter: str) -> bool:
    others = [d for d in _DELIMITERS if d != delimiter]
    text = cell.strip().strip("\"'").strip()  # a cell is no cleaner for keeping its quotes
    return not any(d in text for d in others) or _NUMBER.fullmatch(text) is not None or " " in text


def _swallows_lines(lines: list[str], delimiter: str, quote: str) -> bool:
    """Whether quotes join lines each of which is whole without them: such quotes are stray, as in SMS texts."""
    filled = [line for line in lines if line.strip()]
    if not any(quote in line for line in filled):
        return False
    counts = {line.count(delimiter) for line in filled}
    try:
        return len(counts) == 1 and len(list(_rows(filled, delimiter, quote, ""))) < len(filled)
    except csv.Error:
        return len(counts) == 1


def _escapes(lines: list[str], delimiter: str, quote: str) -> bool:
    """Whether a backslash stands before quotes inside cells: where quotes are doubled, none is followed by a letter."""
    pattern = re.compile(rf"\\{quote}[^{re.escape(delimiter)}{quote}\r\n]")
    return any(pattern.search(line) for line in lines)


def _quote_rank(cells: list[str], lines: list[str], quote: str) -> int:
    """Prefer double quotes, single ones only where cells are wrapped in them, none only where quotes do harm."""
    text = "".join(lines)
    if quote == "'":
        wrapped = len(re.findall(r"(?:^|[,;\t|]) ?'[^'\n]*'(?=[,;\t|\r\n]|$)", text, re.MULTILINE))
        return 3 if wrapped and '"' not in text and not any("'" in c for c in cells) else 0
    return 2 if quote else 1


def _width(rows: CutRows) -> int:
    counts = Counter(len(cells) for _, cells in rows)
    return counts.most_common(1)[0][0] if counts else 0


def _junk(rows: CutRows, width: int) -> tuple[int, CutRows]:
    """Lines before the table: with at most half of its cells, as the first line of Adult's test file."""
    start = 0
    while start < len(rows) and len(rows[start][1]) <= width // 2:
        start += 1
    if start == len(rows):
        return 0, rows
    return (rows[start - 1][0] if start else 0), rows[start:]


def _is_header(rows: list[tuple[str, ...]], reading: Reading) -> bool:
    first, rest = rows[0], rows[1:]
    if reading.columns is not None:
        return first == reading.columns
    if reading.names & set(first):
        return True
    if any(_NUMBER.fullmatch(cell) for cell in first):
        return False
    votes = [_vote(cell, [row[i] for row in rest if i < len(row)]) for i, cell in enumerate(first)]
    return not rest or sum(votes) > 0 or (sum(votes) == 0 and len(set(first)) == len(first) and all(first))


def _vote(name: str, cells: list[str]) -> int:
    """A name over numbers speaks for a header; a first cell that comes again below speaks against one."""
    filled = [cell for cell in cells if cell and cell not in MISSING]
    if filled and all(_NUMBER.fullmatch(cell) for cell in filled):
        return 0 if not name or name in MISSING else 1
    return -1 if name in cells else 0


def _has_decimal_comma(rows: list[tuple[str, ...]]) -> bool:
    for column in zip(*rows, strict=False):
        filled = [cell for cell in column if cell and cell not in MISSING]
        if any("," in cell for cell in filled) and all(_COMMA_NUMBER.fullmatch(cell) for cell in filled):
            return True
    return False
