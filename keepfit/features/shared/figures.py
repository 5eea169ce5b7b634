"""The figures of a column of numbers, exact and streaming.

Only quantiles come from a sample, where the rows are many. n rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.errors import DataError

QUANTILES, DISTINCT_QUANTILES, DISTINCT = 1001, 257, 256
_TENTHS = 10
BINS = 20
"""Of the histogram."""

Values = NDArray[np.float64]


@dataclass
class NumberFigures:
    """One column's figures over all values added, NaN counted as missing."""

    held: int = 0
    missing: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared distances from the mean."""
    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    """Whether the sample is all of the values."""
    sample: list[Values] = field(default_factory=list)

    def add(self, values: Values, sampled: NDArray[np.bool_] | None) -> None:
        """Add values [n], and keep those under `sampled` (all, when None) for the quantiles.

        Merged pairwise by batch (Chan, Golub, LeVeque 1983), which loses no digits however many rows there are.
        """
        known = _known(values)
        self.missing += len(values) - len(known)
        self.whole &= sampled is None
        self.sample.append(known if sampled is None else _known(values[sampled]))
        if not len(known):
            return
        count = self.held + len(known)
        with np.errstate(over="ignore", invalid="ignore"):  # too large values are refused afterwards, by name
            mean = known.mean()
            off = mean - self.mean
            self.squares += float(np.square(known - mean).sum() + off * off * self.held * len(known) / count)
            self.mean += float(off * len(known) / count)
        self.held = count
        self.low, self.high = min(self.low, float(known.min())), max(self.high, float(known.max()))

    def ordered(self) -> Values:
        """The sample, sorted, from the lowest to the highest of all values."""
        ends = () if self.whole else (self.low, self.high)  # a sparse column may have no value in the sample
        return np.sort(np.concatenate([*self.sample, np.array(ends)]))

    def fitted(self) -> dict[str, Any]:
        """The figures of an entry."""
        ordered = self.ordered()
        distinct = ordered[np.append(True, ordered[1:] != ordered[:-1])]
        return {
            "mean": self.mean,
            "std": float(np.sqrt(self.squares / self.held)) or 1.0,
            "min": self.low,
            "max": self.high,
            "missing": self.missing,
            "distinct": distinct.tolist() if len(distinct) <= DISTINCT else None,
            "quantiles": _quantiles(ordered, QUANTILES),
            "distinct_quantiles": _quantiles(distinct, DISTINCT_QUANTILES),
        }

    def check(self, name: str) -> None:
        """Raise DataError for values that have no standard deviation in double precision."""
        if not np.isfinite(self.squares):
            raise DataError(
                f'the feature "{name}" has values from {self.low:g} to {self.high:g}.',
                allowed="Values beyond 1e150 have no standard deviation in double precision.",
                todo="Expect the column to be in a sensible range, or take it out of features.",
                where=f'column "{name}"',
            )

    def profile(self) -> dict[str, Any]:
        """Median, distinct values and histogram of the sample; the outermost half per cent is in the end bins."""
        values = self.ordered()
        low, median, high = np.quantile(values, [0.005, 0.5, 0.995])
        edges = np.linspace(low, high, BINS + 1)
        if not (np.diff(edges) > 0).all():  # 0.3 and 0.1 + 0.2 differ, but no number between them is an edge
            edges = np.array([low, high])
        counts = np.histogram(values.clip(low, high), edges)[0] if low < high else np.array([len(values)])
        return {
            "count": self.held,
            "missing": self.missing,
            "distinct": len(np.unique(values)),
            "min": self.low,
            "median": float(median),
            "max": self.high,
            "mean": self.mean,
            "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
        }

    def binned(self, edges: Values) -> list[int]:
        """`fallen` of the sample, missing cells in the same proportion."""
        values = self.ordered()
        counts = fallen(values, edges)
        counts[0] = round(self.missing * len(values) / self.held)
        return counts.tolist()  # type: ignore[no-any-return]


def tenths(quantiles: Sequence[float] | Values) -> Values:
    """Rising edges between the tenths of some values by evenly spaced quantiles; one that is in several tenths has a
    bin to itself."""
    found = np.quantile(np.array(quantiles), np.arange(1, _TENTHS) / _TENTHS, method="nearest")
    values, times = np.unique(found, return_counts=True)
    return np.unique(np.concatenate([values, np.nextafter(values[times > 1], np.inf)]))


def fallen(values: Values, edges: Values) -> NDArray[np.int64]:
    """How many are no finite numbers, and how many lie below the first edge, from it to the next, … [edges + 2]."""
    known = np.isfinite(values)
    places = np.where(known, np.searchsorted(edges, values, "right") + 1, 0)
    return np.bincount(places, minlength=len(edges) + 2)


def ranges(edges: Values, written: Callable[[float], str]) -> tuple[str, ...]:
    """The names of those bins."""
    starts = [written(edges[0])]
    for before, edge in pairwise(edges):  # an edge just above another is no value that a person knows
        starts.append(f"above {written(before)}" if edge == np.nextafter(before, np.inf) else written(edge))
    names = ["missing", f"below {starts[0]}"]
    for low, start, high in zip(edges, starts, edges[1:], strict=False):
        names.append(start if high == np.nextafter(low, np.inf) else f"{start} to {written(high)}")
    return (*names, starts[-1] if starts[-1].startswith("above") else f"{starts[-1]} or more")


def _known(values: Values) -> Values:
    """Those that are not missing; most columns have no gap."""
    missing = np.isnan(values)
    return values[~missing] if missing.any() else values


def _quantiles(ordered: Values, most: int) -> list[float]:
    """At most `most` evenly spaced quantiles of sorted values, the lowest and highest included."""
    places = np.linspace(0, len(ordered) - 1, min(most, len(ordered)))
    lower = places.astype(np.int64)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    between = places - lower
    return (ordered[lower] + (ordered[upper] - ordered[lower]) * between).tolist()  # type: ignore[no-any-return]
