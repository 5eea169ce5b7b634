"""The classical baseline of many columns that are alike, as pixels and n-grams are: a linear model on them, scaled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from keepfit.problems.answer import Answers
from keepfit.problems.judge import Examples
from keepfit.problems.scaled import Scaled, cells

_WORK = 1_000_000_000
"""Rows × columns × outputs: about twice MNIST's."""
_CELLS = 100_000_000
"""Rows × columns: 400 MB."""

_STRENGTHS = (0.01, 0.1, 1.0)
"""scikit-learn's C: on 60,000 rows of MNIST the smallest was best, on 1,400 of the 8×8 digits the largest."""
_OF_COUNTS = (1.0, 4.0, 16.0)
"""Rows of TF-IDF have the length 1, so that weights must be larger."""
_STEPS = 100

Matrix = Any
"""An array [N, F], or scipy's csr_matrix."""


@dataclass(frozen=True)
class LinearBaseline:
    """One of scikit-learn's estimators, with its penalty to be chosen."""

    name: str
    outputs: int
    penalties: Sequence[float]
    """From the strongest penalty to the weakest, in the estimator's own terms."""
    fit: Callable[[Matrix, NDArray[Any], float], Any]
    """Rows [N, F], labels [N] and a penalty → a fitted estimator."""
    drawn: Callable[[NDArray[Any], int], NDArray[np.intp]]
    """Labels [N] and a number → so many rows, those that stand for all."""
    answer: Callable[[Any, Matrix], Answers]
    """A fitted estimator and rows [N', F] → answers."""


def fitted(examples: Examples, how: LinearBaseline) -> tuple[str, Answers]:
    """The model in words, and its answers to the test rows [N', A]."""
    most = min(_WORK // how.outputs, _CELLS) // cells(examples.rows)
    kept = how.drawn(examples.labels, most)
    scaled = Scaled(examples.rows[kept], examples)
    rows, labels = scaled(examples.rows[kept]), examples.labels[kept]
    with threadpool_limits(1):
        model = how.fit(rows, labels, _penalty(rows, labels, kept < examples.train, how))
        answers = examples.answered(lambda asked: how.answer(model, scaled(asked)))
    share = "" if len(kept) == examples.there else f" of {len(kept):,} of {examples.there:,} rows"
    what = f"the TF-IDF of {examples.what}" if examples.counts else examples.what
    return f"{how.name} on {what or 'all columns'}{share}", answers


def _penalty(rows: Matrix, labels: NDArray[Any], of_train: NDArray[np.bool_], how: LinearBaseline) -> float:
    """That which answers the validation part best, the strongest of equal ones."""
    if of_train.all():
        return how.penalties[0]
    scores = [
        float(how.fit(rows[of_train], labels[of_train], one).score(rows[~of_train], labels[~of_train]))
        for one in how.penalties
    ]
    return how.penalties[int(np.argmax(scores))]


def strengths(examples: Examples) -> Sequence[float]:
    """The penalties to choose from of a logistic regression, as scikit-learn's C."""
    return _OF_COUNTS if examples.counts else _STRENGTHS


def logistic(rows: Matrix, labels: NDArray[Any], strength: float) -> Any:
    """A fitted logistic regression of classes [N]."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # A hundred steps end short of the optimum for large C, and answer as well there.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=strength, max_iter=_STEPS, tol=1e-3).fit(rows, labels)
