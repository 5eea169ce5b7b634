"""Rows whose lengths differ, one behind the other: texts as token ids, series, sound. n rows, T steps a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ragged:
    """n rows; `rows[index]` are some of them, as of an array."""

    values: NDArray[Any]
    """[total, …]: the steps of all rows."""
    offsets: NDArray[np.int64]
    """[n + 1]: where each row begins, and where the last one ends; the first is 0."""
    pad: float
    """What a step beyond a row's end holds; no step within a row does."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: slice | NDArray[Any]) -> Ragged:
        places = np.arange(len(self))[index]
        lengths = self.lengths[places]
        offsets = ends(lengths)
        steps = np.repeat(self.offsets[places] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Ragged(self.values[steps], offsets, self.pad)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[n]."""
        return np.diff(self.offsets)

    def padded(self) -> NDArray[Any]:
        """[n, T, …] as long as the longest, and at least one step."""
        lengths = self.lengths
        steps = max(1, int(lengths.max(initial=0)))
        out = np.full((len(self), steps, *self.values.shape[1:]), self.pad, self.values.dtype)
        out[np.arange(steps) < lengths[:, None]] = self.values
        return out

    def binary(self) -> pa.Array:
        """The rows as Arrow's binary cells, little-endian, without a copy."""
        values = np.ascontiguousarray(self.values)
        offsets = self.offsets * (values.itemsize * int(np.prod(values.shape[1:])))
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(values)]
        return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(self), buffers)


Block = NDArray[Any] | Ragged
"""One tensor of some rows: an array [n, …], or rows whose lengths differ."""


def ends(lengths: NDArray[Any]) -> NDArray[np.int64]:
    """Lengths [n] → offsets [n + 1]."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def ragged(rows: Sequence[NDArray[Any]], like: NDArray[Any], pad: float) -> Ragged:
    """Arrays [T, …], one a row, behind each other; `like` [0, …] has the type and shape of none."""
    lengths = np.array([len(row) for row in rows], np.int64)
    return Ragged(np.concatenate([like, *rows]).astype(like.dtype, copy=False), ends(lengths), pad)


def of_binary(cells: pa.ChunkedArray, like: NDArray[Any], pad: float) -> Ragged:
    """What `Ragged.binary` gave, read again; `like` as for `ragged`."""
    width = like.itemsize * int(np.prod(like.shape[1:]))
    values, lengths = [like], [np.zeros(0, np.int64)]
    for chunk in cells.cast(pa.large_binary()).chunks:  # read without Arrow's own schema, they are binary
        offsets = np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
        if len(chunk) and chunk.buffers()[2] is not None:
            content = np.frombuffer(chunk.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
            values.append(content.view(like.dtype).reshape(-1, *like.shape[1:]))
        lengths.append(np.diff(offsets) // width)
    return Ragged(np.concatenate(values), ends(np.concatenate(lengths)), pad)


def behind(parts: Sequence[Block]) -> Block:
    """The rows of all, in this order; all of one kind."""
    first = parts[0]
    if not isinstance(first, Ragged):
        return np.concatenate(parts)  # type: ignore[arg-type]
    several = [part for part in parts if isinstance(part, Ragged)]
    lengths = np.concatenate([part.lengths for part in several])
    return Ragged(np.concatenate([part.values for part in several]), ends(lengths), first.pad)


def filled(rows: Block) -> NDArray[Any]:
    """An array as it is, other rows padded: [n, …]."""
    return rows.padded() if isinstance(rows, Ragged) else rows
