"""The prepared rows as one matrix for classical models. N rows, F columns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from keepfit.data.ragged import Block, filled
from keepfit.data.shards import HELD, LABEL, RowGroup, read_arrays, row_bytes, row_groups
from keepfit.data.transform import Transform, in_view
from keepfit.features.kind import ClassicalColumns
from keepfit.features.lookup import kind_of
from keepfit.problems.answer import Answers
from keepfit.problems.judge import Examples, Judge
from keepfit.store.artifacts import PARTS

Matrix = Any
"""An array [N, F], or scipy's csr_matrix where there are counts."""


class TableJudge(Judge):
    """A judge whose classical model learns from the rows as one matrix."""

    def baselines(self, folder: Path, transform: Transform) -> tuple[str, Answers, Answers]:
        """Both, from the same examples."""
        examples = read(folder, transform)
        name, answers = self.classical(examples, transform.target)
        return name, self.trivial(examples, transform.target), answers

    @abstractmethod
    def trivial(self, examples: Examples, target: Any) -> Answers:
        """The answer without looking at any column, [A]."""

    @abstractmethod
    def classical(self, examples: Examples, target: Any) -> tuple[str, Answers]:
        """A classical model in words, and its answers to the test rows."""


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
        rows=_below([_matrix(part) for part in plain]),
        labels=np.concatenate([_labels(part) for part in arrays]),
        train=len(arrays[0][LABEL]),
        there=sum(group.rows for part in PARTS[:2] for group in groups[part]),
        asked=asked,
        categories=sum(one.values.shape[1] for one in plain[0] if one.is_category),
        what=_what(plain[0]),
        counts=sum(one.values.shape[1] for one in plain[0] if _are_counts(one)),
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


def _labels(part: dict[str, Block]) -> NDArray[Any]:
    labels = filled(part[LABEL])
    return labels.astype(np.int64) if labels.dtype.kind == "i" else labels


def _plain(part: dict[str, Block], transform: Transform) -> list[ClassicalColumns]:
    """Each column, or those that are stacked, for a classical model: categories behind the others, counts last."""
    found = []
    for tensor in transform.tensors:
        if not tensor.view.name:
            entry = tensor.entries[0]
            views = {view.name: part[in_view(tensor.name, view.name)] for view in entry.views}
            found.append(kind_of(entry.kind).plain(views if len(views) > 1 else views[""]))
    return sorted(found, key=lambda one: (_are_counts(one), one.is_category))


def _are_counts(columns: ClassicalColumns) -> bool:
    return bool(sparse.issparse(columns.values))


def _matrix(plain: list[ClassicalColumns]) -> Matrix:
    if len(plain) == 1:
        return plain[0].values
    values = [one.values for one in plain]
    return sparse.hstack(values, "csr") if _are_counts(plain[-1]) else np.concatenate(values, axis=1)


def _below(parts: list[Matrix]) -> Matrix:
    return sparse.vstack(parts, "csr") if sparse.issparse(parts[0]) else np.concatenate(parts)
