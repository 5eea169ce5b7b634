"""Columns as linear models want them: standardised, category codes one column each, counts of n-grams as TF-IDF.

N rows, F columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from keepfit.problems.judge import Examples

_LEAST = 2
"""Rows that a thing must be in to be counted."""

Matrix = Any
"""An array, or scipy's csr_matrix where there are counts."""


class Scaled:
    """What is learned from some rows, and done with others."""

    def __init__(self, rows: Matrix, examples: Examples) -> None:
        self._counts = examples.counts
        columns, counted = self._split(rows)
        self._levels = _levels(columns, examples.categories)
        self._mean, self._deviation = _moments(_spread(columns, self._levels))
        if self._counts:
            codes = slice(len(self._mean) - sum(self._levels), None)  # a rare one would outweigh every n-gram
            self._mean[codes], self._deviation[codes] = 0, 1
            from sklearn.feature_extraction.text import TfidfTransformer

            self._known = np.flatnonzero(counted.getnnz(axis=0) >= _LEAST)
            self._weights = TfidfTransformer(sublinear_tf=True).fit(counted[:, self._known])

    def __call__(self, rows: Matrix) -> Matrix:
        """[N, F] → float32 [N, F']; what is missing is as the mean."""
        columns, counted = self._split(rows)
        moved = (_spread(columns, self._levels) - self._mean) / self._deviation
        made = np.nan_to_num(np.asarray(moved, np.float32), copy=False)
        return sparse.hstack([made, self._weights.transform(counted[:, self._known])], "csr") if self._counts else made

    def _split(self, rows: Matrix) -> tuple[NDArray[Any], Matrix]:
        """The columns, and the counts."""
        if not self._counts:
            return rows, None
        return rows[:, : -self._counts].toarray(), rows[:, -self._counts :]


def cells(rows: Matrix) -> int:
    """Those of a row that are not zero, about."""
    return max(1, rows.nnz // rows.shape[0]) if sparse.issparse(rows) else int(rows.shape[1])


def _levels(rows: NDArray[Any], categories: int) -> list[int]:
    """Of the last columns, which are codes, how many each has."""
    codes = rows[:, rows.shape[1] - categories :]
    return [int(most) + 1 for most in np.nanmax(codes, axis=0, initial=0)]


def _spread(rows: NDArray[Any], levels: list[int]) -> NDArray[Any]:
    """[N, F] → [N, F']: codes have no order, so that each becomes a column, all 0 where it is missing."""
    if not levels:
        return rows
    codes = rows[:, -len(levels) :]
    spread = (codes[:, [place]] == np.arange(count) for place, count in enumerate(levels))
    return np.concatenate([rows[:, : -len(levels)], *spread], axis=1)


def _moments(columns: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and standard deviation of what is there in each column; those that never change count as 1 apart."""
    if columns.dtype.kind == "f":
        there = np.ma.masked_invalid(columns)
        mean, deviation = there.mean(axis=0).filled(0), there.std(axis=0).filled(0)
        return mean, np.where(deviation > 0, deviation, 1)
    mean = columns.mean(axis=0)
    squares = np.einsum("nf,nf->f", columns, columns, dtype=np.float64) / len(columns)
    deviation = np.sqrt(np.maximum(squares - mean**2, 0))
    return mean.astype(np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32)
