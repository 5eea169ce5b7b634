"""The prepared rows as one matrix for classical models. N rows, F columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.data.shards import LABEL, read_arrays
from keepfit.data.transform import Transform
from keepfit.features.kind import ClassicalColumns
from keepfit.features.lookup import kind_of
from keepfit.problems.judge import Examples
from keepfit.store.artifacts import PARTS

Matrix = NDArray[Any]


def read(folder: Path, transform: Transform, answered: str = "test") -> Examples:
    """The shards of a prepared folder; the rows of the part `answered` are those to answer."""
    arrays = [read_arrays(folder / part, transform)[0] for part in dict.fromkeys((*PARTS[:2], answered))]
    plain = [_plain(part, transform) for part in arrays]
    return Examples(
        rows=np.concatenate([_matrix(part) for part in plain[:2]]),
        labels=np.concatenate([_labels(part) for part in arrays[:2]]),
        train=len(arrays[0][LABEL]),
        test=_matrix(plain[-1]),
        categories=sum(one.values.shape[1] for one in plain[0] if one.is_category),
        what=", ".join(one.what for one in plain[0] if one.what),
    )


def _labels(part: dict[str, Matrix]) -> Matrix:
    labels = part[LABEL]
    return labels.astype(np.int64) if labels.dtype.kind == "i" else labels


def _plain(part: dict[str, Matrix], transform: Transform) -> list[ClassicalColumns]:
    """Each tensor for a classical model, categories last."""
    found = [kind_of(t.entries[0].kind).plain(part[t.name]) for t in transform.tensors]
    return sorted(found, key=lambda one: one.is_category)


def _matrix(plain: list[ClassicalColumns]) -> Matrix:
    return plain[0].values if len(plain) == 1 else np.concatenate([one.values for one in plain], axis=1)
