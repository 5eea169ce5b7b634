"""Answers to rows that may have several labels at once, and everything that can be said of them. N rows, K labels.

truth: uint8 [N, K], 1 where a row has a label; probabilities: float [N, K], each of one label by itself.

Conventions are scikit-learn's, as of classes: a label that no row has and none is given takes no part in macro F1, and
one that all rows have or none takes none in the mean of the rankings. Errors of F1 are those of ratios of sums over the
rows, by the infinitesimal jackknife (Efron, 1982), as of rankings: what a row's weight moves is that row's influence,
and all labels of a row are one draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.metrics import paired
from keepfit.metrics.intervals import of_means, share_known, wilson
from keepfit.metrics.paired import Paired
from keepfit.metrics.probabilistic import Probabilities, Values
from keepfit.metrics.ranking import Ranking
from keepfit.store.artifacts import Interval

Truth = NDArray[np.integer[Any]]

GIVEN = 0.5
"""From this probability on a label is given."""


@dataclass(frozen=True)
class Several:
    """The labels of rows, at least one row, and the probabilities given for them."""

    truth: Truth
    probabilities: Probabilities

    @cached_property
    def given(self) -> NDArray[np.bool_]:
        """[N, K]."""
        return np.asarray(self.probabilities >= GIVEN)

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """[N, K]."""
        return self.truth.astype(np.bool_)

    @cached_property
    def losses(self) -> Values:
        """Log loss of each row in nats, the mean over its labels [N]."""
        return np.asarray(self.each_loss.mean(axis=1))

    @cached_property
    def each_loss(self) -> Values:
        """Log loss in nats [N, K]; a probability below the type's precision counts as that precision."""
        least = np.finfo(self.probabilities.dtype).eps
        right = np.where(self.there, self.probabilities, 1 - self.probabilities)
        return -np.log(np.clip(right, least, 1 - least).astype(np.float64))

    @cached_property
    def right(self) -> Values:
        """The share of a row's labels that are told right, given or not [N]."""
        return np.asarray((self.given == self.there).mean(axis=1))

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """Rows all of whose labels are right [N]."""
        return np.asarray((self.given == self.there).all(axis=1))

    @cached_property
    def hits(self) -> NDArray[np.int64]:
        """Rows that have a label and were given it [K]."""
        return np.asarray((self.given & self.there).sum(axis=0))

    @cached_property
    def both(self) -> NDArray[np.int64]:
        """Rows that have a label, plus those that were given it [K]."""
        return np.asarray(self.there.sum(axis=0) + self.given.sum(axis=0))

    @cached_property
    def rankings(self) -> dict[int, Ranking]:
        """Label → how its probabilities rank, where some rows have it and others do not."""
        columns = range(self.truth.shape[1])
        made = {k: Ranking.of(np.ascontiguousarray(self.probabilities[:, k]), self.there[:, k]) for k in columns}
        return {k: ranking for k, ranking in made.items() if ranking.defined}

    def scores(self) -> dict[str, float]:
        """Every scalar metric that is defined on these rows, by its name.

        micro_f1 and macro_f1 are left out where no row has a label and none is given, roc_auc and pr_auc, means over
        the labels, where no label can be ranked.
        """
        made = {
            "subset_accuracy": float(self.whole.mean()),
            "label_accuracy": float(self.right.mean()),
            "log_loss": float(self.losses.mean()),
        }
        if self.both.any():
            made["micro_f1"] = float(2 * self.hits.sum() / self.both.sum())
            made["macro_f1"] = float(self._f1[self._seen].mean())
        if self.rankings:
            made["roc_auc"] = float(np.mean([r.roc_auc for r in self.rankings.values()]))
            made["pr_auc"] = float(np.mean([r.average_precision for r in self.rankings.values()]))
        return made

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Confidence intervals of all of them."""
        rows = len(self.truth)
        spread = float(np.std(self.right, ddof=1) / np.sqrt(rows)) if rows > 1 else 0.0
        made = {
            "subset_accuracy": wilson(float(self.whole.mean()), rows, confidence),
            "label_accuracy": share_known(float(self.right.mean()), spread, rows, confidence),
            **of_means({"log_loss": self.losses}, confidence),
        }
        scores = self.scores()
        for name, influence, least in self._influences():
            error = float(np.sqrt(influence @ influence))
            made[name] = share_known(scores[name], error, least, confidence)
        return made

    def per_label(self) -> list[dict[str, float | None]]:
        """For each label `support`, `precision`, `recall`, `f1`, `roc_auc`, `pr_auc`, `log_loss`; None if undefined."""
        rows, given = self.there.sum(axis=0), self.given.sum(axis=0)
        made = []
        for k, (hits, support, said) in enumerate(zip(self.hits, rows, given, strict=True)):
            ranking = self.rankings.get(k)
            made.append(
                {
                    "support": int(support),
                    "precision": float(hits / said) if said else None,
                    "recall": float(hits / support) if support else None,
                    "f1": float(self._f1[k]) if self.both[k] else None,
                    "roc_auc": ranking.roc_auc if ranking else None,
                    "pr_auc": ranking.average_precision if ranking else None,
                    "log_loss": float(self.each_loss[:, k].mean()),
                }
            )
        return made

    @cached_property
    def _seen(self) -> NDArray[np.bool_]:
        return np.asarray(self.both > 0)

    @cached_property
    def _f1(self) -> Values:
        return np.asarray(2 * self.hits / np.maximum(self.both, 1))

    def _influences(self) -> list[tuple[str, Values, float]]:
        """Metric, each row's influence on it [N], and how many rows it stands on where all are right."""
        found = []
        if self.both.any():
            hit, both = 2.0 * (self.given & self.there), 1.0 * self.there + self.given
            f1, total = 2 * self.hits.sum() / self.both.sum(), self.both.sum()
            touched = float(np.count_nonzero(both.any(axis=1)))
            found.append(("micro_f1", (hit.sum(axis=1) - f1 * both.sum(axis=1)) / total, touched))
            seen = self._seen
            each = (hit[:, seen] - self._f1[seen] * both[:, seen]) / self.both[seen]
            found.append(("macro_f1", each.mean(axis=1), _least(self.both[seen] / 2)))
        ranked = self.rankings
        if ranked:
            least = _least(np.array([min(r.above[-1], r.wrong_above[-1]) for r in ranked.values()]))
            for name, way in (("roc_auc", Ranking.roc_influence), ("pr_auc", Ranking.precision_influence)):
                total_influence = np.zeros(len(self.truth))
                for k, ranking in ranked.items():
                    total_influence += ranking.of_rows(way(ranking), self.there[:, k])
                found.append((name, total_influence / len(ranked), least))
        return found


def compare(truth: Truth, champion: Probabilities, challenger: Probabilities, metric: str, level: float) -> Paired:
    """The paired comparison at a one-sided level, on log_loss, label_accuracy or subset_accuracy of the same rows.

    A row is one draw however many labels it has: the first two are means of the rows' gains, the last is McNemar's
    exact test. Raises ValueError without rows.
    """
    if len(truth) == 0:
        raise ValueError("a paired comparison needs at least one row")
    before, after = Several(truth, champion), Several(truth, challenger)
    if metric == "log_loss":
        return paired.of_gains(before.losses - after.losses, level)
    if metric == "label_accuracy":
        return paired.of_gains(after.right - before.right, level, most=1.0)
    return paired.of_shares(after.whole.astype(np.int8) - before.whole, np.zeros(len(truth), np.int64), level)


def _least(rows: NDArray[Any]) -> float:
    """Of how many right answers a mean over labels is worth that stands on so many rows each."""
    return float(len(rows) ** 2 / np.sum(1 / rows))
