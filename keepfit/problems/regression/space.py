"""Values as a network learns them: standardised, of the logarithm where that is better. N rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from keepfit.metrics.probabilistic import Values
from keepfit.problems.regression import Target

BEYOND = 0.1
"""Answers stay within the range of the train values, widened by this share of it on each side."""


def learned(values: Values, target: Target) -> Values:
    """[N] → [N]; values below those of the train rows have no logarithm of their own, and count as the smallest."""
    if target.log:
        values = np.log(np.maximum(values, target.low) + target.offset)
    return (values - target.mean) / target.std


def values_of(standardised: Values, target: Target) -> Values:
    """Back to the target's unit, [N] → [N]."""
    values = standardised * target.std + target.mean
    return np.exp(values) - target.offset if target.log else values


def drawn(rows: Values, most: int) -> NDArray[np.intp]:
    """Numbers of all rows, or of `most`, evenly picked."""
    count = len(rows)
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.intp)


def bounds(target: Target) -> tuple[float, float]:
    """The least and the greatest answer, as learned."""
    low, high = learned(np.array([target.low, target.high]), target).tolist()
    beyond = BEYOND * (high - low)
    return low - beyond, high + beyond


def fitted(values: Values, name: str, *, log: bool, problem: str = "regression") -> Target:
    """The entry from train values [N] that differ."""
    offset = _offset(values) if log else 0.0
    plain = np.log(values + offset) if log else values
    return Target(
        name=name,
        problem=problem,
        log=log,
        offset=offset,
        mean=float(plain.mean()),
        std=float(plain.std()) or 1.0,
        low=float(values.min()),
        high=float(values.max()),
    )


def _offset(values: Values) -> float:
    """The smallest value above zero, where there are zeros."""
    return 0.0 if values.min() > 0 else float(values[values > 0].min())
