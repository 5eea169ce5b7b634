"""ARFF, the format of Weka and OpenML: names and types above, rows of cells below, sparse ones too.

https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from keepfit.data.sources.copies import by_copy, of_copy, write_rows
from keepfit.data.sources.encoding import check_encoding, encoding_of
from keepfit.data.sources.lines import text_lines
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.sources.text import open_text
from keepfit.data.sources.unpack import head
from keepfit.errors import DataError

_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s{]+)\s*(.*)""", re.IGNORECASE)
_CELL = re.compile(r"""\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|([^,]*?))\s*(?:,|$)""")
_GAP = "?"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def open_arff(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open ARFF files; `?` is a missing cell, and the words that mean one elsewhere are values.

    It stays as it is in the copy: a row of blanks alone would be none.
    """

    def write(file: Path, copy: Path) -> str:
        write_rows(_rows(file, reading), copy)
        return ""

    read = replace(of_copy(reading), missing=(*(reading.missing or ()), _GAP), columns=None)
    return by_copy(files, write, open_text, read)


def _rows(file: Path, reading: Reading) -> Iterator[list[str]]:
    """A row for each line, so that a line of the copy is one of the file; empty where it holds no cells."""
    names: list[str] = []
    types: list[str] = []
    in_data = False
    encoding = check_encoding(reading.encoding) if reading.encoding else encoding_of(head(file, 1 << 16), file)
    for number, line in text_lines(file, encoding):
        line, where = line.strip(), f"{file}, line {number}"
        if not line or line.startswith("%"):
            yield []
        elif in_data:
            yield _cells(line, names, types, where)
        elif line.lower().startswith("@attribute"):
            _add(line, names, types, where)
            yield []
        elif line.lower().startswith("@data"):
            in_data = True
            yield names
        elif line.lower().startswith("@relation"):
            yield []
        else:
            raise DataError(f"this line is none of ARFF's header: {line[:60]!r}.", todo="Mend it.", where=where)
    if not in_data:
        raise DataError("there is no @data in it.", todo="Copy it again.", where=str(file))


def _add(line: str, names: list[str], types: list[str], where: str) -> None:
    found = _ATTRIBUTE.fullmatch(line)
    if not found or not found[2]:
        raise DataError(f"this attribute has no name or no type: {line[:60]!r}.", todo="Mend it.", where=where)
    if found[2].lower().startswith("relational"):
        raise DataError(
            "this attribute is relational: a table in a cell.",
            todo="Write its rows as a table of their own.",
            where=where,
        )
    names.append(_plain(found[1][1:-1]) if found[1][0] in "'\"" else found[1])
    types.append(found[2])


def _cells(line: str, names: list[str], types: list[str], where: str) -> list[str]:
    if line.startswith("{"):
        return _sparse(line, types, where)
    cells = _cut(line)
    if len(cells) == len(names) + 1 and re.fullmatch(r"\{[\d.]+\}", cells[-1]):
        cells.pop()  # the weight of a row
    if len(cells) != len(names):
        raise DataError(
            f"this row has {len(cells)} cells, and there are {len(names)} attributes.",
            todo="Mend or delete that line, or put quotes around a cell that has a comma in it.",
            where=where,
        )
    return cells


def _cut(line: str) -> list[str]:
    cells, place = [], 0
    while place <= len(line):
        found = _CELL.match(line, place)
        if found is None:  # a quote that is never closed, or something behind one
            comma = line.find(",", place)
            end = len(line) if comma < 0 else comma
            cells.append(line[place:end].strip())
            place = end + 1
            continue
        quoted = found[1] if found[1] is not None else found[2]
        cells.append(_plain(quoted) if quoted is not None else found[3])
        if found.end() == len(line) and not found[0].endswith(","):
            break
        place = found.end()
    return cells


def _sparse(line: str, types: list[str], where: str) -> list[str]:
    """`{1 X, 3 7}`: cells by place; what is not named is 0, or the first of its names."""
    cells = [_cut(kind[1:].rstrip("} "))[0] if kind.startswith("{") else "0" for kind in types]
    for pair in _pairs(line):
        place, _, value = pair.strip().partition(" ")
        if not place.isdigit() or int(place) >= len(types):
            raise DataError(f"there is no attribute {place[:20]}.", todo="Mend or delete that line.", where=where)
        cells[int(place)] = _cut(value.strip())[0]
    return cells


def _pairs(line: str) -> list[str]:
    inside = line.strip("{} \t")
    return re.findall(r"""\d+\s+(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^,]*)|[^,\s][^,]*""", inside)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)
