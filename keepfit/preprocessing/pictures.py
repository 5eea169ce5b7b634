"""The size of pictures when the YAML leaves it out, and a column of them as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit import images
from keepfit.errors import DataError

LOOKED_AT = 2_000
"""Train pictures whose headers are read to choose size and channels."""
KEPT, SMALL, LARGE = 40, 32, 64
"""Up to 40 pixels a picture keeps its size; up to 128 it is brought to 32, at which sign-language digits of 100 pixels
reached 99.0 % on unseen persons; larger ones, which hold finer things, to 64."""


def spec(shapes: Sequence[images.Shape], side: int | None, pixels: list[int] | None) -> dict[str, Any]:
    """`size`, `channels`, `pixels` and `resample` of transform.json from the headers of some train pictures.

    Grey when all of them are grey; the size is that of the median picture unless the YAML gives `side`.
    """
    height, width = (int(np.median([s[axis] for s in shapes])) for axis in (0, 1))
    size = [side, side] if side else _size(height, width)
    channels = max(s.channels for s in shapes)
    return {"size": size, "channels": channels, "pixels": pixels, "resample": images.RESAMPLE}


def _size(height: int, width: int) -> list[int]:
    side = max(height, width)
    if side <= KEPT:
        return [height, width]
    return [SMALL, SMALL] if side <= 128 else [LARGE, LARGE]


def decoded(column: pa.Array, feature: dict[str, Any], names: Sequence[str]) -> NDArray[np.uint8]:
    """A binary column of pictures [n] → uint8 [n, h, w, c]; raw pixels of the right size are only reshaped.

    Raises DataError naming the picture that is missing or cannot be decoded.
    """
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise DataError(f"{names[row]} is missing.", todo="Leave that row out, or expect the column to be not null.")
    size, pixels = feature["size"], feature["pixels"]
    shape = (len(column), *size, feature["channels"])
    if pixels is not None and [*size, feature["channels"]] == list(pixels):
        return _reshaped(column, shape)
    out = np.empty(shape, np.uint8)
    for index, content in enumerate(column):
        out[index] = images.decode(content.as_py(), size, feature["channels"], pixels, name=names[index])
    return out


def _reshaped(column: pa.Array, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Pictures that lie one behind the other in the column's buffer, all of one length."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    length = int(np.prod(shape[1:]))
    if (np.diff(offsets) != length).any():
        raise DataError(f"a picture does not have {length} pixels.", todo="Read the source again.")
    return np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].reshape(shape)


def names_of(batch: pa.RecordBatch, first_row: int = 0) -> list[str]:
    """What to call each picture in an error: its file, or its row."""
    if "file" in batch.schema.names:
        return [str(name) for name in batch["file"].to_pylist()]
    return [f"the picture in row {row + 1}" for row in range(first_row, first_row + batch.num_rows)]


class Pixels:
    """Mean and standard deviation of pictures a channel, exact: from the counts of each byte value."""

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] | None = None

    def add(self, pictures: NDArray[np.uint8]) -> None:
        """Count the byte values of pictures [n, h, w, c] a channel."""
        flat = pictures.reshape(-1, pictures.shape[-1])
        counts = np.stack([np.bincount(flat[:, channel], minlength=256) for channel in range(flat.shape[1])])
        self._counts = counts if self._counts is None else self._counts + counts

    def fitted(self) -> dict[str, list[float]]:
        """`mean` and `std` of the bytes divided by 255, one a channel; the std of a constant channel is 1."""
        assert self._counts is not None
        levels = np.arange(256) / 255
        share = self._counts / self._counts.sum(axis=1, keepdims=True)
        mean = share @ levels
        std = np.sqrt(np.maximum(share @ levels**2 - mean**2, 0))
        return {"mean": mean.tolist(), "std": np.where(std > 0, std, 1.0).tolist()}
