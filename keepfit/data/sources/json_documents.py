"""JSON that is one document: an array of objects, or a table by columns as pandas writes it; else it is JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from io import TextIOWrapper
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, TextIO

from keepfit.data.sources.copies import by_copy
from keepfit.data.sources.encoding import encoding_of
from keepfit.data.sources.json_array import LONGEST, Array, BrokenArrayError
from keepfit.data.sources.jsonl_parquet import only_once, open_lines
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.sources.plain import ODD
from keepfit.data.sources.unpack import head, unpacked
from keepfit.errors import DataError

BYTES = 256 << 20
"""A table by columns is taken into memory whole; a larger one is refused."""
_NEAR = 10
"""So many lines tell JSON Lines from a document."""
_LINES = "Write it as JSON Lines: frame.to_json('data.jsonl', orient='records', lines=True)."
_Rows = list[dict[str, Any]]


def open_json(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open JSON documents by way of a copy as JSON Lines; files that are JSON Lines already are read as they are."""
    if all(_is_lines(file) for file in files):
        return open_lines(files, reading)
    return by_copy(files, partial(_write, reading), partial(open_lines, called="row"), reading)


@contextmanager
def _text(file: Path) -> Iterator[TextIO]:
    """Its characters; a byte that is none becomes half a one, and so damages its row alone."""
    encoding = encoding_of(head(file, 1 << 16), file)
    with unpacked(file) as stream, TextIOWrapper(stream, encoding=encoding, errors=ODD) as text:
        yield text


def _is_lines(file: Path) -> bool:
    """Whether the first line is an object by itself, and another stands below.

    Or two that follow each other are objects where the first is damaged: nothing like it is in one document.
    """
    with _text(file) as text:
        filled = (line for line in iter(partial(text.readline, LONGEST), "") if line.strip())
        are = [_is_object(line) for line in islice(filled, _NEAR)]
        return len(are) > 1 and (are[0] or (True, True) in pairwise(are))


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _write(reading: Reading, file: Path, copy: Path) -> str:
    with _text(file) as text, copy.open("w", encoding="utf-8", errors="surrogatepass", newline="") as out:
        start = text.read(1)
        while start and start.isspace():
            start = text.read(1)
        found: tuple[Iterable[str], str] = (Array(text), "")
        rows, note = found if start == "[" else _document(start + text.read(BYTES), file, reading)
        try:
            out.writelines(f"{row}\n" for row in rows)
        except BrokenArrayError as error:
            raise _unfit(file, str(error)) from error
    return note


def _document(content: str, file: Path, reading: Reading) -> tuple[Iterator[str], str]:
    """The rows of a table by columns, and what to tell."""
    if len(content) >= BYTES:
        raise DataError(
            f"this JSON document has more than {BYTES >> 20} MB.", allowed="A table by columns is read whole.",
            todo=_LINES, where=str(file),
        )  # fmt: skip
    try:
        value = json.loads(content, object_pairs_hook=only_once)
    except (ValueError, RecursionError) as error:
        raise _unfit(file, str(error)[:200] or "it is nested too deep") from error
    rows, note = _rows_of(value, file, reading)
    return map(json.dumps, rows), note


def _rows_of(value: dict[str, Any], file: Path, reading: Reading) -> tuple[_Rows, str]:
    inner = list(value.values())
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        return _of_split([str(name) for name in value["columns"]], value["data"], file), ""
    lists = [key for key, cell in value.items() if cell and isinstance(cell, list) and isinstance(cell[0], dict)]
    if len(lists) == 1:
        return value[lists[0]], f'{file.name}: the rows are those of "{lists[0]}".'
    if inner and all(isinstance(cell, list) for cell in inner) and len({len(cell) for cell in inner}) == 1:
        return [dict(zip(value, row, strict=True)) for row in zip(*inner, strict=True)], ""
    if inner and all(isinstance(cell, dict) for cell in inner):
        return _of_objects(value, file, reading), ""
    if inner and not any(isinstance(cell, dict | list) for cell in inner):
        return [value], ""
    raise _unfit(file, "it is an object, and no table by columns that we know")


def _of_split(names: list[str], cells: list[Any], file: Path) -> _Rows:
    odd = next((n for n, row in enumerate(cells, 1) if not isinstance(row, list) or len(row) != len(names)), None)
    if odd is not None or len(set(names)) < len(names):
        where = "a column is there twice" if odd is None else f"row {odd} does not have {len(names)} cells"
        raise _unfit(file, where)
    return [dict(zip(names, row, strict=True)) for row in cells]


def _of_objects(value: dict[str, dict[str, Any]], file: Path, reading: Reading) -> _Rows:
    """{column: {row: cell}}, as pandas writes by default, or {row: {column: cell}}."""
    inner = list(dict.fromkeys(key for cells in value.values() for key in cells))
    named = reading.names
    by_column = _votes(named, set(value), inner)
    if by_column is None:
        raise _unfit(file, "it does not tell whether its outer keys are columns or rows")
    if not by_column:
        return list(value.values())
    return [{name: cells.get(row) for name, cells in value.items()} for row in inner]


def _votes(named: frozenset[str], outer: set[str], inner: list[str]) -> bool | None:
    """Whether the outer keys are columns: the YAML's names tell, or the numbers that rows go by."""
    if named and (named <= outer) != (named <= set(inner)):
        return named <= outer
    names = [not all(key.isdigit() for key in keys) for keys in (outer, inner)]
    return names[0] if names[0] != names[1] else None


def _unfit(file: Path, found: str) -> DataError:
    return DataError(
        f"this JSON document cannot be read as a table: {found.rstrip('.')}.",
        allowed='An array of objects is read, such as [{"age": 39}, {"age": 41}], and {"age": [39, 41]}.',
        todo=_LINES,
        where=str(file),
    )
