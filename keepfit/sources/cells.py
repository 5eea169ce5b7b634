"""Cells as found (text, or a file's own types) into cells of the declared kind; shared by ingest and predict.

| kind | Arrow type | what is missing besides empty cells |
|---|---|---|
| number | float64 | what is no finite number: counted |
| boolean | bool | what is neither true, yes, t, y, 1 nor false, no, f, n, 0, in any case: counted |
| datetime | timestamp[us], UTC where a zone is given | what the column's format does not fit: counted |
| category | string, without blanks around it; 1.0 is written 1 | |
| image | binary | |
| None | the type found; text without blanks around it | |
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_AMOUNT = r"^[$€£¥]? ?([+-]?[0-9.,]+([eE][+-]?[0-9]+)?) ?[%$€£¥]?$"
_TRUE = ("true", "yes", "t", "y", "1")
_FALSE = ("false", "no", "f", "n", "0")
_WHOLE = r"^([+-]?[0-9]+)\.0+$"
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d %b %Y", "%b %d, %Y")
TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M")
ISO = "ISO 8601"


def read_as(kind: str | None, cells: pa.Array, *, decimal: str = ".", format: str = ISO) -> tuple[pa.Array, int]:
    """Cells in the kind's type, and how many had something in them that could not be read."""
    before = cells.null_count
    typed = _typed(kind, cells, decimal, format)
    return typed, typed.null_count - before - _blank(cells, typed)


def _typed(kind: str | None, cells: pa.Array, decimal: str, format: str) -> pa.Array:
    if kind == "number":
        return _numbers(cells, decimal)
    if kind == "boolean":
        return _booleans(cells)
    if kind == "datetime":
        return _datetimes(cells, format)
    if kind == "category":
        return _categories(cells)
    if kind == "image" or not is_text(cells.type):
        return cells
    return _stripped(cells)


def without(cells: pa.Array, markers: tuple[str, ...]) -> pa.Array:
    """The cells with those that say one of `markers` made missing; text readers do so themselves."""
    if pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type):
        numbers, _ = read_as("number", pa.array(markers, pa.string()))
        said = pc.is_in(cells.cast(pa.float64(), safe=False), numbers.drop_null())
    elif is_text(cells.type):
        said = pc.is_in(pc.utf8_trim_whitespace(cells.cast(pa.string())), pa.array(markers, pa.string()))
    else:
        return cells
    return pc.if_else(said, None, cells)


def numbers_without(cells: pa.Array, markers: tuple[str, ...] | None) -> pa.Array:
    """Cells that were read: a number that says one of `markers` is missing however it was written, -999 or -999.0."""
    return without(cells, markers) if markers and pa.types.is_floating(cells.type) else cells


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of this type are text, coded or not."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner))


def _blank(cells: pa.Array, typed: pa.Array) -> int:
    """Cells of blanks alone: missing, and not unreadable."""
    if not is_text(cells.type) or typed.null_count == cells.null_count:
        return 0
    lost = cells.filter(pc.and_(typed.is_null(), cells.is_valid())).cast(pa.string())
    return int(pc.sum(pc.equal(pc.utf8_trim_whitespace(lost), "")).as_py() or 0)


def _numbers(cells: pa.Array, decimal: str) -> pa.Array:
    if is_text(cells.type):
        numbers = _parsed(cells.cast(pa.string()), decimal)
    elif pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        numbers = pa.nulls(len(cells), pa.float64())
    else:
        numbers = cells.cast(pa.float64(), safe=False)
    if (bad := pc.invert(pc.is_finite(numbers)).fill_null(False)).true_count:
        return pc.if_else(bad, None, numbers)
    return numbers


def _parsed(cells: pa.Array, decimal: str) -> pa.Array:
    try:
        return _with_point(cells, decimal).cast(pa.float64())
    except pa.ArrowInvalid:  # some cell is odd: the slow way, for this batch alone
        plain = _plain_numbers(pc.utf8_trim_whitespace(cells), decimal)
        return pc.if_else(pc.match_substring_regex(plain, NUMBER), plain, None).cast(pa.float64())


def _with_point(cells: pa.Array, decimal: str) -> pa.Array:
    """The cells with a decimal point; where the comma is decimal, a point that is there already makes a cell odd."""
    return pc.replace_substring(pc.replace_substring(cells, ".", "_"), ",", ".") if decimal == "," else cells


def _plain_numbers(texts: pa.Array, decimal: str) -> pa.Array:
    """Amounts such as $1,234.50 or 12 % without their signs and marks between thousands, and with a decimal point."""
    bare = pc.replace_substring_regex(texts, _AMOUNT, r"\1")
    mark = "." if decimal == "," else ","
    grouped = pc.match_substring_regex(bare, rf"^[+-]?[0-9]{{1,3}}([{mark}][0-9]{{3}})+([{decimal}][0-9]+)?$")
    bare = pc.if_else(grouped, pc.replace_substring(bare, mark, ""), bare)
    return pc.replace_substring(bare, ",", ".") if decimal == "," else bare


def _booleans(cells: pa.Array) -> pa.Array:
    if pa.types.is_boolean(cells.type):
        return cells
    lower = pc.utf8_lower(_categories(cells).cast(pa.string()))
    known = pc.is_in(lower, pa.array([*_TRUE, *_FALSE]))
    return pc.if_else(known, pc.is_in(lower, pa.array(_TRUE)), pa.scalar(None, pa.bool_()))


def _datetimes(cells: pa.Array, format: str) -> pa.Array:
    wanted = pa.timestamp("us")
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        return cells.cast(pa.timestamp("us", getattr(cells.type, "tz", None)), safe=False).cast(wanted)
    if not is_text(cells.type):
        return pa.nulls(len(cells), wanted)
    texts = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    if format != ISO:
        return pc.strptime(texts, format=format, unit="us", error_is_null=True)
    try:
        return texts.cast(wanted)
    except pa.ArrowInvalid:
        return pa.array([_moment(text) for text in texts.to_pylist()], wanted)


def _moment(text: str | None) -> Any:
    """One ISO 8601 date and time, in UTC where it names its zone."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def format_of_dates(cells: pa.Array) -> str | None:
    """The format that reads most of the texts, ISO first; None where none reads nine in ten."""
    filled = cells.drop_null()
    if not is_text(cells.type) or len(filled) == 0:
        return ISO if len(filled) and not is_text(cells.type) else None
    formats = [ISO, *(day + time for time in TIMES for day in DAYS)]
    few = filled.slice(0, 20)
    likely = [f for f in formats if 2 * _datetimes(few, f).null_count <= len(few)]
    read = [len(filled) - _datetimes(filled, format).null_count for format in likely]
    best = int(np.argmax(read)) if read else 0
    return likely[best] if read and read[best] >= 0.9 * len(filled) else None


def _categories(cells: pa.Array) -> pa.Array:
    """Canonical texts, so that 1, 1.0 and " 1" are one category."""
    if pa.types.is_floating(cells.type):
        return pa.array([None if v is None or v != v else _plain(v) for v in cells.to_pylist()], pa.string())
    if not is_text(cells.type):
        return _categories(cells.cast(pa.string()))
    if not pa.types.is_dictionary(cells.type):
        return _categories(cells.dictionary_encode())
    texts = _stripped(cells.dictionary.cast(pa.string()))
    return _recoded(cells, pc.replace_substring_regex(texts, _WHOLE, r"\1"))


def _plain(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _stripped(cells: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(cells.type):
        return _recoded(cells, _stripped(cells.dictionary))
    trimmed = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _recoded(cells: pa.Array, texts: pa.Array) -> pa.Array:
    """The same codes over changed texts; texts that became equal or missing are given one code or none."""
    coded = texts.dictionary_encode()
    codes = coded.indices if len(cells.dictionary) else pa.array([], pa.int32())
    return pa.DictionaryArray.from_arrays(codes.take(cells.indices), coded.dictionary)
