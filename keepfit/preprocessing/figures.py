"""What one column teaches the transforms: figures of numbers, counts of categories.

Exact and streaming, but for quantiles, which come from a fixed sample of the train rows above `SAMPLE`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SAMPLE = 400_000
"""Train rows that quantiles are taken from: a rank is then off by less than 0.0016 (two standard deviations)."""
QUANTILES, DISTINCT_QUANTILES, DISTINCT = 1001, 257, 256
_PENDING = 200_000
_MOST_VALUES = 1_000_000

Values = NDArray[np.float64]


@dataclass
class Numbers:
    """One numeric column's figures over all values added, NaN counted as missing."""

    count: int = 0
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
        known = values[~np.isnan(values)]
        self.missing += len(values) - len(known)
        picked = values if sampled is None else values[sampled]
        self.whole &= sampled is None
        self.sample.append(picked[~np.isnan(picked)])
        if not len(known):
            return
        count = self.count + len(known)
        with np.errstate(over="ignore", invalid="ignore"):  # too large values are refused afterwards, by name
            mean = known.mean()
            off = mean - self.mean
            self.squares += float(np.square(known - mean).sum() + off * off * self.count * len(known) / count)
            self.mean += float(off * len(known) / count)
        self.count = count
        self.low, self.high = min(self.low, float(known.min())), max(self.high, float(known.max()))

    def ordered(self) -> Values:
        """The sample, sorted, from the lowest to the highest of all values."""
        ends = () if self.whole else (self.low, self.high)  # a sparse column may have no value in the sample
        return np.sort(np.concatenate([*self.sample, np.array(ends)]))

    def fitted(self) -> dict[str, Any]:
        """The entries of transform.json. A constant column has std 1, so that dividing by it is safe."""
        ordered = self.ordered()
        distinct = ordered[np.append(True, ordered[1:] != ordered[:-1])]
        return {
            "mean": self.mean,
            "std": float(np.sqrt(self.squares / self.count)) or 1.0,
            "min": self.low,
            "max": self.high,
            "missing": self.missing,
            "distinct": distinct.tolist() if len(distinct) <= DISTINCT else None,
            "quantiles": _quantiles(ordered, QUANTILES),
            "distinct_quantiles": _quantiles(distinct, DISTINCT_QUANTILES),
        }


def _quantiles(ordered: Values, most: int) -> list[float]:
    """At most `most` evenly spaced quantiles of sorted values, the lowest and highest included."""
    places = np.linspace(0, len(ordered) - 1, min(most, len(ordered)))
    lower = places.astype(np.int64)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    share = places - lower
    return (ordered[lower] + (ordered[upper] - ordered[lower]) * share).tolist()  # type: ignore[no-any-return]


@dataclass
class Categories:
    """One category column's counts over all values added."""

    count: int = 0
    missing: int = 0
    pending: list[pa.Table] = field(default_factory=list)
    _waiting: int = 0

    def add(self, column: pa.Array, train: NDArray[np.bool_]) -> None:
        """Add the values of a column (strings or a dictionary of them) [n] in the rows under `train`."""
        coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        size = len(coded.dictionary)
        places = coded.indices.fill_null(size).to_numpy(zero_copy_only=False)[train]
        counts = np.bincount(places, minlength=size + 1)
        self.missing += int(counts[size])
        self.count += int(counts[:size].sum())
        seen = np.flatnonzero(counts[:size])
        values = coded.dictionary.cast(pa.string()).take(pa.array(seen))
        self.pending.append(pa.table({"value": values, "rows": counts[seen]}))
        self._waiting += len(seen)
        if self._waiting > _PENDING:
            self._merge()

    def _merge(self) -> None:
        merged = pa.concat_tables(self.pending).group_by("value", use_threads=False).aggregate([("rows", "sum")])
        merged = merged.rename_columns({"rows_sum": "rows"})
        if merged.num_rows > _MOST_VALUES:  # bounded memory: of a column of ids only the most frequent stay
            order = merged.sort_by([("rows", "descending"), ("value", "ascending")])
            merged = order.slice(0, _MOST_VALUES // 2)
        self.pending, self._waiting = [merged.combine_chunks()], 0

    def ranked(self) -> list[tuple[str, int]]:
        """Values and their rows, by falling count, then by name."""
        self._merge()
        table = self.pending[0].sort_by([("rows", "descending"), ("value", "ascending")])
        return list(zip(table["value"].to_pylist(), table["rows"].to_pylist(), strict=True))
