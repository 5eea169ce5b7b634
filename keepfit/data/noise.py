"""Random numbers that are a row's own: those of equal rows are equal, whatever rows are beside them, here or elsewhere.

N rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOISE = "noise"
"""The input that holds them, of a network that draws."""


def noise_of(tensors: Mapping[str, NDArray[Any]], width: int) -> NDArray[np.float32]:
    """Tensors as a network takes them, each [N, …] → standard normal numbers [N, width]."""
    plain = [_plain(tensors[name]) for name in sorted(tensors)]
    rows = len(plain[0])
    found = np.empty((rows, width), np.float32)
    for row in range(rows):
        key = blake2b(b"".join(one[row].tobytes() for one in plain), digest_size=16).digest()
        found[row] = _drawn(int.from_bytes(key, "little"), width)
    return found


def drawn(rows: int, width: int, seed: int) -> NDArray[np.float32]:
    """Standard normal numbers of rows that are asked for by a seed [rows, width]; more rows begin with the same."""
    return np.stack([_drawn((seed << 64) + row, width) for row in range(rows)])


def _drawn(key: int, width: int) -> NDArray[np.float32]:
    return np.random.Generator(np.random.Philox(key=key)).standard_normal(width, np.float32)


def _plain(tensor: NDArray[Any]) -> NDArray[Any]:
    """One spelling of each value: numbers whose bits may differ, and codes in one type."""
    if tensor.dtype.kind == "f":
        return np.where(np.isnan(tensor), np.nan, tensor + 0.0)
    return tensor.astype(np.int64) if tensor.dtype.itemsize > 1 else tensor
