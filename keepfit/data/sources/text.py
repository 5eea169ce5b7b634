"""CSV and its relatives: any delimiter, encoding and compression, streamed block by block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from keepfit.data.sources.dialect import WIDEST, Dialect, dialect_of
from keepfit.data.sources.encoding import check_encoding, encoding_of, wrong_encoding
from keepfit.data.sources.footer import footer_of
from keepfit.data.sources.lines import too_long
from keepfit.data.sources.opening import Opened, Reading, in_order, together
from keepfit.data.sources.plain import as_utf8, plain
from keepfit.data.sources.rows import Rows
from keepfit.data.sources.shape import left_out
from keepfit.data.sources.unpack import unpacked
from keepfit.data.unread import Unread
from keepfit.errors import DataError

_HEAD = 4 << 20
"""Bytes looked at to find the dialect."""
_MARK = b"\xef\xbb\xbf"
_CODED = pa.dictionary(pa.int32(), pa.string())


def open_text(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open CSV files; their columns are read by name."""
    pairs = tuple((file, sniff(file, reading)) for file in files)
    named = [(file.name, _kept(dialect, names_of(dialect, reading, file))) for file, dialect in pairs]
    columns, drift = together(named, reading.names)
    for (file, dialect), (_, names) in zip(pairs, named, strict=True):
        if dialect.header is None and names != columns:
            raise _other_width(file, files[0], len(names), len(columns))
    unread: list[Unread] = []
    later: list[str] = []
    return Opened(
        columns=columns,
        files=files,
        batches=partial(_batches, pairs, columns, reading, unread, later),
        dialect=pairs[0][1].described(),
        notes=(*(note for file, dialect in pairs for note in _notes(file, dialect, reading)), *drift),
        unread=unread,
        later=later,
    )


def sniff(file: Path, reading: Reading) -> Dialect:
    """The dialect of one file, and its first rows. Raises DataError for an empty one, or one that is no table."""
    with unpacked(file) as stream:
        start = stream.read(_HEAD)
        whole = len(start) < _HEAD
    if not start.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise DataError("the file is empty.", todo="Give one with a header and rows.", where=str(file))
    _check_delimiter(reading.delimiter)
    encoding = check_encoding(reading.encoding) if reading.encoding else encoding_of(start, file)
    text = b"".join(as_utf8([start], encoding))
    mark = len(_MARK) if text.startswith(_MARK) else 0
    lines = text[mark:].splitlines(keepends=True)
    lines = lines if whole else lines[:-1]
    if not lines:
        raise too_long(file, 1)
    dialect = dialect_of([line.decode("utf-8", "surrogateescape") for line in lines], encoding, reading)
    _check_width(dialect, reading, file)
    return replace(dialect, start=mark + sum(map(len, lines[: dialect.line])))


def _check_width(dialect: Dialect, reading: Reading, file: Path) -> None:
    is_known = bool(set(dialect.header or reading.columns or ()) & reading.names)
    if (dialect.width < 2 and not is_known) or dialect.width > WIDEST:
        raise DataError(
            f"no delimiter was found that cuts the lines into 2 to {WIDEST:,} cells.",
            todo="Name it in source.delimiter, if it is not a comma, a tab, a semicolon, a bar or blanks. Of plain "
            "text keepfit init FILE --problem next_token makes a language model (source.format: text).",
            where=str(file),
        )


def _check_delimiter(delimiter: str | None) -> None:
    """Raise DataError for one that the readers cannot take."""
    if delimiter is not None and not delimiter.isascii():
        raise DataError(
            f"source.delimiter is {delimiter!r}.",
            allowed="Between cells stands one ASCII character.",
            todo="Write the file with another delimiter, such as a tab.",
        )


def names_of(dialect: Dialect, reading: Reading, file: Path) -> tuple[str, ...]:
    """A name for each cell: those in the YAML, the header's, or column_1, column_2 and so on.

    Raises DataError for doubles.
    """
    given = None if reading.columns is None or _has_needed(dialect, reading) else _fitting(dialect, reading)
    names = given or dialect.header or ("",) * dialect.width
    if len(names) != dialect.width:
        raise DataError(
            f"{'source.columns' if given else 'the header'} names {len(names)} columns, and the rows have "
            f"{dialect.width} cells.",
            todo="Name every column once, in order.",
            where=str(file) if given else f"{file}, line {dialect.line}",
        )
    if odd := next((name for name in names if name != name.encode("utf-8", "ignore").decode()), None):
        raise wrong_encoding(file, dialect.encoding, dialect.line, odd)
    names = tuple(name or f"column_{i + 1}" for i, name in enumerate(names))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f'the column "{twice[0]}" is there {names.count(twice[0])} times.',
            todo="Rename all but one, or give all columns names in source.columns (--columns of keepfit init).",
            where=f"{file}, line {dialect.line}",
        )
    return names


def _has_needed(dialect: Dialect, reading: Reading) -> bool:
    """Whether a header line has the columns that are needed, so that it is right whatever the YAML calls them."""
    header, needed = dialect.header or (), reading.needed or reading.names
    return bool(needed) and needed <= set(header) and len(set(header)) == len(header)


def _fitting(dialect: Dialect, reading: Reading) -> tuple[str, ...]:
    """The YAML's names, places that are dropped put in, and without the target's where rows to predict lack it."""
    names = reading.columns or ()
    dropped = dialect.empty | dialect.index
    if len(names) == dialect.width - len(dropped):
        left = iter(names)
        return tuple("" if i in dropped else next(left) for i in range(dialect.width))
    without = tuple(name for name in names if name != reading.target)
    return without if len(without) == dialect.width else names


def _kept(dialect: Dialect, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for i, name in enumerate(names) if i not in dialect.empty | dialect.index)


def _other_width(file: Path, first: Path, found: int, expected: int) -> DataError:
    """The error for a file whose columns go by their places, and that has not as many as the others."""
    return DataError(
        f"its rows have {found} cells, and those of the files named with it {expected}.",
        allowed=f"Files without a header line, as {first.name}, must have the same columns in the same order.",
        todo="Give files that have a header line, or as many columns.",
        where=str(file),
    )


def _notes(file: Path, dialect: Dialect, reading: Reading) -> Iterator[str]:
    if dialect.encoding not in ("utf-8", "utf-8-sig") and not reading.encoding:
        yield f"{file.name} is read as {dialect.encoding}; source.encoding in the YAML overrules that."
    yield from (f"{file.name}: {note}" for note in dialect.notes)
    if dialect.header and reading.columns and not _has_needed(dialect, reading) and dialect.header != reading.columns:
        yield f"{file.name}: the names in source.columns stand for those of its header line."


def _batches(
    pairs: tuple[tuple[Path, Dialect], ...],
    columns: tuple[str, ...],
    reading: Reading,
    unread: list[Unread],
    later: list[str],
) -> Iterator[pa.RecordBatch]:
    unread.clear()
    later.clear()
    before = 0

    def type_of(name: str) -> pa.DataType:
        return pa.string() if name in reading.uncoded else _CODED

    absent = {name: type_of(name) for name in columns}
    for file, dialect in pairs:
        names = names_of(dialect, reading, file)
        types = [type_of(name) for name in names]
        with plain(file, dialect.encoding, reading.scratch) as path:
            end, footer = footer_of(path, dialect)
            rows = Rows(path, file, dialect, names, types, end)
            for batch in rows.batches():
                unread += _unread(rows, before)
                yield in_order(batch, columns, absent)
            unread += _unread(rows, before)
        before += rows.count
        later += [f"{file.name}: {sentence}" for sentence in (*left_out(footer, "after"), *rows.seen.sentences())]


def _unread(rows: Rows, before: int) -> list[Unread]:
    """The rows that could not be read since the last look."""
    found = [Unread(before + row, f"{rows.file.name}, line {line}", why) for row, line, why in rows.unread]
    rows.unread.clear()
    return found
