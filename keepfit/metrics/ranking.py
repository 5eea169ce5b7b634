"""How well scores rank the rows of one class before all others. N rows, G distinct scores.

Area under the ROC curve with DeLong's variance (DeLong et al., 1988) and average precision with the infinitesimal
jackknife (Efron, 1982): the derivative of either by a row's weight is that row's influence, and the sum of the squared
influences is the variance. Equal scores are one step of the curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.metrics.probabilistic import Labels, Probabilities, Values

Influence = tuple[Values, Values]
"""Of a positive row and of a negative row at each distinct score, each [G]."""


@dataclass(frozen=True)
class Ranking:
    """Rows grouped by score, the highest first."""

    positive: NDArray[np.int64]
    """Rows of the class at each distinct score, [G]."""
    negative: NDArray[np.int64]
    """Other rows, [G]."""
    order: NDArray[np.intp]
    """Row numbers, the highest score first, [N]."""

    @classmethod
    def of(cls, scores: Probabilities, positive: NDArray[np.bool_]) -> Ranking:
        """Rank by `scores` [N]; `positive` [N] says which rows are of the class."""
        order = np.argsort(-scores)  # not stable, as equal scores are joined; NumPy sorts 32-bit keys by SIMD
        ranked = scores[order]
        starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
        rows = np.diff(np.append(starts, len(scores)))
        positives = np.add.reduceat(positive[order], starts, dtype=np.int64)
        return cls(positives, rows - positives, order)

    @cached_property
    def above(self) -> Values:
        """Positive rows down to each score, [G]."""
        return np.cumsum(self.positive).astype(np.float64)

    @cached_property
    def wrong_above(self) -> Values:
        """Negative rows down to each score, [G]."""
        return np.cumsum(self.negative).astype(np.float64)

    @cached_property
    def precision(self) -> Values:
        """Share of positives down to each score, [G]."""
        return self.above / (self.above + self.wrong_above)

    @property
    def defined(self) -> bool:
        """Whether there are rows of the class and others."""
        return bool(self.above[-1] > 0 and self.wrong_above[-1] > 0)

    @property
    def roc_auc(self) -> float:
        """Probability that a row of the class ranks before another one, ties counting half."""
        pairs = self.negative @ (self.above - self.positive / 2)
        return float(pairs / (self.above[-1] * self.wrong_above[-1]))

    @property
    def average_precision(self) -> float:
        """Mean precision at the rows of the class, without interpolation."""
        return float(self.positive @ self.precision / self.above[-1])

    def roc_influence(self) -> Influence:
        """DeLong's structural components less their mean, over the rows of their side."""
        positives, negatives, area = self.above[-1], self.wrong_above[-1], self.roc_auc
        below = (negatives - self.wrong_above + self.negative / 2) / negatives
        ahead = (self.above - self.positive / 2) / positives
        return (below - area) / positives, (ahead - area) / negatives

    def precision_influence(self) -> Influence:
        """A row at a score moves the precision at that score and at all lower ones."""
        total, depth = self.above[-1], self.above + self.wrong_above
        gain = _from_end(self.positive / depth)
        loss = _from_end(self.positive * self.precision / depth)
        return (self.precision - self.average_precision + gain - loss) / total, -loss / total

    def of_rows(self, influence: Influence, positive: NDArray[np.bool_]) -> Values:
        """An influence by score as one by row, [N]."""
        spread = np.repeat(np.stack(influence), self.positive + self.negative, axis=1)
        rows = np.empty(len(self.order))
        rows[self.order] = np.where(positive[self.order], spread[0], spread[1])
        return rows


def _from_end(values: Values) -> Values:
    return np.cumsum(values[::-1])[::-1]


def rarer(labels: Labels) -> int:
    """The class of two that has fewer rows, as fraud has, and not the one that happens to come later by its letters;
    the second where both have as many."""
    return int(2 * np.count_nonzero(labels == 1) <= len(labels))


def rankings(labels: Labels, probabilities: Probabilities, positive: int | None) -> dict[int, Ranking]:
    """A ranking for each class that some rows are of and others are not; of two classes only for the positive one."""
    wanted = range(probabilities.shape[1]) if positive is None else [positive]
    made = {k: Ranking.of(np.ascontiguousarray(probabilities[:, k]), labels == k) for k in wanted}
    return {k: ranking for k, ranking in made.items() if ranking.defined}


def mean_error(ranked: dict[int, Ranking], labels: Labels, influence: str) -> float:
    """Standard error of the mean over the classes; `influence` names the Ranking's method."""
    total: Any = 0.0
    for k, ranking in ranked.items():
        total = total + ranking.of_rows(getattr(ranking, influence)(), labels == k)
    return float(np.sqrt(np.sum(total**2))) / len(ranked)
