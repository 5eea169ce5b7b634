"""Champion and challenger on the same rows: how far they differ, and whether that can be chance. N rows, K classes.

Shares of right answers are compared by the exact sign-flip test: were the two equal, each row that only one of them
answers right would go to either with probability one half (McNemar's exact test; per class for balanced accuracy).
The log loss is compared by the mean of the rows' gains, with an interval that allows for their skewness; rankings by
the rows' influences on them (`keepfit.metrics.paired_rankings`).

Sources: McNemar (1947); Bonett & Price, Adjusted Wald confidence interval for a difference of binomial proportions
based on paired data, J. Educ. Behav. Stat. 37 (2012), spread over K strata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from keepfit.errors import DataError
from keepfit.metrics import paired_rankings
from keepfit.metrics.means import interval, p_above_zero
from keepfit.metrics.probabilistic import Labels, Probabilities, Values, losses, said

Counts = NDArray[np.int64]
"""Rows a stratum."""

DRAWS = 20_000
"""Sign flips drawn for balanced accuracy; at p = 0.05 the Monte Carlo error is 0.0015."""

_LARGEST = float(-2 * np.log(np.finfo(np.float32).eps))
"""Twice the largest log loss of a row, in nats: no interval need reach farther."""


@dataclass(frozen=True)
class Paired:
    """Challenger minus champion, so that above zero the challenger is better, for the log loss too."""

    difference: float
    low: float
    """Lower end of the two-sided interval of confidence 1 - 2 · level; never above zero unless p_better < level."""
    high: float
    p_better: float
    """One-sided p-value: how often a challenger that is no better would come out so far ahead."""
    rows: int


def compare(
    labels: Labels,
    champion: Probabilities,
    challenger: Probabilities,
    metric: Literal["accuracy", "balanced_accuracy", "log_loss", "roc_auc", "pr_auc"],
    level: float,
    seed: int = 0,
    positive: int | None = None,
    factors: Sequence[float] = (),
) -> Paired:
    """The paired comparison at a one-sided level; labels [N], probabilities [N, K] of the same rows.

    roc_auc and pr_auc are of the class `positive`, or without one the mean over the classes; which class is said
    follows from `factors`, see `keepfit.metrics.probabilistic.said`. Raises ValueError without
    rows, DataError for these two where all rows are of one class.
    """
    if len(labels) == 0:
        raise ValueError("a paired comparison needs at least one row")
    if metric == "log_loss":
        return of_gains(losses(labels, champion) - losses(labels, challenger), level)
    if metric in ("roc_auc", "pr_auc"):
        return _rankings(labels, champion, challenger, metric, level, positive)
    right, before = (said(found, factors) == labels for found in (challenger, champion))
    gains = right.astype(np.int8) - before
    strata = labels if metric == "balanced_accuracy" else np.zeros_like(labels)
    return of_shares(gains, strata, level, seed)


def of_shares(gains: NDArray[np.int8], strata: Labels, level: float, seed: int = 0) -> Paired:
    """`gains` [N]: +1 where only the challenger is right, -1 where only the champion is; the mean of strata means."""
    _, stratum = np.unique(strata, return_inverse=True)
    rows = np.bincount(stratum).astype(np.float64)
    ahead, behind = (np.bincount(stratum[gains == sign], minlength=len(rows)) for sign in (1, -1))
    difference = float(np.mean((ahead - behind) / rows))
    p_better, p_worse = _sign_flips(ahead, behind, rows, seed)
    low, high = _adjusted_wald(ahead, behind, rows, level)
    # The normal interval alone promotes on three rows of difference; the exact test needs five at a level of 0.05.
    return consistent(difference, low, high, p_better, p_worse, level, len(gains))


def _sign_flips(ahead: Counts, behind: Counts, rows: Values, seed: int) -> tuple[float, float]:
    """p-values for "better" and for "worse". One stratum is the binomial test, exact; more are drawn."""
    decided = ahead + behind
    if len(rows) == 1:
        tails = (special.bdtrc(w - 1, decided, 0.5) if w > 0 else 1.0 for w in (ahead[0], behind[0]))
        better, worse = (float(np.squeeze(tail)) for tail in tails)
        return better, worse
    flips = np.random.default_rng(seed).binomial(decided, 0.5, (DRAWS, len(rows)))
    drawn, found = (2 * flips - decided) @ (1 / rows), float((ahead - behind) @ (1 / rows))
    slack = 1e-9 * float(decided @ (1 / rows))  # equal sums may differ in their last bits
    at_least, at_most = np.count_nonzero(drawn >= found - slack), np.count_nonzero(drawn <= found + slack)
    return (1 + int(at_least)) / (1 + DRAWS), (1 + int(at_most)) / (1 + DRAWS)


def _adjusted_wald(ahead: Counts, behind: Counts, rows: Values, level: float) -> tuple[float, float]:
    """One row more to each side, shared by the strata, keeps the interval open where the two never differ."""
    pseudo = 1 / len(rows)
    total = rows + 2 * pseudo
    up, down = (ahead + pseudo) / total, (behind + pseudo) / total
    centre = float(np.mean(up - down))
    spread = np.sqrt(np.sum((up + down - (up - down) ** 2) / total)) / len(rows)
    reach = float(-special.ndtri(level) * spread)
    return centre - reach, centre + reach


def of_gains(gains: Values, level: float, most: float = _LARGEST) -> Paired:
    """`gains` [N]: the champion's loss minus the challenger's; no interval need reach `most` farther than their mean.

    No p-value is below 2^-N, the least that N rows can show by their signs: a handful of rows with nearly equal gains
    would make the t test sure.
    """
    rows, difference, least = len(gains), float(np.mean(gains)), 0.5 ** len(gains)
    low, high = (float(np.clip(end, difference - most, difference + most)) for end in interval(gains, level))
    p_better, p_worse = max(p_above_zero(gains), least), max(p_above_zero(-gains), least)
    return consistent(difference, low, high, p_better, p_worse, level, rows)


def _rankings(
    labels: Labels, champion: Probabilities, challenger: Probabilities, metric: str, level: float, positive: int | None
) -> Paired:
    found = paired_rankings.difference(labels, champion, challenger, metric, positive)
    if found is None:
        raise DataError("all rows that can be compared are of one class, and a ranking needs two.")
    reach, floor = found.reach(level), paired_rankings.least(labels)
    low, high = max(found.value - reach, -1.0), min(found.value + reach, 1.0)
    p_better, p_worse = (max(found.p_above(sign), floor) for sign in (1, -1))
    return consistent(found.value, low, high, p_better, p_worse, level, len(labels))


def consistent(
    difference: float, low: float, high: float, p_better: float, p_worse: float, level: float, rows: int
) -> Paired:
    """A comparison whose interval is opened to zero on each side where the test does not reject."""
    low = low if p_better < level else min(low, 0.0)
    high = high if p_worse < level else max(high, 0.0)
    return Paired(difference, min(low, difference), max(high, difference), p_better, rows)
