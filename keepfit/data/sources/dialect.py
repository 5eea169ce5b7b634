"""How a text file of cells is meant: delimiter, quotes, markers of missing values."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from keepfit.data.sources.opening import Reading
from keepfit.data.sources.shape import MISSING, CutRows, TableShape, shape_of, width_of

_DELIMITERS = (",", "\t", ";", "|")
WIDEST = 50_000
"""Cells a row."""
_ROWS = 1000
"""Lines looked at."""
_CELLS = 20_000
"""Cells that are looked at for one way to cut them."""
_DIRT = 0.1
"""A way to cut by which hardly a cell is clean is none."""
_FIGURE = re.compile(r"[^\w,;|\t]*\d[\d.,'’\s]*[^\w,;|\t]*")
"""A number with whatever marks and signs, whose notation is its column's affair."""
_URL = re.compile(r"data:[\w.+/-]*(;[\w=.-]*)*,")
"""A file as text, which has marks of its own in it."""
_SAID = re.compile(r"\"?sep=(.)\"?[,;\t|]*", re.IGNORECASE)


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
    """Lines with something in them before the header, or before the first row."""
    header: tuple[str, ...] | None
    """The names in the header line, "" where there is none; None where there is no such line."""
    width: int
    """Cells a row."""
    empty: frozenset[int]
    """Places of cells without name and value, as delimiters at each line's end make them."""
    index: frozenset[int]
    """Places of cells without a name that number the rows."""
    blanks: bool
    """Whether blanks stand between a delimiter and a quote, which fast readers do not understand."""
    missing: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """Sentences about what stands around the rows."""
    line: int = 0
    """Lines before the first row."""
    start: int = 0
    """Bytes before the first row, once the text is UTF-8."""

    def described(self) -> dict[str, object]:
        """What the snapshot's schema keeps."""
        names = ("encoding", "delimiter", "quote", "escape", "skip", "missing")
        return {name: getattr(self, name) for name in names} | {"header": self.header is not None}


def dialect_of(lines: list[str], encoding: str, reading: Reading) -> Dialect:
    """The dialect of a file that begins with these lines, each whole; what `reading` says is not guessed."""
    everything, lines = lines, lines[:_ROWS]
    said = _separator(lines)
    if said:
        lines = ["\n", *lines[1:]]
    delimiter, quote = _cut(lines, reading.delimiter or said)
    if quote and _swallows_lines(everything, delimiter, quote):
        quote = ""
    escape = "\\" if quote and _escapes(lines, delimiter, quote) else ""
    rows = list(cut(lines, delimiter, quote, escape))
    width = width_of(rows)
    shape = shape_of(rows, width, reading) if width <= WIDEST else TableShape((), None, (), width, 0)
    return Dialect(
        encoding=encoding,
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        skip=len(shape.before) + bool(said),
        header=shape.header,
        width=shape.width,
        empty=shape.empty,
        index=shape.index,
        blanks=bool(quote) and any(re.search(rf"{re.escape(delimiter)}[ \t]+{quote}", line) for line in everything),
        missing=MISSING if reading.missing is None else reading.missing,
        notes=shape.notes,
        line=shape.line,
    )


def _separator(lines: list[str]) -> str:
    """The delimiter that a spreadsheet says in a first line of its own, `sep=;`."""
    found = _SAID.fullmatch(lines[0].strip(" \r\n")) if lines else None
    return found[1] if found else ""


def cut(
    lines: Iterable[str], delimiter: str, quote: str, escape: str, *, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """The rows of a text by Python's own reader: slow, and with the line each row ends on."""
    blanks = delimiter == " "
    cut_lines = (line.replace("\t", " ").strip() + "\n" for line in lines) if blanks else lines
    reader = csv.reader(
        cut_lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        escapechar=escape or None,
        skipinitialspace=True,
        strict=strict,
    )
    for cells in reader:
        if cells:
            yield reader.line_num, cells


def _cut(lines: list[str], said: str) -> tuple[str, str]:
    """Delimiter and quote: those under which most rows have the same number of cells, and the cells are clean."""
    named = (said,) if said else _DELIMITERS
    tried = [(d, q) for d in named for q in ('"', "'", "")]
    best = max(tried, key=lambda t: _score(lines, *t))
    if not said and _score(lines, *best)[0] < 0.5 and _score(lines, " ", '"')[0] > 0.6:
        return " ", '"'
    return best


def _score(lines: list[str], delimiter: str, quote: str) -> tuple[float, int, float]:
    try:
        rows = list(cut(lines, delimiter, quote, ""))
    except csv.Error:  # a stray quote swallowed more than a cell may hold
        return 0.0, 0, 0.0
    width, rank = width_of(rows), _quote_rank(rows, lines, quote)
    if not 2 <= width <= WIDEST or rank < 0:
        return 0.0, 0, 0.0
    cells = list(islice((cell for _, cells in rows if len(cells) == width for cell in cells), _CELLS))
    even = sum(len(cells) == width for _, cells in rows) / len(rows)
    clean = sum(_is_clean(cell, delimiter) and (quote != "" or _is_whole(cell)) for cell in cells) / len(cells)
    score = round(even * clean, 2)
    return (score, rank, width) if score > _DIRT else (0.0, 0, 0.0)


def _is_clean(cell: str, delimiter: str) -> bool:
    others = [d for d in _DELIMITERS if d != delimiter]
    text = cell.strip().strip("\"'").strip()  # a cell is no cleaner for keeping its quotes
    plain = not any(d in text for d in others) or " " in text
    return plain or _FIGURE.fullmatch(text) is not None or _URL.match(text) is not None


def _is_whole(cell: str) -> bool:
    """Whether a cell is none that was cut within its quotes."""
    text = cell.strip()
    return text.startswith('"') == text.endswith('"')


def _swallows_lines(lines: list[str], delimiter: str, quote: str) -> bool:
    """Whether quotes join lines each of which is whole without them: such quotes are stray, as in SMS texts."""
    filled = [line for line in lines if line.strip()]
    if not any(quote in line for line in filled):
        return False
    if len({line.count(delimiter) for line in filled}) > 1:
        return False
    around = re.escape(delimiter), re.escape(quote)
    wrapped = re.compile("(?:^|{0}){1}[^{1}]*{1}(?={0}|\\s*$)".format(*around))
    odd = sum(line.count(quote) % 2 for line in filled)
    if sum(len(wrapped.findall(line)) for line in filled) > 10 * odd:
        return False  # quotes stand around cells; the rows in which they do not are told one by one
    try:
        return len(list(cut(filled, delimiter, quote, ""))) < len(filled)
    except csv.Error:
        return True


def _escapes(lines: list[str], delimiter: str, quote: str) -> bool:
    """Whether a backslash stands before quotes inside cells: where quotes are doubled, none is followed by a letter."""
    pattern = re.compile(rf"\\{quote}[^{re.escape(delimiter)}{quote}\r\n]")
    return any(pattern.search(line) for line in lines)


def _quote_rank(rows: CutRows, lines: list[str], quote: str) -> int:
    """Prefer double quotes, single ones only where cells are wrapped in them, none only where quotes do harm."""
    if quote != "'":
        return 2 if quote else 1
    text = "".join(lines)
    wrapped = len(re.findall(r"(?:^|[,;\t|]) ?'[^'\n]*'(?=[,;\t|\r\n]|$)", text, re.MULTILINE))
    return 3 if wrapped and '"' not in text and not any("'" in cell for _, cells in rows for cell in cells) else -1
