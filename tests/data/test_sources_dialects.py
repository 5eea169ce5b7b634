"""However known rows are dressed as text, they are read back: as many as there are, in order, cell for cell."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.data.sources.opening import Reading, open_source
from keepfit.errors import KeepfitError

NAMES = ("n", "city", "note", "grade")
CITIES = ("Wien", "Bonn", "São Paulo", "Łódź")
NOTES = (
    "plain",
    "with, comma; semicolon",
    'says "hi"',
    "two\nlines",
    "tab\there",
    "\u2028 and \x0b, \x0c, \x85",
    "#1",
    "",
)
Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Dress:
    """How rows are written."""

    delimiter: str
    end: str
    quoted: bool
    encoding: str
    packed: bool
    sep: bool
    titles: tuple[str, ...]
    padded: bool
    blank: frozenset[int]
    repeat: int | None
    units: bool
    trailing: int
    index: bool
    footer: tuple[str, ...]

    def written(self, rows: list[Row]) -> bytes:
        """The file."""
        pad = self.delimiter * (len(NAMES) + self.trailing + self.index - 1) if self.padded else ""
        lines = [f"sep={self.delimiter}"] if self.sep else []
        lines += [title + pad for title in self.titles]
        lines.append(self._line(NAMES, ""))
        lines += [self._line(("kg", "name", "text", "class"), "")] if self.units else []
        for i, row in enumerate(rows):
            lines += [""] * (i in self.blank)
            lines += [self._line(NAMES, "")] * (i == self.repeat)
            lines.append(self._line(row, str(i)))
        lines += ([pad] if self.padded else [""]) + [text + pad for text in self.footer] if self.footer else []
        content = (self.end.join(lines) + self.end).encode(self.encoding)
        return gzip.compress(content, 1) if self.packed else content

    def _line(self, cells: tuple[str, ...], index: str) -> str:
        cells = (index, *cells) if self.index else cells
        return self.delimiter.join(map(self._cell, cells)) + self.delimiter * self.trailing

    def _cell(self, cell: str) -> str:
        must = any(c in cell for c in f'{self.delimiter}"\n\r')
        return '"' + cell.replace('"', '""') + '"' if must or (self.quoted and cell) else cell


DRESSES = st.builds(
    Dress,
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoted=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be"]),
    packed=st.booleans(),
    sep=st.booleans(),
    titles=st.lists(st.sampled_from(["Quarterly report", "Generated 2024-03-01", "# made by hand"]), max_size=3).map(
        tuple
    ),
    padded=st.booleans(),
    blank=st.frozensets(st.integers(0, 60)),
    repeat=st.none() | st.integers(1, 40),
    units=st.booleans(),
    trailing=st.sampled_from([0, 0, 1, 2]),
    index=st.booleans(),
    footer=st.lists(st.sampled_from(["Total rows 60", "Source: land registry"]), max_size=2).map(tuple),
)
ROWS = st.lists(
    st.tuples(
        st.floats(0, 1e6).map(repr), st.sampled_from(CITIES), st.sampled_from(NOTES), st.sampled_from(["high", "low"])
    ),
    min_size=12,
    max_size=60,
)


def read(path: Path, **reading: object) -> tuple[list[tuple[str | None, ...]], list[str], tuple[str, ...]]:
    """The rows, what was told of them, and the columns."""
    opened = open_source((path,), Reading(path.parent, **{"target": "grade", **reading}))
    rows = [tuple(row.values()) for batch in opened.batches() for row in pa.table(batch).to_pylist()]
    return (
        rows,
        [*opened.notes, *opened.later, *(f"{one.where}: {one.reason}" for one in opened.unread)],
        opened.columns,
    )


def refusal_of(reading: Callable[[], object]) -> str:
    """What a refusal says; where there is none, the file's name."""
    try:
        reading()
    except KeepfitError as error:
        return str(error)
    return "rows.csv"


@settings(max_examples=250, deadline=None)
@given(dress=DRESSES, rows=ROWS, known=st.booleans())
def test_rows_are_read_back_however_they_are_dressed(dress: Dress, rows: list[Row], known: bool) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(dress.written(rows))
        found, told, columns = read(path, needed=frozenset(NAMES[:3]) if known else frozenset())
    expected = [tuple(cell.replace("\n", "\n").strip() or None for cell in row) for row in rows]
    assert columns == NAMES
    assert [tuple((cell or "").strip() or None for cell in row) for row in found] == expected
    for count, where in (len(dress.titles), "before"), (len(dress.footer), "after"):
        assert not count or any(re.search(rf"\b{count} lines? {where} the table", sentence) for sentence in told)
    assert not (dress.repeat and dress.repeat < len(rows)) or any("repeats the header" in t for t in told)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=400) | st.text("ab,;\"'\n\r\t \\0é\x85", max_size=200).map(str.encode))
def test_any_bytes_give_rows_or_a_refusal(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(content)
        assert "rows.csv" in refusal_of(lambda: read(path, target=""))


@settings(max_examples=200, deadline=None)
@given(dress=DRESSES, rows=ROWS, cuts=st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=3)), max_size=4))
def test_a_file_that_was_damaged_gives_rows_or_a_refusal(dress: Dress, rows: list[Row], cuts: list) -> None:
    content = bytearray(dress.written(rows))
    for place, junk in cuts:
        content[place : place + 2] = junk
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(content)
        assert "rows.csv" in refusal_of(lambda: read(path))
