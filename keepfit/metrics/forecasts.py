"""Forecasts of several steps against the truth. N rows in the order of their time, H steps ahead.

Rows less than H apart share some of the values that are forecast, so that their errors are no independent ones: means
over as many rows as steps take their place wherever chance is told (one step ahead, each row is by itself).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from keepfit.metrics.errors import Errors, compared
from keepfit.metrics.intervals import of_means, wilson
from keepfit.metrics.paired import Paired
from keepfit.metrics.probabilistic import Values
from keepfit.store.artifacts import Interval

STEPWISE = ("rmse", "mae", "coverage")
"""What is told of each step ahead."""


@dataclass(frozen=True)
class Forecasts:
    """True values [N, H] and those forecast [N, H]; with the ends of their intervals, if there are some."""

    labels: NDArray[np.float64]
    forecasts: NDArray[np.float64]
    scale: float
    """The error that MASE is counted in (Hyndman and Koehler 2006)."""
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None

    @cached_property
    def errors(self) -> Errors:
        """All steps of all rows as one."""
        ends = (None if end is None else end.reshape(-1) for end in (self.low, self.high))
        return Errors(self.labels.reshape(-1), self.forecasts.reshape(-1), *ends)

    def scores(self) -> dict[str, float]:
        """See `keepfit.metrics.errors`; mase is mae in units of `scale`."""
        found = self.errors.scores()
        return {**found, "mase": found["mae"] / self.scale}

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Of rmse, mae, mase and coverage; none where a block or two, or no error at all, tell nothing."""
        off, scores = self.labels - self.forecasts, self.scores()
        means = of_means({"mse": blocked(off**2), "mae": blocked(np.abs(off))}, confidence)
        made = {}
        if "mse" in means:
            made["rmse"] = Interval(
                **{end: float(np.sqrt(max(at, 0.0))) for end, at in means["mse"].model_dump().items()}
            )
        if "mae" in means:
            made["mae"] = means["mae"]
            made["mase"] = Interval(**{end: at / self.scale for end, at in means["mae"].model_dump().items()})
        # Blocks differ in size by a row, so that the mean of theirs is not quite that of all.
        found = {name: ends.model_copy(update={"value": scores[name]}) for name, ends in made.items()}
        if self.low is not None:
            covered = float(self.errors.covered.mean())
            found["coverage"] = wilson(covered, len(blocked(self.labels)), confidence)
        return found

    def steps(self) -> list[dict[str, float]]:
        """STEPWISE of each step ahead, coverage where there are intervals."""
        found = []
        for step in range(self.labels.shape[1]):
            ends = (None if end is None else end[:, step] for end in (self.low, self.high))
            scores = Errors(self.labels[:, step], self.forecasts[:, step], *ends).scores()
            found.append({name: value for name, value in scores.items() if name in STEPWISE})
        return found


def blocked(errors: NDArray[np.float64]) -> Values:
    """[N, H] → the means over H rows each, one behind the other."""
    rows, steps = errors.shape
    return np.array([part.mean() for part in np.array_split(errors, max(rows // steps, 1))])


def compare(
    labels: NDArray[np.float64],
    champion: NDArray[np.float64],
    challenger: NDArray[np.float64],
    metric: str,
    level: float,
) -> Paired:
    """The paired comparison of two models' forecasts [N, H], as `keepfit.metrics.errors.compare` has it of values: the
    test of Diebold and Mariano (1995) over blocks."""
    power = 2 if metric == "rmse" else 1
    before, now = (blocked(np.abs(labels - given) ** power) for given in (champion, challenger))
    return compared(before, now, power, level)
