"""ROC-AUC or average precision of champion and challenger on the same rows. N rows, K classes.

A row's influence on either figure is the derivative by its weight (`keepfit.metrics.ranking`); the difference of the
two models' influences is that row's part in the difference, and what these scatter by is its error. For ROC-AUC that
is DeLong's test (1988), by ranks instead of pairs (Sun & Xu, 2014). Where more than two classes are ranked, the figure
is their mean, and so is a row's influence.

How much that error can be trusted depends on the rows of the smaller side of each ranking: Student's t with so many
degrees of freedom less one, over several rankings by Satterthwaite's rule. By Welch's rule, over the two sides, one of
two equal models came out better by average precision in 6.2 % of 3,000 draws with some eight positive rows of 400, at
a level of 5; so in 5.5 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from keepfit.metrics.probabilistic import Labels, Probabilities, Values
from keepfit.metrics.ranking import Influence, Ranking, rankings

FIGURES: dict[str, tuple[Callable[[Ranking], float], Callable[[Ranking], Influence]]] = {
    "roc_auc": (lambda ranking: ranking.roc_auc, Ranking.roc_influence),
    "pr_auc": (lambda ranking: ranking.average_precision, Ranking.precision_influence),
}
"""Metric → the figure of a ranking, and its influence."""


@dataclass(frozen=True)
class Difference:
    """Challenger minus champion."""

    value: float
    error: float
    """Standard error of the value."""
    freedom: float
    """Its degrees of freedom."""

    def reach(self, level: float) -> float:
        """How far the true difference is from the value, with at most probability `level` on each side."""
        return float(-special.stdtrit(self.freedom, level)) * self.error

    def p_above(self, sign: int) -> float:
        """One-sided p-value of a difference that is not above zero; with sign -1, not below."""
        if self.error == 0:
            return 0.5 if self.value == 0 else float(sign * self.value < 0)
        return float(special.stdtr(self.freedom, -sign * self.value / self.error))


def difference(
    labels: Labels, champion: Probabilities, challenger: Probabilities, metric: str, positive: int | None
) -> Difference | None:
    """The difference of a metric on labels [N], of the class `positive` or as the mean over the classes; None where all
    rows are of one class."""
    figure, influence = FIGURES[metric]
    before, after = rankings(labels, champion, positive), rankings(labels, challenger, positive)
    total, parts = 0.0, np.zeros(len(labels))
    scatter, freedom = [], []
    for k, ranking in after.items():
        is_one = labels == k
        part = ranking.of_rows(influence(ranking), is_one) - before[k].of_rows(influence(before[k]), is_one)
        parts += part
        total += figure(ranking) - figure(before[k])
        scatter.append(float(part @ part))
        freedom.append(max(min(ranking.above[-1], ranking.wrong_above[-1]) - 1, 1.0))
    if not after:
        return None
    of_all = np.array(scatter)
    most = float(of_all.sum() ** 2 / (of_all**2 @ (1 / np.array(freedom)))) if of_all.any() else 1.0
    return Difference(total / len(after), _error(parts / len(after), labels), most)


def _error(parts: Values, labels: Labels) -> float:
    """The standard error of a sum of parts [N]: within the classes and between them, as rows are drawn.

    A class of one row does not tell how it scatters, and counts as the most scattered of all.
    """
    _, stratum, rows = np.unique(labels, return_inverse=True, return_counts=True)
    values = parts * rows[stratum]  # of which each class has the mean that it adds
    means = np.bincount(stratum, values) / rows
    scatter = np.bincount(stratum, (values - means[stratum]) ** 2) / np.maximum(rows - 1, 1)
    scatter[rows == 1] = scatter.max()
    return float(np.sqrt((scatter + means**2) @ (1 / rows)))


def least(labels: Labels) -> float:
    """The smallest p-value that so many rows can give: of all ways to rank their classes one alone is the best, and no
    row shows more than its sign."""
    rows = np.unique(labels, return_counts=True)[1]
    ways = float(special.gammaln(len(labels) + 1) - special.gammaln(rows + 1).sum())
    return float(np.exp(-min(ways, len(labels) * np.log(2))))
