"""Drawing by hash: which identities go to which part. Pure functions of 64-bit hashes, the same on every machine.

A row's identity is the hash of its features, of its key or of its group. Test and validation are drawn with a salt
each, so that a change of one share moves no row between the other two parts.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

TEST_SALT = 0x6B65657066697401
VALIDATION_SALT = 0x6B65657066697402


def mix(hashes: Hashes, salt: int) -> Hashes:
    """Another, independent hash for one purpose: the finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    x = hashes ^ np.uint64(salt)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def below(hashes: Hashes, salt: int, share: float) -> NDArray[np.bool_]:
    """True for `share` of all hashes; whether one of them is says nothing about the others."""
    return mix(hashes, salt) < np.uint64(min(int(share * 2.0**64), 2**64 - 1))


def ranked(hashes: Hashes, weights: NDArray[np.int64], test: float, validation: float) -> tuple[Hashes, Hashes]:
    """The identities for test and for validation, drawn so that each part gets some where thresholds might not.

    `hashes` [n] are distinct and `weights` [n] count their rows. One identity stays in train; of two one is tested.
    With `test` 0 (the publisher's own test file) only validation is drawn.
    """
    spare = len(hashes) - 1
    tested = _lowest(hashes, weights, TEST_SALT, test, most=max(spare - 1, min(spare, 1))) if test else hashes[:0]
    rest = ~np.isin(hashes, tested)
    share = validation * weights.sum() / max(weights[rest].sum(), 1)
    most = int(rest.sum()) - 1
    return tested, _lowest(hashes[rest], weights[rest], VALIDATION_SALT, float(share), most=most)


def _lowest(hashes: Hashes, weights: NDArray[np.int64], salt: int, share: float, most: int) -> Hashes:
    """The first identities by mixed hash that hold nearest to `share` of the rows: at least one, at most `most`."""
    if most < 1:
        return hashes[:0]
    order = np.argsort(mix(hashes, salt), kind="stable")
    held = np.cumsum(weights[order])
    count = int(np.abs(held - share * held[-1]).argmin()) + 1
    return hashes[order[: min(count, most)]]


def hashes_of(column: pa.Array, instead: Hashes) -> Hashes:
    """Hash of each value [n]; a missing one takes the hash in `instead`, so that missing is not one large group."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    table = np.array([_hash(v) for v in coded.dictionary.to_pylist()] or [0], np.uint64)
    places = coded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    valid: NDArray[np.bool_] = coded.is_valid().to_numpy(zero_copy_only=False)
    return np.where(valid, table[places], instead)


def _hash(value: Any) -> int:
    # A column of integers is read as floats once a cell is missing; the group must keep its hash.
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
