"""Every Arrow type as one of the few that all of keepfit reads: a total function, so that no file's types can stop us.

What stays: booleans, integers, float32 and float64, text (coded or not), binary, timestamps and dates of years that
calendars know, nulls, and lists and structs of such, which no kind reads but which can be stored. A time of day, a
duration and an interval become seconds; whatever a type cannot say without loss becomes text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepfit.errors import DataError
from keepfit.quoting import in_brief

_SECONDS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_DAY = 86_400
_DATES = (-719_162, 2_932_896)
"""The days of 0001-01-01 and 9999-12-31, counted from 1970: what Python, ISO 8601 and SQL's calendars hold."""
_DIGITS = 15
"""Decimal digits that a double keeps."""
_INFINITE = {
    "us": {-9_222_425_352_054_775_809: "infinity", -9_222_425_352_054_775_808: "-infinity"},
    "day": {-2_147_472_692: "infinity", -2_147_472_691: "-infinity"},
}
"""PostgreSQL's, as ADBC hands them over: the greatest and the least number, counted from 1970 and not from 2000."""
_MONTH, _YEAR = 30 * _DAY, 365.25 * _DAY
"""Seconds, as PostgreSQL's extract(epoch from interval) counts them."""
_STORED = frozenset(
    (pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
     pa.float32(), pa.float64(), pa.string(), pa.binary())
)  # fmt: skip
_KEPT = _STORED | {pa.null()}


def settled(batch: pa.RecordBatch, where: str = "") -> pa.RecordBatch:
    """The rows in types that are kept; a batch of such is given back as it is.

    Raises DataError, naming `where`, for cells that are not what their type says, such as text that is not UTF-8.
    """
    names = batch.schema.names
    cells = [settled_cells(cells, name, where) for name, cells in zip(names, batch.columns, strict=True)]
    return pa.record_batch(cells, names=names)


def settled_cells(cells: pa.Array | pa.ChunkedArray, name: str, where: str = "") -> pa.Array | pa.ChunkedArray:
    """The same of one column, called `name`."""
    if isinstance(cells, pa.ChunkedArray):
        parts = [settled_cells(part, name, where) for part in cells.chunks or [pa.array([], cells.type)]]
        return pa.chunked_array(parts if len({part.type for part in parts}) == 1 else [_as_text(p) for p in parts])
    try:
        if _may_lie(cells.type):
            cells.validate(full=True)
        return _settled(cells)
    except (pa.ArrowException, ValueError, OverflowError, MemoryError, RecursionError) as error:
        found = in_brief(error)
        raise DataError(
            f'the column "{name[:100]}" holds cells that are not {str(cells.type)[:100]} ({found}).',
            todo="Write the file again, or leave the column out.",
            where=where,
        ) from error


def _as_text(cells: pa.Array) -> pa.Array:
    """Cells of a column some of whose parts cannot be said but as text."""
    return cells if pa.types.is_null(cells.type) else cells.cast(pa.string())


def _may_lie(kind: pa.DataType) -> bool:
    """Whether cells of a type can be what no reader of them expects; fixed numbers cannot."""
    return not (pa.types.is_primitive(kind) or pa.types.is_null(kind) or pa.types.is_decimal(kind))


def _settled(cells: pa.Array) -> pa.Array:
    if cells.type in _KEPT:
        return cells
    change = next((change for fits, change in _CHANGES if fits(cells.type)), _text)
    return change(cells)


def _moments(cells: pa.Array) -> pa.Array:
    """Dates and timestamps in UTC, by value: a zone that this machine does not know is no obstacle.

    Beyond the calendar they are text, which shows what is there, such as PostgreSQL's infinity.
    """
    kind = cells.type
    unit = kind.unit if pa.types.is_timestamp(kind) else ("ms" if pa.types.is_date64(kind) else "day")
    a_day = _DAY * int(_SECONDS[unit]) if unit in _SECONDS else 1
    whole = cells.view(pa.int32() if pa.types.is_date32(kind) else pa.int64()).cast(pa.int64())
    if unit == "ns":  # 292 years to either side
        return whole.view(pa.timestamp(unit)).cast(pa.timestamp("us"), safe=False)
    known = pc.and_(pc.greater_equal(whole, _DATES[0] * a_day), pc.less(whole, (_DATES[1] + 1) * a_day))
    if pc.all(known, min_count=0).as_py():
        return cells if pa.types.is_date(kind) else whole.view(pa.timestamp(unit)).cast(pa.timestamp("us"))
    safe = pc.if_else(known, whole, 0)
    moments = safe.cast(pa.int32()).view(pa.date32()) if unit == "day" else safe.view(pa.timestamp(unit))
    beyond = pc.binary_join_element_wise("beyond the calendar:", whole.cast(pa.string()), unit, " ")
    texts = pc.if_else(known, moments.cast(pa.string()), beyond)
    for number, word in _INFINITE.get(unit, {}).items():
        texts = pc.if_else(pc.equal(whole, number), word, texts)
    return texts


def _decimal(cells: pa.Array) -> pa.Array:
    """A number, or the text of whole ones that a double would round: such are codes more often than not."""
    exact = cells.type.precision <= _DIGITS or cells.type.scale != 0
    return cells.cast(pa.float64() if exact else pa.string())


def _seconds(cells: pa.Array) -> pa.Array:
    """Times of the day and durations."""
    whole = cells.view(pa.int32() if pa.types.is_time32(cells.type) else pa.int64())
    return pc.divide(whole.cast(pa.float64(), safe=False), _SECONDS[cells.type.unit])


def _interval(cells: pa.Array) -> pa.Array:
    parts = np.dtype([("months", "<i4"), ("days", "<i4"), ("nanos", "<i8")])
    found = np.frombuffer(cells.buffers()[1] or b"", parts)[cells.offset : cells.offset + len(cells)]
    years, months = np.fix(found["months"] / 12), np.fmod(found["months"], 12)
    seconds = years * _YEAR + months * _MONTH + found["days"] * float(_DAY) + found["nanos"] / 1e9
    return pa.array(seconds, mask=cells.is_null().to_numpy(zero_copy_only=False))


def _extension(cells: pa.Array) -> pa.Array:
    if isinstance(cells.type, pa.UuidType):
        return pa.array([None if cell is None else str(cell) for cell in cells.to_pylist()], pa.string())
    if isinstance(cells.type, pa.Bool8Type):
        return cells.storage.cast(pa.bool_())
    return _settled(cells.storage)


def _coded(cells: pa.Array) -> pa.Array:
    """Coded text stays so, with no gap among its values; of anything else the values."""
    value = cells.type.value_type
    if pa.types.is_string(value) or pa.types.is_large_string(value):
        plain = cells.dictionary_decode().dictionary_encode() if cells.dictionary.null_count else cells
        return plain.cast(pa.dictionary(pa.int32(), pa.string()))
    return _settled(cells.dictionary_decode())


def _nested(cells: pa.Array) -> pa.Array:
    kept = _stored(cells.type)
    if kept is None:
        return _text(cells)
    return cells if kept == cells.type else cells.cast(kept)


def _stored(kind: pa.DataType) -> pa.DataType | None:
    """The nearest type that Parquet can hold, of a list or struct and what is in it; None where there is none."""
    if pa.types.is_struct(kind):
        inner = [_stored(field.type) for field in kind]
        return pa.struct(zip([f.name for f in kind], inner, strict=True)) if inner and None not in inner else None
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        value = _stored(kind.value_type)
        return None if value is None else pa.list_(value)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.binary()
    dates = pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None)
    return kind if kind in _STORED or dates or pa.types.is_null(kind) or pa.types.is_decimal128(kind) else None


def _text(cells: pa.Array) -> pa.Array:
    """What has no type that we keep: JSON, cell by cell."""
    return pa.array([_json(cell) for cell in cells], pa.string())


def _json(cell: Any) -> str | None:
    try:
        value = cell.as_py()
        return None if value is None else json.dumps(value, default=str, ensure_ascii=False)
    except Exception:  # inside it a date beyond the calendar, a zone that nobody knows, and whatever else
        return f"no {cell.type} that can be written"


def _cast(kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    return lambda cells: cells.cast(kind)


_CHANGES: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.Array]], ...] = (
    (lambda kind: isinstance(kind, pa.BaseExtensionType), _extension),
    (pa.types.is_dictionary, _coded),
    (pa.types.is_run_end_encoded, lambda cells: _settled(pc.run_end_decode(cells))),
    (lambda kind: pa.types.is_timestamp(kind) or pa.types.is_date(kind), _moments),
    (lambda kind: pa.types.is_time(kind) or pa.types.is_duration(kind), _seconds),
    (pa.types.is_interval, _interval),
    (pa.types.is_decimal, _decimal),
    (pa.types.is_float16, _cast(pa.float32())),
    (lambda kind: pa.types.is_large_string(kind) or pa.types.is_string_view(kind), _cast(pa.string())),
    (lambda kind: pa.types.is_fixed_size_binary(kind) or pa.types.is_large_binary(kind), _cast(pa.binary())),
    (pa.types.is_binary_view, _cast(pa.binary())),
    (pa.types.is_nested, _nested),
)
