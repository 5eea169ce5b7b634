"""The classical baseline of most columns: scikit-learn's histogram gradient boosting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from keepfit.stages.evaluation.parts import Examples, sample

_ROUNDS = 300
_STOPPING = 10_000
"""With more rows the validation part says after how many rounds to stop; with fewer that would be noise, and
scikit-learn's own default of 100 rounds holds up."""
_WORK = 10_000_000_000
"""Rows × columns × trees that take about a minute on one core."""
_LEAST = 1000
"""Rows, however many columns and classes."""


def answer(parts: Examples, classes: int) -> tuple[str, NDArray[np.float32]]:
    """The model in words, and its probabilities of the test rows [N, K]."""
    trees = _ROUNDS * (1 if classes == 2 else classes)
    kept = sample(parts.labels, max(_WORK // (parts.rows.shape[1] * trees), _LEAST))
    of_train = kept < parts.train
    rounds = 100
    with threadpool_limits(1):
        if len(kept) > _STOPPING and not of_train.all():
            rounds = _rounds(parts, kept[of_train], kept[~of_train])
        model = _model(parts, rounds).fit(parts.rows[kept], parts.labels[kept])
        probabilities = np.zeros((len(parts.test), classes), np.float32)
        probabilities[:, model.classes_] = model.predict_proba(parts.test)
    return _name(len(kept), len(parts.labels)), probabilities


def _rounds(parts: Examples, train: NDArray[np.intp], validation: NDArray[np.intp]) -> int:
    """The number of rounds at which the validation part's log loss is least."""
    seen = validation[np.isin(parts.labels[validation], parts.labels[train])]
    model = _model(parts, _ROUNDS, early_stopping=True)
    model.fit(parts.rows[train], parts.labels[train], X_val=parts.rows[seen], y_val=parts.labels[seen])
    return max(int(np.argmax(model.validation_score_)), 1)


def _model(parts: Examples, rounds: int, early_stopping: bool = False) -> HistGradientBoostingClassifier:
    columns = parts.rows.shape[1]
    codes = list(range(columns - parts.categories, columns))
    return HistGradientBoostingClassifier(
        max_iter=rounds, early_stopping=early_stopping, categorical_features=codes or None, random_state=0
    )


def _name(kept: int, rows: int) -> str:
    return "HistGradientBoosting" if kept == rows else f"HistGradientBoosting on {kept:,} of {rows:,} rows"
