"""How strongly one column is tied to the target: too little for an id, too much for a leak."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from keepfit.features.column import ColumnFacts

Tied = tuple[npt.NDArray[np.int64], int]
"""The target's groups: the code of each row [N], -1 where missing, and how many there are."""

_BINS = 128
_BIN_ROWS = 8
_FEW = 32
_EDGE = 0.05
"""Share of the rows that may lie in the ranges where two groups meet."""
_LEAK = 0.02
"""A column alone that leaves less than this share of the guessing errors gives the target away."""


def depends(column: ColumnFacts, target: Tied) -> bool:
    """Whether the target's groups differ along a column of numbers: chi-squared far beyond chance."""
    table = _table(_binned(column, 10), target)
    rows, columns = table.sum(1, keepdims=True), table.sum(0, keepdims=True)
    expected = rows * columns / table.sum()
    chi = ((table - expected) ** 2 / np.maximum(expected, 1e-9)).sum()
    freedom = max(1, (table.shape[0] - 1) * (table.shape[1] - 1))
    return bool(chi > freedom + 6 * np.sqrt(2 * freedom))


def leaks(column: ColumnFacts, target: Tied, *, as_number: bool) -> bool:
    """Whether a column nearly determines the target one to one, by few values or by ranges.

    Ranges at whose edges two groups meet do not count, as many as there are such edges.
    """
    few = max(_FEW, 2 * target[1])
    ranges = as_number and column.distinct > few
    if column.distinct > few and not ranges:
        return False
    codes = _binned(column, min(_BINS, column.filled // _BIN_ROWS)) if ranges else column.codes
    table = _table(codes, target)
    if table.sum() < max(20, column.rows / 2):
        return False
    wrong = _wrong(table, target[1] - 1) if ranges else (table.sum(1) - table.max(1)).sum()
    return bool(wrong < _LEAK * (table.sum() - table.sum(0).max()))


def _wrong(table: npt.NDArray[np.float64], edges: int) -> float:
    """Rows not in the main class of their range, those of at most `edges` narrow ranges apart."""
    rows = table.sum(1)
    wrong = rows - table.max(1)
    worst = np.argsort(-wrong)[:edges]
    spared = worst[np.cumsum(rows[worst]) <= _EDGE * rows.sum()]
    return float(wrong.sum() - wrong[spared].sum())


def _binned(column: ColumnFacts, bins: int) -> npt.NDArray[np.int64]:
    """[N] which of `bins` ranges of equal rows a number lies in, -1 where missing."""
    numbers = column.numbers
    finite = np.isfinite(numbers)
    edges = np.unique(np.quantile(numbers[finite], np.linspace(0, 1, bins + 1)[1:-1]))
    return np.where(finite, np.searchsorted(edges, numbers, side="right"), -1)


def _table(codes: npt.NDArray[np.int64], target: Tied) -> npt.NDArray[np.float64]:
    """Rows of each pair of a code and a group: [codes, groups]."""
    groups, count = target
    known = (codes >= 0) & (groups >= 0)
    found, packed = np.unique(codes[known], return_inverse=True)
    pairs = packed * count + groups[known]
    return np.bincount(pairs, minlength=len(found) * count).reshape(len(found), count).astype(np.float64)
