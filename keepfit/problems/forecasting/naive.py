"""Forecasts that nothing is learned for. N rows, L values of a history, H steps ahead."""

from __future__ import annotations

import numpy as np

from keepfit.problems.forecasting import Target
from keepfit.problems.forecasting.linear import Floats
from keepfit.problems.forecasting.space import base

LAST = "last value"


def forecasts(histories: Floats, target: Target) -> dict[str, Floats]:
    """Name → [N, H]: the last value; where there is a season, the value a season before, and that plus the change of
    the last value since its own season before."""
    ways: dict[str, tuple[int, ...]] = {LAST: (1,)}
    if target.season:
        ways |= {"a season before": (target.season,), "a season before, and the last change": (target.season, 1)}
    return {name: histories @ base(target.model_copy(update={"lags": lags})) for name, lags in ways.items()}


def scale(histories: Floats, labels: Floats, season: int) -> float:
    """The mean absolute error, one step ahead, of the value a season before, or of the last one."""
    return float(np.abs(labels[:, 0] - histories[:, -(season or 1)]).mean()) or 1.0
