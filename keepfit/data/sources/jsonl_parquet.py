"""JSON Lines and Parquet: formats that name their columns in the data itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.data.cells import is_text
from keepfit.data.sources.arrow_types import settled
from keepfit.data.sources.encoding import encoding_of, wrong_encoding
from keepfit.data.sources.opening import Opened, Reading, in_order, together
from keepfit.data.sources.unpack import head, packing, plain_file, unpacked
from keepfit.data.unread import Unread
from keepfit.errors import DataError
from keepfit.quoting import in_brief

_LINES = 10_000
"""JSON lines a batch; the first so many tell the columns."""
_LINE_BYTES = 64 << 20
_MANY = 200
"""Brackets of a line whose nesting may come near to what the stack bears."""
_ROWS = 32_768
"""Parquet rows a batch."""
_BATCH_BYTES = 64 << 20
_EXACT = 2**53
_CONSTANTS = {"Infinity": float("inf"), "-Infinity": -float("inf")}
_INDEX = re.compile(r"__index_level_\d+__")


def open_lines(files: tuple[Path, ...], reading: Reading, called: str = "line") -> Opened:
    """Open JSON Lines: one object a line. A key that a line has not is a missing cell there.

    Read by Python's own parser, at some 5 µs a row of 20 columns: it names the line of what is wrong, and takes
    columns whose values are of several types as text. A declared column may come after the first lines. A line that
    is no object is unread; `called` is what a person calls a line. Raises DataError for a file without any object.
    """
    heads = [(file.name, _keys(file, called, _LINES)) for file in files]
    columns, drift = together(heads, reading.names)
    if not columns:  # no line in any of them: they have whatever columns are asked for, and no row
        return Opened(tuple(sorted(reading.names)), files, lambda: iter(()))
    if reading.names - set(columns):
        late = {key: None for file in files for key in _keys(file, called) if key in reading.names}
        columns = tuple(dict.fromkeys((*columns, *late)))
    opened = Opened(columns, files, lambda: iter(()), notes=tuple(drift))
    return replace(opened, batches=partial(_line_batches, opened, called))


def open_parquet(parts: tuple[Path, ...], reading: Reading) -> Opened:
    """Open Parquet files; their columns are read by name. What pandas keeps of a nameless index is left out."""
    schemas = [_schema(part) for part in parts]
    index = {name for schema in schemas for name in schema.names if _INDEX.fullmatch(name)} - reading.names
    named = [(p.name, [n for n in s.names if n not in index]) for p, s in zip(parts, schemas, strict=True)]
    columns, notes = together(named, reading.names)
    types = {field.name: field.type for schema in reversed(schemas) for field in schema}
    if index:
        notes.append(f"Left out, as an index of pandas and no column: {', '.join(sorted(index))}.")
    coded = [name for name in reading.needed - reading.uncoded if name in types and is_text(types[name])]
    return Opened(columns, parts, partial(_parquet_batches, parts, columns, types, coded), notes=tuple(notes))


class _Damaged(NamedTuple):
    """A line that is no object."""

    line: int
    why: str


def _keys(file: Path, called: str, lines: int | None = None) -> list[str]:
    """The keys of a file's first lines, and of more where none of those is an object; or of all."""
    keys: dict[str, None] = {}
    objects, first = 0, None
    for number, line in enumerate(_rows(file, called), 1):
        if isinstance(line, _Damaged):
            first = first or line
        else:
            keys |= dict.fromkeys(line)
            objects += 1
        if lines and objects and number >= lines:
            break
    if first and not objects:
        raise DataError(
            f"not one of its lines is an object; of this {called}: {first.why}.",
            allowed='An object has names and values, such as {"age": 39}.',
            todo="Give one whole object on each line, in UTF-8.",
            where=f"{file}, {called} {first.line}",
        )
    return [*keys]


def _rows(file: Path, called: str) -> Iterator[dict[str, Any] | _Damaged]:
    encoding = encoding_of(head(file, 1 << 16), file)
    with unpacked(file) as stream:
        lines = (
            _recoded(stream, file, encoding)
            if encoding.startswith("utf-16")
            else iter(partial(stream.readline, _LINE_BYTES + 1), b"")
        )
        for number, line in enumerate(lines, 1):
            if len(line) > _LINE_BYTES:
                raise DataError(
                    f"this line has more than {_LINE_BYTES >> 20} MB.",
                    todo="Give one object a line.",
                    where=f"{file}, {called} {number}",
                )
            if line.strip():
                yield _row(line.rstrip(b"\r\n"), number)


def _recoded(stream: IO[bytes], file: Path, encoding: str) -> Iterator[bytes]:
    """The lines of UTF-16 text, as UTF-8."""
    number = 0
    try:
        with TextIOWrapper(stream, encoding=encoding, errors="surrogatepass") as text:
            for line in iter(partial(text.readline, _LINE_BYTES + 1), ""):
                number += 1
                yield line.encode("utf-8", "surrogatepass")  # half a character is its line's fault alone
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


def _row(line: bytes, number: int) -> dict[str, Any] | _Damaged:
    try:
        value = _DECODER.decode(line.decode("utf-8-sig"))
        if b"\\ud" in line or b"\\uD" in line:  # half of a pair, which is no character
            json.dumps(value, ensure_ascii=False).encode()
        if line.count(b"[") + line.count(b"{") > _MANY:
            value = _flat(value)
    except UnicodeDecodeError:
        return _Damaged(number, "a byte in it is not UTF-8")
    except UnicodeEncodeError:
        return _Damaged(number, "it holds half a character")
    except json.JSONDecodeError as error:
        return _Damaged(number, f"it is not JSON: {error.msg} (column {error.colno})")
    except RecursionError:
        return _Damaged(number, "it is nested too deep")
    except ValueError as error:  # a number of thousands of digits, a name that is there twice
        return _Damaged(number, f"it cannot be taken in: {error}")
    return value if isinstance(value, dict) else _Damaged(number, "it is not an object")


def _flat(value: Any) -> Any:
    """An object whose nested cells are text, as they become later, when the stack may have less room for them."""
    if not isinstance(value, dict):
        return value
    return {key: _text(cell) if isinstance(cell, dict | list) else cell for key, cell in value.items()}


def _line_batches(opened: Opened, called: str) -> Iterator[pa.RecordBatch]:
    opened.later.clear()
    opened.unread.clear()
    known, before = set(opened.columns), 0
    for file in opened.files:
        rows = _rows(file, called)
        while lines := list(islice(rows, _LINES)):
            objects = [line for line in lines if not isinstance(line, _Damaged)]
            if len(objects) < len(lines):
                opened.unread.extend(_unread(lines, before, f"{file.name}, {called}"))
            before += len(lines)
            for new in dict.fromkeys(key for line in objects for key in line.keys() - known):
                opened.later.append(
                    f'{file.name}: the key "{new}" comes after the first {_LINES:,} lines alone and is left.'
                )
                known.add(new)
            if objects:
                cells = [_cells([line.get(name) for line in objects]) for name in opened.columns]
                yield pa.record_batch(cells, names=list(opened.columns))


def _unread(lines: Sequence[Any], before: int, where: str) -> Iterator[Unread]:
    for row, line in enumerate(lines, before + 1):
        if isinstance(line, _Damaged):
            yield Unread(row, f"{where} {line.line}", line.why)


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


def _rows_a_batch(metadata: pq.FileMetaData) -> int:
    """So many rows as have some 64 MB: of pictures, fewer."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    widest = max((group.total_byte_size // max(1, group.num_rows) for group in groups), default=0)
    return max(1, min(_ROWS, _BATCH_BYTES // max(1, widest)))


def _parquet_batches(
    parts: tuple[Path, ...], columns: tuple[str, ...], types: dict[str, pa.DataType], coded: list[str]
) -> Iterator[pa.RecordBatch]:
    """`coded`: the columns whose texts are read once each."""
    for part in parts:
        try:
            with _at_hand(part) as source, pq.ParquetFile(source, read_dictionary=coded) as file:
                for batch in file.iter_batches(_rows_a_batch(file.metadata)):
                    yield settled(in_order(batch, columns, types), str(part))
        except _DAMAGED as error:
            raise DataError(
                f"this Parquet file is damaged ({in_brief(error)}).",
                todo="Copy or write it again.",
                where=str(part),
            ) from error
