"""The rows of one plain text file: fast where it is sound, one by one where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from keepfit.data.sources.careful import Cutter, NoRows, is_permuted
from keepfit.data.sources.dialect import Dialect
from keepfit.data.sources.lines import chunks, lines_of

_BLOCK = 4 << 20
"""A fast batch; a row must fit in two. Arrow reads some 40 ahead: with 16 MB a batch that took 500 MB more."""
_PIECE = 64 << 10
_SLOW_BATCH = 5_000
_QUIET = 20_000
"""After so many sound rows the fast reader takes over again."""
_BLANK = ("", " ", "  ")


@dataclass
class Rows:
    """One file between its first row and its footer."""

    path: Path
    """The plain file."""
    file: Path
    """The one that a person named."""
    dialect: Dialect
    names: tuple[str, ...]
    """One for each cell of a row."""
    types: Sequence[pa.DataType]
    """Text, coded or not, for each."""
    end: int
    """The byte at which the rows end."""
    seen: NoRows = field(default_factory=NoRows)
    unread: list[tuple[int, int, str]] = field(default_factory=list)
    """(place among the rows of this file, from 1; line; reason) of rows that cannot be read."""
    count: int = 0
    """Rows so far, those that cannot be read included."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows that can be read, in order."""
        place, line = self.dialect.start, self.dialect.line
        while place < self.end:
            given = 0
            if self.dialect.delimiter != " " and not self.dialect.blanks and not self._has_zeros:
                try:
                    for batch in self._fast(place):
                        given += len(batch)
                        batch = self._without_headers(batch)
                        self.count += len(batch)
                        yield batch
                    return
                except pa.ArrowInvalid:  # a row or a byte that it cannot take, after what it gave
                    pass
            cutter = Cutter(self.dialect, self.file, place, line, self.seen)
            yield from self._careful(cutter, given)
            place, line = cutter.place, cutter.line

    def _holds(self, byte: bytes) -> bool:
        with self.path.open("rb") as file:
            file.seek(self.dialect.start)
            return any(byte in part for part in chunks(file, self.end - self.dialect.start))

    @cached_property
    def _has_quotes(self) -> bool:
        return bool(self.dialect.quote) and self._holds(self.dialect.quote.encode())

    @cached_property
    def _has_zeros(self) -> bool:
        return self._holds(b"\0")

    def _fast(self, place: int) -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(self.path)) as file:
            part = file.get_stream(place, self.end - place)
            with arrow_csv.open_csv(part, **self._options) as batches:
                held = None
                for batch in batches:
                    if held is not None:
                        yield held
                    held = self._sound(batch)
            if held is not None and len(held):
                self._check_closed(held)
                yield held

    @cached_property
    def _options(self) -> dict[str, Any]:
        dialect = self.dialect
        return {
            "read_options": arrow_csv.ReadOptions(block_size=_BLOCK, column_names=list(self.names)),
            "parse_options": arrow_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                escape_char=dialect.escape or False,
                newlines_in_values=True,  # costs nothing here: measured on a million rows
            ),
            "convert_options": arrow_csv.ConvertOptions(
                column_types=dict(zip(self.names, self.types, strict=True)),
                null_values=self._missing,
                strings_can_be_null=True,
            ),
        }

    @cached_property
    def _missing(self) -> list[str]:
        return [before + marker for marker in ("", *self.dialect.missing) for before in _BLANK]

    def _sound(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch. Raises ArrowInvalid for what the fast reader takes, and should not."""
        for place in self.dialect.empty:
            if batch[place].null_count < len(batch):
                raise pa.ArrowInvalid("a cell that has a value and no name")
        for cells in batch.columns:
            texts = cells.dictionary if pa.types.is_dictionary(cells.type) else cells
            if _breaks_lines(texts) and self._took_rows(texts):
                raise pa.ArrowInvalid("a quote that is not closed")
        if self._says_header_otherwise(batch):
            raise pa.ArrowInvalid("the header in another order, which the careful reader refuses by its line")
        return batch

    def _says_header_otherwise(self, batch: pa.RecordBatch) -> bool:
        """Whether a row may hold the header's names in another order: every cell is one of them."""
        header = self.dialect.header or ()
        if len(header) < 2 or not all(header) or set(header) & set(self.dialect.missing):
            return False
        names, like = pa.array(header, pa.string()), None
        for cells in batch.columns:
            is_coded = pa.types.is_dictionary(cells.type)
            said = pc.is_in(pc.utf8_trim_whitespace(cells.dictionary if is_coded else cells), names)
            if not said.true_count:
                return False
            said = said.take(cells.indices).fill_null(False) if is_coded else said
            like = said if like is None else pc.and_(like, said)
            if not like.true_count:
                return False
        rows = batch.filter(like).to_pylist()
        return any(is_permuted([row[name].strip() for name in self.names], header) for row in rows)

    def _took_rows(self, texts: pa.Array) -> bool:
        """Whether a cell is made of pieces of rows, as from a quote in one to one in another: an odd one is left."""
        quote, delimiter = self.dialect.quote, self.dialect.delimiter
        odd = texts.filter(pc.match_substring(texts, quote)).to_pylist() if quote else []
        return any(
            cell.count(quote) % 2 and cell.count(delimiter) == (self.dialect.width - 1) * _breaks(cell)
            for cell in odd
            if "\n" in cell or "\r" in cell
        )

    def _check_closed(self, batch: pa.RecordBatch) -> None:
        """Raise ArrowInvalid where the file ends inside a quoted cell: Arrow takes all that follows for its text."""
        last, quote = batch[len(self.names) - 1][len(batch) - 1].as_py(), self.dialect.quote.encode()
        if not quote or not last or not {"\n", "\r"} & set(last):
            return
        text = last.encode().replace(quote, quote * 2)[-1000:]
        with self.path.open("rb") as file:
            file.seek(self.end - len(text))
            if file.read(len(text)) == text:
                raise pa.ArrowInvalid("a quote that is never closed")

    def _without_headers(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch without rows that say the header again, as in files that were put one after another."""
        header = self.dialect.header
        place = next((i for i, n in enumerate(header or ()) if n and n not in self.dialect.missing), None)
        if header is None or place is None:
            return batch
        cells, name = batch[place], header[place]
        if pa.types.is_dictionary(cells.type) and pc.index(cells.dictionary, name).as_py() < 0:
            return batch
        like = pc.equal(cells.cast(pa.string()), name).fill_null(False)
        if not like.true_count:
            return batch
        names = [None if n in self.dialect.missing else n or None for n in header]
        for other, said in zip(batch.columns, names, strict=True):
            texts = pc.utf8_trim_whitespace(other.cast(pa.string()))
            like = pc.and_(like, texts.is_null() if said is None else pc.equal(texts, said).fill_null(False))
        self.seen.headers += like.true_count
        return batch.filter(pc.invert(like))

    def _careful(self, cutter: Cutter, skip: int) -> Iterator[pa.RecordBatch]:
        waiting: list[list[str]] = []
        quiet = 0
        with self.path.open("rb") as stream:
            stream.seek(cutter.place)
            lines = lines_of(chunks(stream, self.end - cutter.place), self.file, cutter.line + 1)
            for line, row in cutter.rows(lines, skip):
                self.count += 1
                if isinstance(row, str):
                    self.unread.append((self.count, line, row))
                    quiet = 0
                    continue
                waiting.append(row)
                quiet += 1
                if len(waiting) == _SLOW_BATCH:
                    yield self._batch(waiting)
                    waiting = []
                if quiet >= _QUIET:
                    break
        if waiting:
            yield self._batch(waiting)

    def _batch(self, rows: list[list[str]]) -> pa.RecordBatch:
        missing = pa.array(self._missing, pa.string())
        texts = [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]
        cells = [pc.if_else(pc.is_in(column, missing), None, column) for column in texts]
        typed = [
            c.dictionary_encode() if pa.types.is_dictionary(t) else c for c, t in zip(cells, self.types, strict=True)
        ]
        return pa.RecordBatch.from_arrays(typed, names=list(self.names))


def _breaks_lines(texts: pa.Array) -> bool:
    """Whether some cell holds the end of a line; in pieces, as a copy of a whole column is new memory every time."""
    content = memoryview(texts.buffers()[2] or b"")
    pieces = (bytes(content[at : at + _PIECE]) for at in range(0, len(content), _PIECE))
    return any(b"\n" in piece or b"\r" in piece for piece in pieces)


def _breaks(cell: str) -> int:
    return cell.replace("\r\n", "\n").replace("\r", "\n").count("\n")
