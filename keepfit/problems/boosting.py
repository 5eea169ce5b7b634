"""The classical baseline of most columns: scikit-learn's histogram gradient boosting. N rows, F columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from keepfit.problems.answer import Answers
from keepfit.problems.judge import Examples

ROUNDS = 300
_STOPPING = 10_000
"""With more rows the validation part says after how many rounds to stop; with fewer that would be noise, and
scikit-learn's own default of 100 rounds holds up."""
_WORK = 10_000_000_000
"""Rows × columns × trees that take about a minute on one core."""
_LEAST = 1000
"""Rows, however many columns and trees."""


def every(asked: NDArray[Any], _taught: NDArray[Any]) -> NDArray[np.bool_]:
    """All rows may say when to stop, where no label is unknown to the estimator."""
    return np.ones(len(asked), np.bool_)


@dataclass(frozen=True)
class Boosting:
    """One of scikit-learn's two estimators."""

    estimator: Callable[..., Any]
    trees: int
    """A round."""
    drawn: Callable[[NDArray[Any], int], NDArray[np.intp]]
    """Labels [N] and a number → so many rows, those that stand for all."""
    answer: Callable[[Any, NDArray[Any]], Answers]
    """A fitted estimator and rows [N', F] → answers."""
    known: Callable[[NDArray[Any], NDArray[Any]], NDArray[np.bool_]] = every
    """Labels of validation rows and of train rows → which of the first the estimator takes for its early stopping."""


def boosted(examples: Examples, how: Boosting) -> tuple[str, Answers]:
    """The model in words, and its answers to the test rows [N', A]."""
    kept = how.drawn(examples.labels, max(_WORK // (examples.rows.shape[1] * ROUNDS * how.trees), _LEAST))
    of_train = kept < examples.train
    rounds = 100
    with threadpool_limits(1):
        if len(kept) > _STOPPING and not of_train.all():
            rounds = _rounds(examples, kept[of_train], kept[~of_train], how)
        model = estimator(how.estimator, examples, rounds).fit(examples.rows[kept], examples.labels[kept])
        answers = examples.answered(partial(how.answer, model))
    return _name(len(kept), examples.there), answers


def _rounds(examples: Examples, train: NDArray[np.intp], validation: NDArray[np.intp], how: Boosting) -> int:
    """The number of rounds at which the validation part's loss is least."""
    seen = validation[how.known(examples.labels[validation], examples.labels[train])]
    model = estimator(how.estimator, examples, ROUNDS, early_stopping=True)
    rows, labels = examples.rows, examples.labels
    model.fit(rows[train], labels[train], X_val=rows[seen], y_val=labels[seen])
    return max(int(np.argmax(model.validation_score_)), 1)


def estimator(kind: Callable[..., Any], examples: Examples, rounds: int, **settings: Any) -> Any:
    """One of scikit-learn's for these columns, not fitted yet, the same whenever it is fitted."""
    columns = examples.rows.shape[1]
    codes = list(range(columns - examples.categories, columns))
    told = {"early_stopping": False, "categorical_features": codes or None, "random_state": 0, **settings}
    return kind(max_iter=rounds, **told)


def _name(kept: int, rows: int) -> str:
    return "HistGradientBoosting" if kept == rows else f"HistGradientBoosting on {kept:,} of {rows:,} rows"
