"""A classical model of each label by itself. N rows, F columns, K labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.metrics.several import Several
from keepfit.problems.answer import Answers, Labels

Matrix = Any
"""An array [N, F], or scipy's csr_matrix."""


class Each:
    """K fitted models of yes and no; a label that all rows have or none is answered by that."""

    def __init__(self, fit: Callable[[int, NDArray[Any]], Any], labels: Labels) -> None:
        """`fit` takes a label's place and its column [N]."""
        columns = list(labels.T)
        self.models = [fit(k, one) if one.min() != one.max() else None for k, one in enumerate(columns)]
        self._constant = [float(one[0]) for one in columns]

    def probabilities(self, rows: Matrix) -> Answers:
        """[N', K], float32."""
        found = [
            np.full(rows.shape[0], constant) if model is None else model.predict_proba(rows)[:, 1]
            for model, constant in zip(self.models, self._constant, strict=True)
        ]
        return np.stack(found, axis=1).astype(np.float32)

    def score(self, rows: Matrix, labels: Labels) -> float:
        """The log loss a label, negative."""
        return -float(Several(labels, self.probabilities(rows)).losses.mean())


class Boosted:
    """scikit-learn's histogram gradient boosting of each label, with its manners."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings

    def fit(self, rows: Matrix, labels: Labels, X_val: Matrix = None, y_val: Labels | None = None) -> Boosted:  # noqa: N803
        """[N, F], [N, K], and validation rows where these say when to stop."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        def one(k: int, column: NDArray[Any]) -> Any:
            model = HistGradientBoostingClassifier(**self._settings)
            return model.fit(rows, column) if y_val is None else model.fit(rows, column, X_val=X_val, y_val=y_val[:, k])

        self.each = Each(one, labels)
        return self

    @property
    def validation_score_(self) -> NDArray[np.float64]:
        """The mean over the labels after each round; one that stopped early stays as it was."""
        return _mean([model.validation_score_ for model in self.each.models if model is not None])


def _mean(scores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    rounds = max(map(len, scores), default=1)
    padded = [np.pad(one, (0, rounds - len(one)), mode="edge") for one in scores]
    return np.mean(padded, axis=0) if padded else np.zeros(1)
