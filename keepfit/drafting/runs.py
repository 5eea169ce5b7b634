"""Columns that are the steps of one series: numbered without a gap, and each more like its neighbours than the others.

N rows, T columns of a run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keepfit.features.column import LARGEST, ColumnFacts

_LEAST = 20
"""Columns of a run."""
_ALIKE = 0.7
"""Correlation of neighbours in the middle that is enough by itself where nearly all are above 0: of heartbeats .97."""
_NEARER = 0.9
"""Share of the other columns that a column is less like than its neighbours, in the middle: where series are noisy it
is .95 to 1, of unlike measures that are numbered .3 to .7, in samples of 20 rows up to .84."""
_SCALES = 5.0
"""Most that deviations differ by, from one in ten to nine in ten columns: 1 to 3 of noisy series, 86 of pixels."""
_ASKED = 100
"""Columns that are compared with all."""
_ROWS = 5_000
_Floats = NDArray[np.float64]
_NUMBERED = re.compile(r"(.*?)(\d+)")


def runs(columns: Sequence[ColumnFacts]) -> list[list[ColumnFacts]]:
    """The runs. Whole numbers are none, as pixels and counts are."""
    found: list[list[ColumnFacts]] = []
    for column in columns:
        if found and _follows(found[-1][-1], column):
            found[-1].append(column)
        else:
            found.append([column])
    return [run for run in found if len(run) >= _LEAST and _is_series(run)]


def span(run: Sequence[ColumnFacts]) -> str:
    """`v1..v140`."""
    return f"{run[0].name}..{run[-1].name}"


def _follows(one: ColumnFacts, other: ColumnFacts) -> bool:
    before, after = _NUMBERED.fullmatch(one.name), _NUMBERED.fullmatch(other.name)
    return bool(before and after and before[1] == after[1] and int(after[2]) == int(before[2]) + 1)


def _is_series(run: Sequence[ColumnFacts]) -> bool:
    if any(column.number_share < 1 for column in run):
        return False
    values = np.stack([column.numbers[:_ROWS] for column in run], 1)
    known = values[np.isfinite(values)]
    if not np.isfinite(values).any(0).all() or np.abs(known).max() > LARGEST or (np.mod(known, 1) != 0).mean() <= 0.5:
        return False
    varies = np.nanmax(values, axis=0) > np.nanmin(values, axis=0)
    alike = _correlations(values[:, :-1], values[:, 1:])[varies[:-1] & varies[1:]]
    if len(alike) < _LEAST // 2 or np.quantile(alike, 0.1) <= 0:
        return False
    return bool(np.median(alike) > _ALIKE or (_one_unit(values) and _in_order(values)))


def _one_unit(values: _Floats) -> bool:
    """Whether columns differ little in how far they spread, and less than that from one to the next."""
    spread, mean = np.nanstd(values, axis=0), np.nanmean(values, axis=0)
    low, high = np.quantile(spread, (0.1, 0.9))
    return bool(high <= _SCALES * low and np.abs(np.diff(mean)).mean() < spread.mean())


def _in_order(values: _Floats) -> bool:
    """Whether columns are more like their neighbours than like the others, whichever way the series go."""
    place = np.arange(values.shape[1])
    nearer = []
    for one in np.unique(np.linspace(0, place[-1], _ASKED).round().astype(int)):
        alike, away = _correlations(values[:, [one]], values), np.abs(place - one)
        nearer.append((alike[away > 2] < alike[away == 1].mean()).mean())
    return bool(np.median(nearer) >= _NEARER)


def _correlations(ones: _Floats, others: _Floats) -> _Floats:
    """[N, T] and [N, T], or [N, 1], NaN where missing → [T], 0 where a column does not vary."""
    one, other = _standardised(ones), _standardised(others)
    both = (np.isfinite(ones) & np.isfinite(others)).sum(0)
    found: _Floats = (one * other).sum(0) / np.maximum(both, 3)
    return found


def _standardised(values: _Floats) -> _Floats:
    """Mean 0 and deviation 1; 0 where missing."""
    spread = np.nanstd(values, axis=0)
    scaled: _Floats = np.nan_to_num((values - np.nanmean(values, axis=0)) / np.where(spread > 0, spread, np.inf))
    return scaled
