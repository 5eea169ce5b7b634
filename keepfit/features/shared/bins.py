"""Where the bins of a number column begin and end.

"Distinct-value" bins: a column of few values gets a bin for each; any other gets the union of the quantiles of its rows
and the quantiles of its distinct values. Quantiles of the rows alone fall together on a column that is mostly one value
(Adult: 87.5 % against 86.0 %).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Doubles = NDArray[np.float64]


class Figures(Protocol):
    """What the bins of a column are made from: its own figures, or those of a cycle in it."""

    @property
    def mean(self) -> float:
        """Of the train rows."""

    @property
    def std(self) -> float:
        """1 for a constant column."""

    @property
    def distinct(self) -> Sequence[float] | None:
        """All values, where they are few."""

    @property
    def quantiles(self) -> Sequence[float]:
        """Evenly spaced, of the rows."""

    @property
    def distinct_quantiles(self) -> Sequence[float]:
        """Evenly spaced, of the different values."""


def edges(feature: Figures, bins: int) -> Doubles:
    """[T + 1] rising edges of at most `bins` bins, in units of the column's deviation from its mean.

    They differ in float32, in which the module works, so no bin is empty.
    """
    distinct = feature.distinct
    if distinct is not None and len(distinct) <= bins:
        values = standard(feature, np.array(distinct))
        values = np.unique(values.astype(np.float32)).astype(np.float64)
        return _around(values)
    half = bins // 2
    parts = [_thinned(feature.quantiles, half + 1), _thinned(feature.distinct_quantiles, bins - half)]
    return _apart(standard(feature, np.concatenate(parts)))


def standard(feature: Figures, values: Doubles) -> Doubles:
    """Values less the column's mean, over its deviation."""
    return (values - feature.mean) / feature.std


def ranks(feature: Figures, found: Doubles, bins: int) -> Doubles:
    """[bins + 1] normal deviates of the ranks of these edges among the train rows; the last is repeated to fill up.

    The outermost ranks are those of one row in 1,000, so that no deviate is infinite.
    """
    rows = standard(feature, np.array(feature.quantiles))
    share = (np.searchsorted(rows, found, "left") + np.searchsorted(rows, found, "right")) / 2 / len(rows)
    deviates: Doubles = ndtri(share.clip(0.001, 0.999))
    return np.pad(deviates, (0, bins + 1 - len(found)), "edge")


def _around(values: Doubles) -> Doubles:
    """Edges half way between neighbours, the outer bins as wide as the gaps beside them."""
    if len(values) == 1:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    middle = (values[:-1] + values[1:]) / 2
    return _apart(np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]]))


def _thinned(values: Sequence[float], count: int) -> Doubles:
    """`count` of them, evenly spaced by rank, both ends among them."""
    ranks = np.linspace(0, len(values) - 1, min(count, len(values)))
    thinned: Doubles = np.array(values)[ranks.round().astype(int)]
    return thinned


def _apart(values: Doubles) -> Doubles:
    """Sorted, without what is equal in float32; never fewer than two."""
    kept = np.unique(values.astype(np.float32)).astype(np.float64)
    return kept if len(kept) > 1 else np.array([kept[0] - 0.5, kept[0] + 0.5])
