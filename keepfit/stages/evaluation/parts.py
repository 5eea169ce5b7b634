"""The prepared rows as one matrix for classical models. N rows, F columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.data import feed
from keepfit.data.shards import LABEL
from keepfit.data.transform import Transform
from keepfit.features.kind import ClassicalColumns
from keepfit.features.lookup import kind_of

Matrix = NDArray[Any]


@dataclass(frozen=True)
class Examples:
    """Rows to learn from, those of the validation part last, and the rows to answer."""

    rows: Matrix
    """float64, NaN where missing, or bytes. [N, F]."""
    labels: NDArray[np.int64]
    """[N]."""
    train: int
    """How many of the rows are of the train part; the others may be used to choose settings."""
    test: Matrix
    """Rows to answer, [N', F]."""
    categories: int
    """How many of the columns, from the last, are category codes."""
    what: str
    """What the columns are, where they are so many and alike that a linear model suits them; else empty."""


def read(folder: Path, transform: Transform) -> Examples:
    """The shards of a prepared folder."""
    parts = [feed.read_arrays(folder / part, transform)[0] for part in ("train", "validation", "test")]
    plain = [_plain(part, transform) for part in parts]
    return Examples(
        rows=np.concatenate([_matrix(part) for part in plain[:2]]),
        labels=np.concatenate([part[LABEL] for part in parts[:2]]).astype(np.int64),
        train=len(parts[0][LABEL]),
        test=_matrix(plain[2]),
        categories=sum(one.values.shape[1] for one in plain[0] if one.is_category),
        what=", ".join(one.what for one in plain[0] if one.what),
    )


def sample(labels: NDArray[np.int64], most: int) -> NDArray[np.intp]:
    """Numbers of all rows, or of `most` drawn in equal shares from every class, in their order."""
    rows = len(labels)
    if rows <= most:
        return np.arange(rows)
    by_class = np.lexsort((np.random.default_rng(0).permutation(rows), labels))
    return np.sort(by_class[np.linspace(0, rows - 1, most).astype(np.intp)])


def _plain(part: dict[str, Matrix], transform: Transform) -> list[ClassicalColumns]:
    """Each tensor for a classical model, categories last."""
    found = [kind_of(t.entries[0].kind).plain(part[t.name]) for t in transform.tensors]
    return sorted(found, key=lambda one: one.is_category)


def _matrix(plain: list[ClassicalColumns]) -> Matrix:
    return plain[0].values if len(plain) == 1 else np.concatenate([one.values for one in plain], axis=1)
