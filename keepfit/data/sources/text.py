"""CSV and its relatives: any delimiter, encoding and compression, streamed block by block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from keepfit.data.sources.dialect import Dialect, dialect_of
from keepfit.data.sources.encoding import check_encoding, decode, encoding_of
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.sources.plain import first_ragged, first_undecodable, plain
from keepfit.data.sources.unpack import unpacked
from keepfit.errors import DataError

_HEAD = 4 << 20
"""Bytes looked at to find the dialect."""
_BLOCK = 4 << 20
"""Bytes a batch; a row must fit in one. Arrow reads some 40 ahead: with 16 MB a batch that took 500 MB more."""
_CODED = pa.dictionary(pa.int32(), pa.string())


def open_text(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open CSV files that have the same columns, in any order."""
    pairs = tuple((file, sniff(file, reading)) for file in files)
    columns = names_of(pairs[0][1], reading, files[0])
    for file, dialect in pairs[1:]:
        _check_same(columns, names_of(dialect, reading, file), file, files[0])
    return Opened(
        columns=columns,
        files=files,
        batches=partial(_batches, pairs, columns, reading),
        dialect=pairs[0][1].described(),
        sample=pairs[0][1].sample,
        notes=tuple(note for file, dialect in pairs for note in _notes(file, dialect)),
    )


def sniff(file: Path, reading: Reading) -> Dialect:
    """The dialect of one file, and its first rows. Raises DataError for an empty one, or one that is no text."""
    with unpacked(file) as stream:
        start = stream.read(_HEAD)
        whole = not stream.read(1)
    if not start.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise DataError("the file is empty.", todo="Give one with a header and rows.", where=str(file))
    encoding = check_encoding(reading.encoding) if reading.encoding else encoding_of(start, file)
    dialect = dialect_of(decode(start, encoding, file).lstrip("\ufeff"), encoding, reading, whole=whole)
    if dialect.width < 2:
        raise DataError(
            "no delimiter was found that cuts the lines into cells.",
            todo="Name it in source.delimiter, if it is not a comma, a tab, a semicolon, a bar or blanks.",
            where=str(file),
        )
    if not dialect.sample and whole:
        raise DataError("there is a header and no row.", todo="Give a file with rows.", where=str(file))
    return dialect


def names_of(dialect: Dialect, reading: Reading, file: Path) -> tuple[str, ...]:
    """Column names: those in the YAML, the header's, or column_1, column_2 and so on. Raises DataError for doubles."""
    names = reading.columns or dialect.header or ("",) * dialect.width
    if len(names) != dialect.width:
        origin = "source.columns" if reading.columns else f"line {dialect.skip + 1}"
        raise DataError(
            f"{origin} names {len(names)} columns, and the rows have {dialect.width} cells.",
            todo="Name every column once, in order.",
            where=str(file),
        )
    names = tuple(name or f"column_{i + 1}" for i, name in enumerate(names))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f'the column "{twice[0]}" is there {names.count(twice[0])} times.',
            todo="Rename all but one.",
            where=f"{file}, line {dialect.skip + 1}",
        )
    return names


def _check_same(expected: tuple[str, ...], found: tuple[str, ...], file: Path, first: Path) -> None:
    odd = sorted(set(expected) ^ set(found))
    if odd:
        raise DataError(
            f"its columns differ from those of {first.name}: {', '.join(odd[:5])}.",
            todo="Give files that have the same columns.",
            where=str(file),
        )


def _notes(file: Path, dialect: Dialect) -> Iterator[str]:
    if dialect.encoding not in ("utf-8", "utf-8-sig"):
        yield f"{file.name} is read as {dialect.encoding}; source.encoding in the YAML overrules that."
    if dialect.skip:
        stands = "line before the table was" if dialect.skip == 1 else "lines before the table were"
        yield f"{file.name}: {dialect.skip} {stands} left out."


def _batches(
    pairs: tuple[tuple[Path, Dialect], ...], columns: tuple[str, ...], reading: Reading
) -> Iterator[pa.RecordBatch]:
    for file, dialect in pairs:
        options = names_of(dialect, reading, file)
        with plain(file, dialect, reading.scratch) as (path, simple):
            try:
                with arrow_csv.open_csv(path, **_options(simple, options, reading)) as batches:
                    yield from (batch.select(list(columns)) for batch in batches)
            except pa.ArrowInvalid as error:
                raise _explained(error, file, dialect) from error


def _options(dialect: Dialect, names: tuple[str, ...], reading: Reading) -> dict[str, Any]:
    lines = dialect.skip + (dialect.header is not None)
    blank = ("", " ", "  ")
    missing = [before + marker for marker in ("", *dialect.missing) for before in blank]
    return {
        "read_options": arrow_csv.ReadOptions(block_size=_BLOCK, column_names=list(names), skip_rows=lines),
        "parse_options": arrow_csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            escape_char=dialect.escape or False,
            newlines_in_values=True,  # costs nothing here: measured on a million rows
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types={n: pa.string() if n in reading.uncoded else _CODED for n in names},
            null_values=missing,
            strings_can_be_null=True,
        ),
    }


def _explained(error: pa.ArrowInvalid, file: Path, dialect: Dialect) -> DataError:
    """What Arrow could not read, with the line; it tells only which row of which block."""
    found = first_undecodable(file, dialect) or first_ragged(file, dialect)
    return found or DataError(
        f"the file cannot be cut into rows ({error}).",
        todo="Look for a quote that is never closed, or name source.delimiter.",
        where=str(file),
    )
