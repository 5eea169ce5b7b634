"""The split by time: the newest rows are tested, those before them validated, the rest learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keepfit.errors import DataError
from keepfit.features.times import Times


def boundaries(times: Times, test: float, validation: float) -> tuple[float, float]:
    """First time of validation and first of test, such that equal times are never cut and the shares are nearest.

    With `test` 0 there is no test and its boundary is infinite. Raises DataError with too few distinct times.
    """
    moments, counts = np.unique(times[~np.isnan(times)], return_counts=True)
    parts = 3 if test else 2
    if len(moments) < parts:
        raise DataError(
            f"the time column has {len(moments)} different times.",
            allowed=f"A split by time needs at least {parts}.",
            todo="Name another column in preprocessing.split.column, or split by hash.",
        )
    newer = np.cumsum(counts[::-1])[::-1]  # rows at each moment or later
    first_test = _nearest(newer, test * len(times), 2, len(moments)) if test else len(moments)
    first_validation = _nearest(newer, (test + validation) * len(times), 1, first_test)
    return float(moments[first_validation]), float(moments[first_test]) if test else np.inf


def _nearest(newer: NDArray[np.int64], wanted: float, least: int, end: int) -> int:
    return least + int(np.abs(newer[least:end] - wanted).argmin())
