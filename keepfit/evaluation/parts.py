"""The prepared rows as one matrix for classical models. N rows, F columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit import batches
from keepfit.batches import Batches

Matrix = NDArray[Any]

_LARGEST_CODE = 254
"""HistGradientBoosting knows 255 categories a column; codes stand by falling count, so the rare ones are joined."""
_SIDE = 32
"""Larger pictures are shrunk to at most so many pixels a side: a linear model gains nothing by more."""


@dataclass(frozen=True)
class Parts:
    """Rows to learn from, those of the validation part last, and the rows to answer."""

    rows: Matrix
    """Tables: float64, NaN where missing; pictures: uint8 pixels. [N, F]."""
    labels: NDArray[np.int64]
    """[N]."""
    train: int
    """How many of the rows are of the train part; the others may be used to choose settings."""
    test: Matrix
    """Rows to answer, [N', F]."""
    categories: int
    """How many of the columns, from the last, are category codes."""
    pictures: tuple[int, ...]
    """Height, width and channels of a picture as it stands in `rows`; empty for tables."""


def read(folder: Path, transform: dict[str, Any]) -> Parts:
    """The shards of a prepared folder."""
    train, validation, test = (batches.read(folder / part, transform) for part in ("train", "validation", "test"))
    matrices = [_matrix(part) for part in (train, validation, test)]
    codes, shape = train.codes, () if train.image is None else _shrink(train.image[:1].numpy()).shape[1:]
    return Parts(
        rows=np.concatenate(matrices[:2]),
        labels=np.concatenate([train.labels.numpy(), validation.labels.numpy()]),
        train=len(train),
        test=matrices[2],
        categories=0 if codes is None else codes.shape[1],
        pictures=shape,
    )


def sample(labels: NDArray[np.int64], most: int) -> NDArray[np.intp]:
    """Numbers of all rows, or of `most` drawn in equal shares from every class, in their order."""
    rows = len(labels)
    if rows <= most:
        return np.arange(rows)
    by_class = np.lexsort((np.random.default_rng(0).permutation(rows), labels))
    return np.sort(by_class[np.linspace(0, rows - 1, most).astype(np.intp)])


def _matrix(part: Batches) -> Matrix:
    if part.image is not None:
        return _shrink(part.image.numpy()).reshape(len(part), -1)
    columns = [] if part.numbers is None else [part.numbers.numpy()]
    if part.codes is not None:
        codes = part.codes.numpy()
        categories = np.where(codes > _LARGEST_CODE, 1, codes).astype(np.float64) - 1
        columns.append(np.where(codes == 0, np.nan, categories))
    return np.concatenate(columns, axis=1)


def _shrink(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[N, H, W, C] → at most _SIDE a side, by the mean of whole blocks; what is left over at the edges is cut off."""
    rows, height, width, channels = images.shape
    block = -(-max(height, width) // _SIDE)
    if block == 1:
        return images
    down, across = max(height // block, 1), max(width // block, 1)
    whole = images[:, : down * block, : across * block].reshape(rows, down, -1, across, block, channels)
    return np.asarray(whole.mean(axis=(2, 4), dtype=np.float32).round().astype(np.uint8))
