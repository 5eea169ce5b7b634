"""The prepared rows as one matrix for classical models. N rows, F columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.data.ragged import Block, filled
from keepfit.data.shards import HELD, LABEL, RowGroup, read_arrays, row_bytes, row_groups
from keepfit.data.transform import Transform
from keepfit.features.kind import ClassicalColumns
from keepfit.features.lookup import kind_of
from keepfit.problems.judge import Examples
from keepfit.store.artifacts import PARTS

Matrix = NDArray[Any]


def read(folder: Path, transform: Transform, answered: str = "test") -> Examples:
    """The shards of a prepared folder; the rows of the part `answered` are those to answer.

    Of a part that memory would not hold, row groups from all over it.
    """
    groups = {part: row_groups(folder / part) for part in dict.fromkeys((*PARTS[:2], answered))}
    most = HELD // row_bytes(transform)
    arrays = [read_arrays(_some(groups[part], most), transform) for part in PARTS[:2]]
    plain = [_plain(part, transform) for part in arrays]

    def asked() -> Iterator[Matrix]:
        for some in _runs(groups[answered], most):
            yield _matrix(_plain(read_arrays(some, transform), transform))

    return Examples(
        rows=np.concatenate([_matrix(part) for part in plain]),
        labels=np.concatenate([_labels(part) for part in arrays]),
        train=len(arrays[0][LABEL]),
        there=sum(group.rows for part in PARTS[:2] for group in groups[part]),
        asked=asked,
        categories=sum(one.values.shape[1] for one in plain[0] if one.is_category),
        what=_what(plain[0]),
    )


def _some(groups: list[RowGroup], most: int) -> list[RowGroup]:
    """All groups, or evenly spaced ones of about `most` rows."""
    rows = sum(group.rows for group in groups)
    return groups[:: -(-rows // most)] if rows else groups


def _what(plain: list[ClassicalColumns]) -> str:
    """`8×8 pixels`, `8×8 pixels and the other columns`; empty where there are others alone."""
    alike = ", ".join(one.what for one in plain if one.what)
    return f"{alike} and the other columns" if alike and not all(one.what for one in plain) else alike


def _runs(groups: list[RowGroup], most: int) -> Iterator[list[RowGroup]]:
    """Groups in order, about `most` rows at a time."""
    rows = np.cumsum([group.rows for group in groups])
    for _, run in groupby(zip(groups, rows // most, strict=True), key=lambda pair: pair[1]):
        yield [group for group, _ in run]


def _labels(part: dict[str, Block]) -> Matrix:
    labels = filled(part[LABEL])
    return labels.astype(np.int64) if labels.dtype.kind == "i" else labels


def _plain(part: dict[str, Block], transform: Transform) -> list[ClassicalColumns]:
    """Each column's first tensor for a classical model, categories last."""
    found = [kind_of(t.entries[0].kind).plain(part[t.name]) for t in transform.tensors if not t.view.name]
    return sorted(found, key=lambda one: one.is_category)


def _matrix(plain: list[ClassicalColumns]) -> Matrix:
    return plain[0].values if len(plain) == 1 else np.concatenate([one.values for one in plain], axis=1)
