"""The classical baseline of many columns that are alike, as pixels are: a linear model on them, standardised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from keepfit.problems.answer import Answers
from keepfit.problems.judge import Examples

_WORK = 1_000_000_000
"""Rows × columns × outputs: about twice MNIST's."""
_CELLS = 100_000_000
"""Rows × columns: 400 MB."""

Matrix = NDArray[Any]


@dataclass(frozen=True)
class Linear:
    """One of scikit-learn's estimators, with its penalty to be chosen."""

    name: str
    outputs: int
    penalties: Sequence[float]
    """From the strongest penalty to the weakest, in the estimator's own terms."""
    fit: Callable[[Matrix, Matrix, float], Any]
    """Rows [N, F], labels [N] and a penalty → a fitted estimator."""
    drawn: Callable[[Matrix, int], NDArray[np.intp]]
    """Labels [N] and a number → so many rows, those that stand for all."""
    answer: Callable[[Any, Matrix], Answers]
    """A fitted estimator and rows [N', F] → answers."""


def fitted(examples: Examples, how: Linear) -> tuple[str, Answers]:
    """The model in words, and its answers to the test rows [N', A]."""
    columns = examples.rows.shape[1]
    kept = how.drawn(examples.labels, min(_WORK // how.outputs, _CELLS) // columns)
    levels = _levels(examples.rows[kept], examples.categories)
    known, labels = _spread(examples.rows[kept], levels), examples.labels[kept]
    mean, deviation = _moments(known)
    rows = _standardised(known, mean, deviation)
    with threadpool_limits(1):
        model = how.fit(rows, labels, _penalty(rows, labels, kept < examples.train, how))
        answers = examples.answered(
            lambda asked: how.answer(model, _standardised(_spread(asked, levels), mean, deviation))
        )
    share = "" if len(kept) == examples.there else f" of {len(kept):,} of {examples.there:,} rows"
    return f"{how.name} on {examples.what or 'all columns'}{share}", answers


def _penalty(rows: Matrix, labels: Matrix, of_train: NDArray[np.bool_], how: Linear) -> float:
    """That which answers the validation part best, the strongest of equal ones."""
    if of_train.all():
        return how.penalties[0]
    scores = [
        float(how.fit(rows[of_train], labels[of_train], one).score(rows[~of_train], labels[~of_train]))
        for one in how.penalties
    ]
    return how.penalties[int(np.argmax(scores))]


def _levels(rows: Matrix, categories: int) -> list[int]:
    """Of the last columns, which are codes, how many each has."""
    codes = rows[:, rows.shape[1] - categories :]
    return [int(most) + 1 for most in np.nanmax(codes, axis=0, initial=0)]


def _spread(rows: Matrix, levels: list[int]) -> Matrix:
    """[N, F] → [N, F']: codes have no order, so that each becomes a column, all 0 where it is missing."""
    if not levels:
        return rows
    codes = rows[:, -len(levels) :]
    spread = (codes[:, [place]] == np.arange(count) for place, count in enumerate(levels))
    return np.concatenate([rows[:, : -len(levels)], *spread], axis=1)


def _moments(columns: Matrix) -> tuple[Matrix, Matrix]:
    """Mean and standard deviation of what is there in each column; those that never change count as 1 apart."""
    if columns.dtype.kind == "f":
        there = np.ma.masked_invalid(columns)
        mean, deviation = there.mean(axis=0).filled(0), there.std(axis=0).filled(0)
        return mean, np.where(deviation > 0, deviation, 1)
    mean = columns.mean(axis=0)
    squares = np.einsum("nf,nf->f", columns, columns, dtype=np.float64) / len(columns)
    deviation = np.sqrt(np.maximum(squares - mean**2, 0))
    return mean.astype(np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32)


def _standardised(columns: Matrix, mean: Matrix, deviation: Matrix) -> NDArray[np.float32]:
    """What is missing is as the mean."""
    return np.nan_to_num(np.asarray((columns - mean) / deviation, np.float32), copy=False)
