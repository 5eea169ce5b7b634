"""A model's answers on labelled rows, and everything that can be said of them. N rows, K classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from keepfit.metrics import curves, intervals, probabilistic
from keepfit.metrics.confusion import Margins, confusion
from keepfit.metrics.probabilistic import Labels, Probabilities, Values
from keepfit.metrics.ranking import Ranking, rankings, rarer
from keepfit.store.artifacts import Interval


@dataclass(frozen=True)
class Answers:
    """Labels [N], at least one, and the probabilities [N, K] given for them; what is costly is computed once."""

    labels: Labels
    probabilities: Probabilities
    named: int | None = None
    """The positive class of two; the rarer when left out."""
    factors: tuple[float, ...] = ()
    """What each class's probability counts [K] when one is said; all alike where there are none."""

    @property
    def positive(self) -> int | None:
        """The class that some metrics are of; none where there are more than two."""
        if self.probabilities.shape[1] != 2:
            return None
        return rarer(self.labels) if self.named is None else self.named

    @property
    def _found(self) -> int | None:
        """The positive class, where rows are of it."""
        return self.positive if np.any(self.labels == self.positive) else None

    @cached_property
    def predictions(self) -> NDArray[np.intp]:
        """The class that is said of each row, [N]."""
        return probabilistic.said(self.probabilities, self.factors)

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Rows of class i predicted as j, [K, K]."""
        return confusion(self.labels, self.predictions, self.probabilities.shape[1])

    @cached_property
    def losses(self) -> Values:
        """Log loss of each row, in nats, [N]."""
        return probabilistic.losses(self.labels, self.probabilities)

    @cached_property
    def squared_errors(self) -> Values:
        """Brier score of each row, [N]."""
        return probabilistic.squared_errors(self.labels, self.probabilities)

    @cached_property
    def rankings(self) -> dict[int, Ranking]:
        """Class → how it ranks, for the classes where that is defined; of two classes the positive one."""
        return rankings(self.labels, self.probabilities, self.positive)

    @cached_property
    def calibration(self) -> list[dict[str, float]]:
        """The bins of the calibration curve."""
        return probabilistic.calibration(self.labels, self.probabilities)

    def scores(self, top_k: int | None = None) -> dict[str, float]:
        """Every scalar metric that is defined on these rows, by its name.

        roc_auc and pr_auc are of the positive of two classes, or the mean over the classes that occur; they are left
        out where all rows are of one class. precision, recall and f1 are of the positive of two classes, and left out
        where no row is of it. top_k_accuracy is there with more than `top_k` classes.
        """
        made = {name: float(value) for name, value in Margins.of(self.confusion).scores(self._found).items()}
        made["log_loss"] = float(np.mean(self.losses))
        made["brier"] = float(np.mean(self.squared_errors))
        made["calibration_error"] = probabilistic.calibration_error(self.calibration)
        if self.rankings:
            made["roc_auc"] = float(np.mean([r.roc_auc for r in self.rankings.values()]))
            made["pr_auc"] = float(np.mean([r.average_precision for r in self.rankings.values()]))
        if top_k is not None and self.probabilities.shape[1] > top_k:
            hits = probabilistic.top_k_hits(self.labels, self.probabilities, top_k)
            made["top_k_accuracy"] = float(np.mean(hits))
        return made

    def intervals(self, confidence: float, seed: int = 0) -> dict[str, Interval]:
        """Confidence intervals of the metrics that a model may be judged by."""
        return {
            **intervals.of_matrix(self.confusion, confidence, self._found, seed),
            **intervals.of_rankings(self.rankings, self.labels, confidence),
            **intervals.of_means({"log_loss": self.losses, "brier": self.squared_errors}, confidence),
        }

    def per_class(self) -> list[dict[str, float | None]]:
        """For each class `support`, `precision`, `recall`, `f1`, `roc_auc`, `pr_auc`; None where undefined."""
        margins = Margins.of(self.confusion)
        figures = margins.per_class()
        made = []
        for k, support in enumerate(margins.true):
            row: dict[str, float | None] = {"support": int(support)}
            row |= {name: None if np.isnan(values[k]) else float(values[k]) for name, values in figures.items()}
            ranking = self.rankings.get(k)
            row["roc_auc"] = ranking.roc_auc if ranking else None
            row["pr_auc"] = ranking.average_precision if ranking else None
            made.append(row)
        return made

    def curves(self) -> dict[int, dict[str, list[float]]]:
        """Class → points of its ROC curve (`fpr`, `tpr`) and of its precision-recall curve (`recall`, `precision`)."""
        made = {}
        for k, ranking in self.rankings.items():
            fpr, tpr = curves.roc(ranking)
            recall, precision = curves.precision_recall(ranking)
            made[k] = {"fpr": fpr, "tpr": tpr, "recall": recall, "precision": precision}
        return made
