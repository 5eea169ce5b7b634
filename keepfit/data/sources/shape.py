"""What of a text is the table: where it begins, which line names its columns, which cells hold nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from keepfit.data.cells import ERRORS
from keepfit.data.sources.opening import Reading

MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "?", "#N/A", "<NA>", "NaT", *ERRORS)
"""Cells that mean "no value" unless the YAML lists its own; not "None" and "-", which are class names somewhere."""
NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")

_NEAR = 50
"""The header is looked for in so many rows."""
_INDEX = re.compile(r"(Unnamed: \d+)?")

CutRows = list[tuple[int, list[str]]]
"""(line on which the row ends, from 1; its cells)."""
Cells = tuple[str, ...]


@dataclass(frozen=True)
class TableShape:
    """Where the parts of a text stand."""

    before: tuple[Cells, ...]
    """The rows before the table."""
    header: Cells | None
    body: tuple[Cells, ...]
    """The first rows, those of another width apart."""
    width: int
    line: int
    """The line, from 1, on which the header or what else stands before the first row ends; 0 where nothing does."""
    empty: frozenset[int] = frozenset()
    """Places without name and value."""
    index: frozenset[int] = frozenset()
    """Places without a name that number the rows."""
    notes: tuple[str, ...] = ()


def width_of(rows: CutRows) -> int:
    """The number of cells that most rows have, the greater of two."""
    counts = Counter(len(cells) for _, cells in rows)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def shape_of(rows: CutRows, width: int, reading: Reading) -> TableShape:
    """The shape of a text that begins with these rows, most of which have so many cells."""
    cut = [tuple(cell.strip() for cell in cells) for _, cells in rows]
    ends = [0, *(line for line, _ in rows)]
    named = _named(cut, width, reading)
    top = _top(cut, width) if named is None else named
    header = _fitted(cut[top], cut[top + 1 :], width) if top < len(cut) else None
    if named is None and (header is None or not _is_header(header, _whole(cut[top + 1 :], width), reading)):
        header = None
        top += next((i for i, cells in enumerate(cut[top:]) if len(cells) == width), 0)
    first = top + (header is not None)
    before = tuple(cells for cells in cut[:top] if any(cells))
    notes = left_out([" ".join(filter(None, cells)) for cells in before], "before")
    body = tuple(cells for cells in _above_footer(_whole(cut[first:], width)) if not _says_again(cells, header or ()))
    shape = TableShape(before, header, body, width, ends[first], notes=notes)
    return _without_empty(_without_units(shape, ends[first + 1 : first + 2], cut[first : first + 1]), reading)


def left_out(lines: Sequence[str], where: str) -> tuple[str, ...]:
    """What to tell of lines that stand `before` or `after` the table; nothing where there are none."""
    if not lines:
        return ()
    stands = f"line {where} the table was" if len(lines) == 1 else f"lines {where} the table were"
    return (f'{len(lines)} {stands} left out, the first says "{_shown(lines[0])}".',)


def _shown(line: str) -> str:
    text = line.encode("utf-8", "replace").decode()
    return text if len(text) <= 60 else f"{text[:60]} …"


def _whole(rows: Sequence[Cells], width: int) -> list[Cells]:
    return [cells for cells in rows if len(cells) == width]


def _above_footer(rows: list[Cells]) -> list[Cells]:
    """The rows without those at the end that are half empty, as a spreadsheet's sums are: for a look at the others."""
    while len(rows) > 1 and 2 * _filled(rows[-1]) <= len(rows[-1]):
        rows = rows[:-1]
    return rows


def _filled(cells: Sequence[str]) -> int:
    return sum(map(bool, cells))


def is_sparse(cells: Sequence[str], width: int) -> bool:
    """Whether a row has too few cells, or so few with something in them as a title does."""
    return len(cells) < width or (width > 2 and _filled(cells) <= 1)


def _named(rows: list[Cells], width: int, reading: Reading) -> int | None:
    """The row that holds the columns' known names, if what is above it is no table."""
    wanted = 1 if reading.columns is None else len(reading.names) // 2 + 1
    found = [len(reading.names & set(cells)) if len(cells) >= width // 2 else 0 for cells in rows[:_NEAR]]
    best = max(found, default=0)
    if not best or best < wanted:
        return None
    place = found.index(best)
    above = all(len(cells) != width or 2 * _filled(cells) <= max(width, 2) for cells in rows[:place])
    return place if above else None


def _top(rows: list[Cells], width: int) -> int:
    """The first row that may be the table's: a header, or a row of data."""
    start = 0
    sparse = _is_often_sparse(rows, width)
    while start < len(rows) and (len(rows[start]) < width or (not sparse and is_sparse(rows[start], width))):
        start += 1
    if start == len(rows):
        return 0
    if start and width // 2 < len(rows[start - 1]) < width and _fitted(rows[start - 1], rows[start:], width):
        return start - 1
    return start


def _is_often_sparse(rows: list[Cells], width: int) -> bool:
    """Whether rows with hardly a cell filled are usual here, so that the first of them is no title."""
    whole = _whole(rows, width)
    body = whole[len(whole) // 4 :]
    return 4 * sum(is_sparse(cells, width) for cells in body) > len(body)


def _fitted(header: Cells, rows: Sequence[Cells], width: int) -> Cells | None:
    """A header with a name for each cell: R names no row names, and delimiters at a line's end may be too many."""
    whole = _whole(rows, width)
    header = header[:width] if not any(header[width:]) else header
    lacking = width - len(header)
    if lacking > 0 and whole and not any(cell for cells in whole for cell in cells[len(header) :]):
        return header + ("",) * lacking
    is_names = all(header) and not any(NUMBER.fullmatch(cell) for cell in header)
    if lacking == 1 and is_names and whole and len({cells[0] for cells in whole}) == len(whole):
        return ("row_name", *header)  # as R writes tables
    return header if lacking <= 0 else None


def _is_header(first: Cells, rest: list[Cells], reading: Reading) -> bool:
    rest = [cells for cells in rest if not _says_again(cells, first)]  # files that were put one after another
    if reading.columns is not None and (first == reading.columns or not _is_clear(first, rest)):
        return first == reading.columns
    if any(NUMBER.fullmatch(cell) for cell in first):
        return False
    columns = _columns(rest, len(first))
    votes = [_vote(cell, column) for cell, column in zip(first, columns, strict=True)]
    votes.append(not first[0] and bool(columns[0]) and _numbers_rows(columns[0]))  # as pandas writes its index
    return not rest or sum(votes) > 0 or (sum(votes) == 0 and len(set(first)) == len(first) and all(first))


def _says_again(cells: Cells, header: Cells) -> bool:
    """Whether a row holds the header's names, in whatever order."""
    return cells == header or (len(header) > 1 and cells[0] in header and sorted(cells) == sorted(header))


def _is_clear(first: Cells, rest: list[Cells]) -> bool:
    """Whether a first line cannot be a row: a name over every column of numbers, and no cell that comes again."""
    columns = _columns(rest, len(first))
    numbers = [bool(cell) and cell not in MISSING for cell, c in zip(first, columns, strict=True) if _are_numbers(c)]
    return bool(numbers) and all(numbers) and not any(map(NUMBER.fullmatch, first)) and not _comes_again(first, columns)


def _columns(rows: Sequence[Cells], width: int) -> list[list[str]]:
    """The filled cells of each column."""
    return [[r[i] for r in rows if i < len(r) and r[i] and r[i] not in MISSING] for i in range(width)]


def _are_numbers(cells: list[str]) -> bool:
    return bool(cells) and all(map(NUMBER.fullmatch, cells))


def _comes_again(row: Cells, columns: list[list[str]]) -> bool:
    return any(cell and cell in column for cell, column in zip(row, columns, strict=True))


def _vote(name: str, filled: list[str]) -> int:
    """A name over numbers speaks for a header; a first cell that comes again below speaks against one."""
    if _are_numbers(filled):
        return 0 if not name or name in MISSING else 1
    return -1 if name in filled else 0


def _without_units(shape: TableShape, ends: list[int], second: list[Cells]) -> TableShape:
    """A second line of words, such as units or "Response", is no row where that is clear."""
    if shape.header is None or not second or not _is_units(second[0], shape.body[1:], shape.header):
        return shape
    said = _shown(" ".join(filter(None, second[0])))
    note = f'the line below the header, "{said}", is taken for a second header and left out.'
    return replace(shape, body=shape.body[1:], line=ends[0], notes=(*shape.notes, note))


def _is_units(row: Cells, rows: Sequence[Cells], header: Cells) -> bool:
    """Words over numbers, or one word three times, in a line none of whose cells comes again in ten rows and more."""
    if len(row) != len(header) or len(rows) < 10 or any(map(NUMBER.fullmatch, row)) or row == header:
        return False
    columns = _columns([cells for cells in rows if cells != header], len(row))
    words = [cell for cell in row if cell and cell not in MISSING]
    over = [cell for cell, column in zip(row, columns, strict=True) if cell in words and _are_numbers(column)]
    same = Counter(words).most_common(1)[0][1] if words else 0
    told = 2 * len(over) >= sum(map(_are_numbers, columns)) > 0 and len(words) > 1
    return (told or same >= 3) and not _comes_again(row, columns)


def _without_empty(shape: TableShape, reading: Reading) -> TableShape:
    """Places without a name are dropped where they hold nothing, or number the rows."""
    if shape.header is None:
        return shape
    unnamed = [i for i, name in enumerate(shape.header[: shape.width]) if _INDEX.fullmatch(name)]
    unnamed = [i for i in unnamed if not reading.names & {shape.header[i] or f"column_{i + 1}"}]
    cells = {i: [row[i] for row in shape.body] for i in unnamed}
    empty = [i for i in unnamed if not shape.header[i] and not any(cells[i])]
    index = [i for i in unnamed if i not in empty and _numbers_rows(cells[i])]
    notes = [*shape.notes]
    if empty:
        what = "a column has" if len(empty) == 1 else f"{len(empty)} columns have"
        notes.append(f"{what} neither name nor value: left out.")
    if index:
        notes.append("the column without a name that numbers the rows is left out.")
    return replace(shape, empty=frozenset(empty), index=frozenset(index), notes=tuple(notes))


def _numbers_rows(cells: list[str]) -> bool:
    return len(set(cells)) == len(cells) and all(re.fullmatch(r"\d{1,15}", cell) for cell in cells)
