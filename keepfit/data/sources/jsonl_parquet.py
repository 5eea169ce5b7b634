"""JSON Lines and Parquet: formats that name their columns in the data itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.data.sources.encoding import wrong_encoding
from keepfit.data.sources.locate import parquet_files
from keepfit.data.sources.opening import Opened
from keepfit.data.sources.unpack import unpacked
from keepfit.errors import DataError

_LINES = 10_000
"""JSON lines a batch; the first so many tell the columns."""
_LINE_BYTES = 64 << 20
_ROWS = 32_768
"""Parquet rows a batch."""
_EXACT = 2**53


def open_lines(files: tuple[Path, ...]) -> Opened:
    """Open JSON Lines: one object a line. A key that a line has not is a missing cell there.

    Read by Python's own parser, at some 5 µs a row of 20 columns: it names the line of what is wrong, and takes
    columns whose values are of several types as text.
    """
    columns = tuple(dict.fromkeys(key for file in files for line in islice(_objects(file), _LINES) for key in line))
    if not columns:
        raise DataError("the file is empty.", todo="Give one object on each line.", where=str(files[0]))
    return Opened(columns, files, partial(_line_batches, files, columns))


def open_parquet(files: tuple[Path, ...]) -> Opened:
    """Open Parquet files and folders of them; they must have the same columns."""
    parts = tuple(part for file in files for part in (parquet_files(file) if file.is_dir() else [file]))
    schemas = [_schema(part) for part in parts]
    columns = tuple(schemas[0].names)
    for part, schema in zip(parts, schemas, strict=True):
        if odd := sorted(set(schema.names) ^ set(columns)):
            raise DataError(
                f"its columns differ from those of {parts[0].name}: {', '.join(odd[:5])}.",
                todo="Give files that have the same columns.",
                where=str(part),
            )
    return Opened(columns, parts, partial(_parquet_batches, parts, columns))


def _objects(file: Path) -> Iterator[dict[str, Any]]:
    with unpacked(file) as stream:
        for number, line in enumerate(iter(partial(stream.readline, _LINE_BYTES + 1), b""), 1):
            if line.strip():
                yield _object(line, f"{file}, line {number}", file, number)


def _object(line: bytes, where: str, file: Path, number: int) -> dict[str, Any]:
    if len(line) > _LINE_BYTES:
        raise DataError(f"this line has more than {_LINE_BYTES >> 20} MB.", todo="Give one object a line.", where=where)
    try:
        value = json.loads(line.removeprefix(b"\xef\xbb\xbf"), parse_constant=lambda _: None)
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


def _line_batches(files: tuple[Path, ...], columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    for file in files:
        objects = _objects(file)
        while lines := list(islice(objects, _LINES)):
            yield pa.record_batch([_cells([line.get(name) for line in lines]) for name in columns], names=list(columns))


def _cells(values: list[Any]) -> pa.Array:
    """Values of one kind as that kind; of several, or nested, as text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds and kinds <= {int, float} and all(value is None or abs(value) <= _EXACT for value in values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _schema(part: Path) -> pa.Schema:
    try:
        schema = pq.read_schema(part)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError("this is not a whole Parquet file.", todo="Copy or write it again.", where=str(part)) from error
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise DataError(f'the column "{twice[0]}" is there twice.', todo="Rename one.", where=str(part))
    return schema


def _parquet_batches(parts: tuple[Path, ...], columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    for part in parts:
        try:
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(_ROWS):
                    yield batch.select(list(columns))
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(
                f"this Parquet file is damaged ({str(error).splitlines()[0].rstrip('.')}).",
                todo="Copy or write it again.",
                where=str(part),
            ) from error
