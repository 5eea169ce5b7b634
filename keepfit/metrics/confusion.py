"""The confusion matrix, and the metrics that follow from it alone. N rows, K classes.

Conventions are scikit-learn's: a class that neither occurs nor is predicted takes no part in an average, one that is
never predicted has precision 0 in it, and balanced accuracy is the mean over the classes that occur.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.metrics.probabilistic import Labels, Values

Counts = NDArray[np.integer[Any]] | Values


def confusion(labels: Labels, predictions: Labels, classes: int) -> NDArray[np.int64]:
    """Rows of class i that were predicted as j, [K, K]."""
    cells = labels.astype(np.int64) * classes + predictions
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.int64)


@dataclass(frozen=True)
class Margins:
    """What the metrics need of a confusion matrix, or of many at once: each [..., K]."""

    right: Counts
    """Rows of a class that were predicted as such: the diagonal."""
    true: Counts
    """Rows of a class: sums over the predictions."""
    predicted: Counts
    """Rows predicted as a class: sums over the labels."""

    @classmethod
    def of(cls, matrix: NDArray[np.int64]) -> Margins:
        """The margins of one matrix [K, K]."""
        return cls(matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0))

    def per_class(self) -> dict[str, Values]:
        """`precision`, `recall`, `f1`, each [..., K]; NaN where nothing was predicted or nothing occurs."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "precision": self.right / self.predicted,
                "recall": self.right / self.true,
                "f1": 2 * self.right / (self.true + self.predicted),
            }

    def scores(self, positive: int | None = None) -> dict[str, Values]:
        """Every metric that follows from the matrix, by its name, each [...].

        With `precision`, `recall` and `f1` of the positive class where there is one.
        """
        figures = {name: np.nan_to_num(values) for name, values in self.per_class().items()}
        seen, occur, rows = (self.true + self.predicted > 0).sum(-1), (self.true > 0).sum(-1), self.true.sum(-1)
        macro = {f"macro_{name}": values.sum(-1) / seen for name, values in figures.items()}
        weighted = {f"weighted_{name}": (values * self.true).sum(-1) / rows for name, values in figures.items()}
        return {
            "accuracy": self.right.sum(-1) / rows,
            "balanced_accuracy": figures["recall"].sum(-1) / occur,
            **macro,
            **weighted,
            "mcc": self._correlation(),
            **({} if positive is None else {name: values[..., positive] for name, values in figures.items()}),
        }

    def _correlation(self) -> Values:
        """Matthews' coefficient for K classes (Gorodkin, 2004), -1 to 1; 0 where one class is all there is."""
        right, true, predicted = (counts.astype(np.float64) for counts in (self.right, self.true, self.predicted))
        rows = true.sum(-1)
        covariance = right.sum(-1) * rows - (true * predicted).sum(-1)
        spread = (rows**2 - (true**2).sum(-1)) * (rows**2 - (predicted**2).sum(-1))
        return np.asarray(covariance / np.sqrt(np.where(spread > 0, spread, np.inf)))
