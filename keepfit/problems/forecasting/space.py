"""Values as a network learns them: logarithms where that is better, in units of what differences leave.

Both the differences of a history and what a forecast is when all further ones are zero are linear in the history: a
matrix each. N rows, L values of a history, H steps ahead.
"""

from __future__ import annotations

import numpy as np

from keepfit.problems.forecasting import Target
from keepfit.problems.forecasting.linear import Floats

BEYOND = 10.0
"""Answers stay within the range of the train values, widened by so many times itself: series grow."""
_FLOOR = 0.01
"""Values below this share of the smallest train value have no logarithm of their own."""


def learned(values: Floats, target: Target) -> Floats:
    """[N, …] → [N, …]."""
    if target.log:
        values = np.log(np.maximum(values, floor(target)))
    return (values - target.mean) / target.std


def values_of(found: Floats, target: Target) -> Floats:
    """Back to the target's unit."""
    values = found * target.std + target.mean
    return np.exp(values) if target.log else values


def bounds(target: Target) -> tuple[float, float]:
    """The least and the greatest answer, as learned."""
    beyond = BEYOND * (target.high - target.low)
    low, high = learned(np.array([target.low - beyond, target.high + beyond]), target).tolist()
    return low, high


def floor(target: Target) -> float:
    """The smallest value that a logarithm is taken of."""
    return _FLOOR * target.low


def differences(target: Target) -> Floats:
    """[L, D]: a history times it are its differences, in their order."""
    weights = _weights(target.lags)
    order = len(weights) - 1
    found = np.zeros((target.length, target.length - order))
    for step in range(found.shape[1]):
        found[step : step + order + 1, step] = weights[::-1]
    return found


def base(target: Target) -> Floats:
    """[L, H]: a history times it is the forecast by which all differences to come are zero."""
    weights = _weights(target.lags)
    known = list(np.eye(target.length))
    for _ in range(target.horizon):
        before = (weight * known[-back] for back, weight in enumerate(weights) if back)
        known.append(-sum(before, np.zeros(target.length)))
    return np.stack(known[target.length :], 1)


def _weights(lags: tuple[int, ...]) -> Floats:
    """Of a value, the one before it, … in the difference of differences: 1, …, -1 for one lag."""
    found = np.ones(1)
    for lag in lags:
        one = np.zeros(lag + 1)
        one[0], one[lag] = 1, -1
        found = np.convolve(found, one)
    return found
