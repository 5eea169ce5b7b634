"""JSON Lines and Parquet: formats that name their columns in the data itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.data.sources.arrow_types import settled
from keepfit.data.sources.encoding import encoding_of, wrong_encoding
from keepfit.data.sources.opening import Opened, Reading, in_order, together
from keepfit.data.sources.unpack import head, packing, plain_file, unpacked
from keepfit.errors import DataError

_LINES = 10_000
"""JSON lines a batch; the first so many tell the columns."""
_LINE_BYTES = 64 << 20
_ROWS = 32_768
"""Parquet rows a batch."""
_BATCH_BYTES = 64 << 20
_EXACT = 2**53
_CONSTANTS = {"Infinity": float("inf"), "-Infinity": -float("inf")}
_INDEX = re.compile(r"__index_level_\d+__")


def open_lines(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open JSON Lines: one object a line. A key that a line has not is a missing cell there.

    Read by Python's own parser, at some 5 µs a row of 20 columns: it names the line of what is wrong, and takes
    columns whose values are of several types as text. A declared column may come after the first lines.
    """
    heads = [(file.name, _keys(file, _LINES)) for file in files]
    columns, drift = together(heads, reading.names)
    if not columns:  # no line in any of them: they have whatever columns are asked for, and no row
        return Opened(tuple(sorted(reading.names)), files, lambda: iter(()))
    if reading.names - set(columns):
        late = {key: None for file in files for key in _keys(file) if key in reading.names}
        columns = tuple(dict.fromkeys((*columns, *late)))
    later: list[str] = []
    return Opened(columns, files, partial(_line_batches, files, columns, later), notes=tuple(drift), later=later)


def open_parquet(parts: tuple[Path, ...], reading: Reading) -> Opened:
    """Open Parquet files; their columns are read by name. What pandas keeps of a nameless index is left out."""
    schemas = [_schema(part) for part in parts]
    index = {name for schema in schemas for name in schema.names if _INDEX.fullmatch(name)} - reading.names
    named = [(p.name, [n for n in s.names if n not in index]) for p, s in zip(parts, schemas, strict=True)]
    columns, notes = together(named, reading.names)
    types = {field.name: field.type for schema in reversed(schemas) for field in schema}
    if index:
        notes.append(f"Left out, as an index of pandas and no column: {', '.join(sorted(index))}.")
    return Opened(columns, parts, partial(_parquet_batches, parts, columns, types), notes=tuple(notes))


def _keys(file: Path, lines: int | None = None) -> list[str]:
    """The keys of a file's first lines, or of all."""
    return [*dict.fromkeys(key for line in islice(_objects(file), lines) for key in line)]


def _objects(file: Path) -> Iterator[dict[str, Any]]:
    wide = encoding_of(head(file, 1 << 16), file).startswith("utf-16")
    with unpacked(file) as stream:
        lines = _recoded(stream, file) if wide else iter(partial(stream.readline, _LINE_BYTES + 1), b"")
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _object(line, f"{file}, line {number}", file, number)


def _recoded(stream: IO[bytes], file: Path) -> Iterator[bytes]:
    """The lines of UTF-16 text, as UTF-8."""
    encoding = encoding_of(head(file, 1 << 16), file)
    number = 0
    try:
        with TextIOWrapper(stream, encoding=encoding) as text:
            for line in iter(partial(text.readline, _LINE_BYTES + 1), ""):
                number += 1
                yield line.encode()
    except UnicodeError as error:
        raise wrong_encoding(file, encoding, number + 1) from error


def only_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, whose names must differ: of two cells one would be lost without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
        raise ValueError(f'the name "{twice[:100]}" is there twice in one object')
    return found


_DECODER = json.JSONDecoder(parse_constant=_CONSTANTS.get, object_pairs_hook=only_once)
"""One for all lines: with the hook 3.3 µs a line of 20 names, where `json.loads` took 4.3 without it."""


def _object(line: bytes, where: str, file: Path, number: int) -> dict[str, Any]:
    if len(line) > _LINE_BYTES:
        raise DataError(f"this line has more than {_LINE_BYTES >> 20} MB.", todo="Give one object a line.", where=where)
    try:
        value = _DECODER.decode(line.decode("utf-8-sig"))
        if b"\\ud" in line or b"\\uD" in line:  # half of a pair, which is no character
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise wrong_encoding(file, "utf-8", number) from error
    except json.JSONDecodeError as error:
        raise DataError(
            f"this line is not JSON: {error.msg}.",
            todo="Give one whole object on each line.",
            where=f"{where}, column {error.colno}",
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, half a character, nested too deep
        raise DataError(f"this line cannot be taken in: {error}.", todo="Mend or delete it.", where=where) from error
    if not isinstance(value, dict):
        raise DataError(
            "this line is not an object.",
            allowed='An object has names and values, such as {"age": 39}.',
            where=where,
        )
    return value


def _line_batches(files: tuple[Path, ...], columns: tuple[str, ...], later: list[str]) -> Iterator[pa.RecordBatch]:
    later.clear()
    known = set(columns)
    for file in files:
        objects = _objects(file)
        while lines := list(islice(objects, _LINES)):
            for new in dict.fromkeys(key for line in lines for key in line.keys() - known):
                later.append(f'{file.name}: the key "{new}" comes after the first {_LINES:,} lines alone and is left.')
                known.add(new)
            yield pa.record_batch([_cells([line.get(name) for line in lines]) for name in columns], names=list(columns))


def _cells(values: list[Any]) -> pa.Array:
    """Values of one kind as that kind; of several, or nested, as text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds and kinds <= {int, float} and not any(isinstance(value, int) and abs(value) > _EXACT for value in values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


@contextmanager
def _at_hand(part: Path) -> Iterator[Any]:
    """The file's path, by which Arrow reads it itself, or what it unpacks to."""
    if packing(part) is None:
        yield part
        return
    with plain_file(part) as file:
        yield file


def _schema(part: Path) -> pa.Schema:
    try:
        with _at_hand(part) as source:
            schema = pq.read_schema(source)
    except _DAMAGED as error:
        raise DataError("this is not a whole Parquet file.", todo="Copy or write it again.", where=str(part)) from error
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise DataError(f'the column "{twice[0]}" is there twice.', todo="Rename one.", where=str(part))
    return schema


_DAMAGED = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)
"""What pyarrow raises on bytes that are not as Parquet has them."""


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200].rstrip(".")


def _rows_a_batch(metadata: pq.FileMetaData) -> int:
    """So many rows as have some 64 MB: of pictures, fewer."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    widest = max((group.total_byte_size // max(1, group.num_rows) for group in groups), default=0)
    return max(1, min(_ROWS, _BATCH_BYTES // max(1, widest)))


def _parquet_batches(
    parts: tuple[Path, ...], columns: tuple[str, ...], types: dict[str, pa.DataType]
) -> Iterator[pa.RecordBatch]:
    for part in parts:
        try:
            with _at_hand(part) as source, pq.ParquetFile(source) as file:
                for batch in file.iter_batches(_rows_a_batch(file.metadata)):
                    yield settled(in_order(batch, columns, types), str(part))
        except _DAMAGED as error:
            raise DataError(
                f"this Parquet file is damaged ({_said(error)}).",
                todo="Copy or write it again.",
                where=str(part),
            ) from error
