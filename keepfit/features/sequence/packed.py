"""A series as one cell of bytes: the number of channels, then its steps in float32. T steps, C channels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.cells import is_text

Series = NDArray[np.float32]
"""[T, C], NaN where a number is missing."""
_CUT = re.compile(r"[,;\s]+")
_HEAD = np.dtype("<u4").itemsize
_MOST = 100_000
"""Channels."""


def pack(series: Series) -> bytes:
    """[T, C] → bytes."""
    return np.uint32(series.shape[1]).tobytes() + np.ascontiguousarray(series, "<f4").tobytes()


def unpack(cell: bytes) -> Series:
    """What `pack` gave."""
    channels = int(np.frombuffer(cell, "<u4", 1)[0])
    return np.frombuffer(cell, "<f4", offset=_HEAD).reshape(-1, channels)


def packed(cells: pa.Array, *, by_channel: bool = False) -> pa.Array:
    """Lists, lists of lists or texts of numbers as such cells; null where a cell holds no numbers.

    Raises ArrowNotImplementedError for cells of another type.
    """
    if pa.types.is_binary(cells.type) or pa.types.is_large_binary(cells.type):
        found = cells.cast(pa.binary())
        fit = [cell is None or _is_packed(cell) for cell in found.to_pylist()]
        return found if all(fit) else pc.if_else(pa.array(fit), found, None)
    if is_text(cells.type):
        return _binary(_of_text(text) for text in cells.to_pylist())
    if not pa.types.is_nested(cells.type) or pa.types.is_struct(cells.type):
        raise pa.ArrowNotImplementedError(f"no series can be read from {cells.type}")
    if not _holds_numbers(cells.type):
        raise pa.ArrowNotImplementedError(f"no series can be read from {cells.type}")
    return _binary(_of_list(cell, by_channel=by_channel) for cell in cells.to_pylist())


def _is_packed(cell: bytes) -> bool:
    """Whether some bytes are a series: other files may stand in a column too."""
    size = len(cell) - _HEAD
    channels = int.from_bytes(cell[:_HEAD], "little")
    return size >= 0 and 0 < channels <= _MOST and size % (4 * channels) == 0


def _holds_numbers(kind: pa.DataType) -> bool:
    """Whether lists, or lists of lists, are of numbers in the end."""
    while pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        kind = kind.value_type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(number or pa.types.is_boolean(kind) or pa.types.is_null(kind))


def _binary(found: Iterable[Series | None]) -> pa.Array:
    return pa.array([None if series is None else pack(series) for series in found], pa.binary())


def _of_list(cell: list[Any] | None, *, by_channel: bool) -> Series | None:
    if cell is None:
        return None
    if not any(isinstance(one, list) for one in cell):
        return _numbers(cell)[:, None]
    rows = [_numbers([] if one is None else one) for one in cell]
    longest = max(map(len, rows), default=0)
    series = np.full((len(rows), longest), np.nan, np.float32)
    for place, row in enumerate(rows):
        series[place, : len(row)] = row
    series = series.T if by_channel else series
    return series if series.shape[1] else np.zeros((0, 1), np.float32)


def _of_text(text: str | None) -> Series | None:
    """`[1, 2]`, `[[1, 2], [3, 4]]`, or numbers with blanks, commas or semicolons between them."""
    if text is None or not (text := text.strip()):
        return None
    try:
        if text[0] == "[":
            return _of_list(json.loads(text), by_channel=False)
        return _numbers([_number(word) for word in _CUT.split(text.strip(",; "))])[:, None]
    except (ValueError, TypeError):
        return None


def _number(word: str) -> float:
    return np.nan if word.lower() in ("", "?", "na", "null", "none") else float(word)


def _numbers(values: Any) -> NDArray[np.float32]:
    if not isinstance(values, list):
        raise TypeError(f"{values!r} is no list of numbers")
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and so missing
        return np.array([np.nan if value is None else value for value in values], np.float64).astype(np.float32)


def whole(series: Series, channels: int, length: int) -> Series:
    """The first steps without a gap: on a straight line between what is there; a channel without a number is NaN.

    Channels beyond those that are known are left; one that lacks is without a number.
    """
    found = np.full((min(len(series), length), channels), np.nan, np.float32)
    there = min(channels, series.shape[1])
    found[:, :there] = np.where(np.isfinite(series), series, np.nan)[:length, :there]
    gaps = np.isnan(found)
    for channel in np.flatnonzero(gaps.any(0) & ~gaps.all(0)):
        known = np.flatnonzero(~gaps[:, channel])
        found[:, channel] = np.interp(np.arange(len(found)), known, found[known, channel])
    return found
