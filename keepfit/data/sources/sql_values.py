"""What a database's driver gives as Python values, as Arrow columns: a total function over values too."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

_EXACT = 2**53


def column(values: list[Any]) -> pa.Array:
    """Python values of one kind as an Arrow array of that kind; of several kinds, as SQLite allows, as text."""
    plain = [_plain(value) for value in values]
    kinds = {type(value) for value in plain if value is not None}
    if kinds == {bool}:
        return pa.array(plain, pa.bool_())
    if kinds and kinds <= {int, float, Decimal} and all(map(_is_exact, plain)):
        return pa.array([None if value is None else float(value) for value in plain], pa.float64())
    if kinds == {datetime}:
        return pa.array(plain, pa.timestamp("us"))
    if kinds == {bytes}:
        return pa.array(plain, pa.binary())
    return pa.array([None if value is None else _text(value) for value in plain], pa.string())


def _plain(value: Any) -> Any:
    """A value as one of the few types told apart above; what is beyond the calendar becomes text."""
    if isinstance(value, datetime):
        try:
            return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        except OverflowError:  # 9999-12-31 in a zone behind UTC
            return str(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, time):
        return (datetime.combine(date.min, value.replace(tzinfo=None)) - datetime.min).total_seconds()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


def _is_exact(value: Any) -> bool:
    """Whether a double holds the number: of a fraction as near as it can, of a whole number every digit."""
    if value is None or isinstance(value, float):
        return True
    try:
        return bool(abs(value) <= _EXACT or value != value.__trunc__())
    except (InvalidOperation, OverflowError, ValueError):  # a decimal that is NaN or infinite
        return not (isinstance(value, Decimal) and value.is_snan())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return f"0x{value.hex()}"
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value).encode(errors="replace").decode()
