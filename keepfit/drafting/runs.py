"""Columns that are the steps of one series: numbered without a gap, and each much like its neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from keepfit.features.column import ColumnFacts

_LEAST = 20
"""Columns of a run."""
_ALIKE = 0.7
"""Correlation of neighbours in the middle: of heartbeats .97, of unlike measures that are numbered 0 to .3."""
_ROWS = 5_000
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
    if not (np.mod(values[np.isfinite(values)], 1) != 0).mean() > 0.5:
        return False
    alike = [_correlation(one, other) for one, other in pairwise(values.T)]
    return bool(np.median(alike) > _ALIKE)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 3 or not (one[known].std() and other[known].std()):
        return 0.0
    return float(np.corrcoef(one[known], other[known])[0, 1])
