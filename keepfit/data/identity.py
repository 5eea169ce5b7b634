"""Who a row is: 128 bits hashed from its content, the same on every machine, in every version, in every run.

The columns in use make it, features and target: one that nobody uses may come and go, and no model is trained anew.

A cell becomes a 64-bit lane, a lane is mixed with a key made of its column's name, and a row is two different sums
of its mixed lanes. So neither the order of the columns nor a column that is empty changes an id. A text that reads
as a number counts as that number: making a column a category in the YAML leaves every id as it was.

No library's own hash is used: those of duckdb, polars and pandas changed between versions. Vectors are pinned in the
tests. N rows; lanes are uint64 [N].
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

ROW, FEATURES, TEST = "keepfit_row", "keepfit_features", "keepfit_test"
"""The columns we add: row id, hash of the feature columns alone, "from the publisher's test file"."""

LEFT_OUT = "left_out.parquet"
"""In a snapshot: the rows of the source that are not in it, by which each of the others can be found again."""
UNREAD = "unread.parquet"
"""In a snapshot: those of them that could not be read, each with where it stands and why; there where there are any."""

Lanes = npt.NDArray[np.uint64]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_EXACT = 2**53
_SHORT, _REMEMBERED = 40, 32_768
"""Bytes of a text that is remembered, and how many of a column are."""
_BLOCK = 16_384
"""Rows mixed at a time: six arrays of 128 KB stay in the second-level cache."""


@dataclass(frozen=True)
class RowHashes:
    """Of N rows: two lanes of all columns that count, and one of the features alone."""

    low: Lanes
    high: Lanes
    features: Lanes


def hashes(table: pa.Table, features: Collection[str], others: Collection[str] = ()) -> RowHashes:
    """Hash the rows of a table by their features and the other columns that make a row what it is."""
    sums = np.zeros((3, table.num_rows), np.uint64)
    for name in (*features, *others):
        _add(sums, name, table[name], name in features)
    return RowHashes(_mix(sums[0]), _mix(sums[1]), _mix(sums[2]))


def ids(low: Lanes, high: Lanes, occurrence: Lanes | int = 0) -> pa.FixedSizeBinaryArray:
    """The row ids, 16 bytes each. `occurrence` counts the equal rows that came before, from 0."""
    pair = np.empty((len(low), 2), "<u8")
    pair[:, 0], pair[:, 1] = low, high
    seen = np.broadcast_to(np.asarray(occurrence, np.uint64), low.shape)
    again = np.flatnonzero(seen)
    pair[again, 0], pair[again, 1] = _mix(low[again] + seen[again]), _mix(high[again] + seen[again])
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(low), [None, pa.py_buffer(pair)])


def _add(sums: npt.NDArray[np.uint64], name: str, column: pa.ChunkedArray, is_feature: bool) -> None:
    """Add one column's mixed lanes to the three sums; a missing cell adds nothing."""
    key, factor = np.frombuffer(blake2b(name.encode(), digest_size=16).digest(), "<u8")
    start = 0
    for chunk in column.chunks:
        lanes = _lanes(chunk, name)
        valid = None if chunk.null_count == 0 else chunk.is_valid().to_numpy(zero_copy_only=False)
        for at in range(0, len(chunk), _BLOCK):
            part = slice(at, at + _BLOCK)
            mixed = _mix(lanes[part] + key)
            if valid is not None:
                mixed *= valid[part]
            into = slice(start + at, start + at + len(mixed))
            sums[0, into] += mixed
            if is_feature:
                sums[2, into] += mixed
            mixed *= factor | np.uint64(1)
            sums[1, into] += mixed
        start += len(chunk)


def _mix(lanes: Lanes) -> Lanes:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection in which every bit depends on every other."""
    mixed = lanes ^ (lanes >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _lanes(column: Any, name: str) -> Lanes:
    """64 bits a cell of the column of that name; what stands for a missing cell is arbitrary."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        values = column.dictionary
        once = pa.types.is_string(values.type) and not values.null_count
        return _spread(_known(name).lanes(values) if once else _lanes(values, name), column)
    if pa.types.is_floating(kind):
        return _bits(column.cast(pa.float64()).fill_null(0.0).to_numpy() + 0.0)
    if pa.types.is_integer(kind):
        return _integers(column, name)
    if pa.types.is_boolean(kind):
        return _distinct(column.cast(pa.string()), name)
    if pa.types.is_timestamp(kind):
        whole = column.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.int64())
        return _bits(whole.fill_null(0).to_numpy())
    if pa.types.is_date(kind):
        return _lanes(column.cast(pa.timestamp("us")), name)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _distinct(column, name)
    return np.fromiter((_of_value(v) for v in column.to_pylist()), np.uint64, len(column))


def _bits(numbers: npt.NDArray[Any]) -> Lanes:
    lanes: Lanes = numbers.view(np.uint64)
    return lanes


def _integers(column: pa.Array, name: str) -> Lanes:
    low_high = pc.min_max(column).as_py()
    if low_high["min"] is None or (low_high["min"] >= -_EXACT and low_high["max"] <= _EXACT):
        return _lanes(column.cast(pa.float64()), name)
    return _distinct(column.cast(pa.string()), name)


def _distinct(column: pa.Array, name: str) -> Lanes:
    """Of texts: each different one is hashed once."""
    coded = column.dictionary_encode()
    return _spread(_known(name).lanes(coded.dictionary.cast(pa.string())), coded)


def _spread(lanes: Lanes, coded: pa.DictionaryArray) -> Lanes:
    """The lanes of a dictionary's values, one a cell."""
    if len(lanes) == 0:
        return np.zeros(len(coded), np.uint64)
    spread: Lanes = lanes[coded.indices.fill_null(0).to_numpy()]
    return spread


class _Known:
    """Texts of one column and their lanes: the same names come in every batch, and Arrow finds them again.

    17,000 names of a batch took 10.3 ms by Python's cache, and take 1.2.
    """

    def __init__(self) -> None:
        self._seen = pa.array([], pa.string()), np.empty(0, np.uint64)  # replaced as one, whatever threads do

    def lanes(self, texts: pa.Array) -> Lanes:
        """The lanes of different texts, none missing."""
        known, lanes = self._seen
        places = pc.index_in(texts, value_set=known)
        found = np.empty(len(texts), np.uint64)
        old = places.is_valid().to_numpy(zero_copy_only=False)
        found[old] = lanes[places.drop_null().to_numpy()]
        if places.null_count:
            new = texts.filter(places.is_null())
            found[~old] = fresh = np.fromiter(map(_of_text, new.to_pylist()), np.uint64, len(new))
            kept = np.flatnonzero(pc.less_equal(pc.binary_length(new), _SHORT).to_numpy(zero_copy_only=False))
            kept = kept[: _REMEMBERED - len(known)]
            self._seen = pa.concat_arrays([known, new.take(pa.array(kept))]), np.append(lanes, fresh[kept])
        return found


@lru_cache(maxsize=64)
def _known(_column: str) -> _Known:
    return _Known()


def _of_text(text: str) -> int:
    if _NUMBER.fullmatch(text):
        value = float(text)
        if abs(value) <= _EXACT or not text.lstrip("+-").isdigit():
            return int(np.float64(value + 0.0).view(np.uint64))
    return _of_bytes(text.encode())


def _of_value(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bytes):
        return _of_bytes(value)
    return _of_text(value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str))


def _of_bytes(content: bytes) -> int:
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little")
