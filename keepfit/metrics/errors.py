"""Predicted values against true ones: errors in the target's unit, and how two models' errors differ. N rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from keepfit.metrics.intervals import of_means, wilson
from keepfit.metrics.means import interval, p_above_zero
from keepfit.metrics.paired import Paired, consistent
from keepfit.metrics.probabilistic import Values
from keepfit.store.artifacts import Interval

_NEAR_ZERO = 1e-3
"""A true value below this share of the median makes percentages of it say nothing."""
_FAR = 100.0
"""No interval of a relative difference need reach farther."""


@dataclass(frozen=True)
class Errors:
    """True values [N], at least one, and those predicted [N]; with the ends of their intervals, if there are some."""

    labels: Values
    predictions: Values
    low: Values | None = None
    high: Values | None = None

    @cached_property
    def residuals(self) -> Values:
        """True minus predicted, [N]."""
        return self.labels - self.predictions

    @cached_property
    def squared(self) -> Values:
        """[N]."""
        return np.square(self.residuals)

    @cached_property
    def absolute(self) -> Values:
        """[N]."""
        return np.abs(self.residuals)

    @cached_property
    def spread(self) -> Values:
        """Squared distances of the true values from their mean, [N]."""
        return np.asarray(np.square(self.labels - self.labels.mean()))

    @property
    def has_percentages(self) -> bool:
        """Whether an error in per cent of the true value means something: all are above zero, and none is nearly so."""
        return bool(self.labels.min() > _NEAR_ZERO * np.median(self.labels) > 0)

    @property
    def varies(self) -> bool:
        """Whether the true values differ."""
        return bool(self.spread.any())

    def undefined(self) -> dict[str, str]:
        """R² of rows that are all alike, percentages of what is about zero; each with the reason."""
        found = {}
        if not self.varies:
            found["r2"] = "every test row has the same value, and there is no variance to explain"
        if not self.has_percentages:
            found["mape"] = "some true values are about zero or below, and a percentage of them says nothing"
        return found

    @cached_property
    def covered(self) -> NDArray[np.bool_]:
        """Whether the true value lies in the interval, [N]."""
        assert self.low is not None
        assert self.high is not None
        return np.asarray((self.low <= self.labels) & (self.labels <= self.high))

    def scores(self) -> dict[str, float]:
        """Every metric that is defined on these rows, by its name.

        rmse, mae and median_error are in the target's unit; r2 is the share of the variance that is explained, below
        zero where the mean would be better; mape is a share; coverage and width are those of the intervals.
        """
        made = {
            "rmse": float(np.sqrt(self.squared.mean())),
            "mae": float(self.absolute.mean()),
            "median_error": float(np.median(self.absolute)),
        }
        if self.varies:
            made["r2"] = 1 - float(self.squared.sum() / self.spread.sum())
        if self.has_percentages:
            made["mape"] = float((self.absolute / self.labels).mean())
        if self.low is not None and self.high is not None:
            made |= {"coverage": float(self.covered.mean()), "width": float((self.high - self.low).mean())}
        return made

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Confidence intervals; none where a row or two, or no error at all, tell nothing."""
        means = of_means({"mse": self.squared, "mae": self.absolute, **self._percentages()}, confidence)
        made: dict[str, Interval] = {name: means[name] for name in ("mae", "mape") if name in means}
        if "mse" in means:
            made["rmse"] = Interval(**{end: float(np.sqrt(value)) for end, value in means["mse"].model_dump().items()})
        made["median_error"] = self._median(confidence)
        if self.varies and len(self.labels) > 2 and self.squared.any():
            made["r2"] = self._explained(confidence)
        if self.low is not None:
            made["coverage"] = wilson(float(self.covered.mean()), len(self.labels), confidence)
        return made

    def _percentages(self) -> dict[str, Values]:
        return {"mape": self.absolute / self.labels} if self.has_percentages else {}

    def _median(self, confidence: float) -> Interval:
        """Between two order statistics, by the binomial distribution of the errors below the median."""
        ordered, rows = np.sort(self.absolute), len(self.absolute)
        below = max(int(special.bdtrik((1 - confidence) / 2, rows, 0.5)) - 1, 0)
        return Interval(
            value=float(np.median(ordered)), low=float(ordered[below]), high=float(ordered[rows - 1 - below])
        )

    def _explained(self, confidence: float) -> Interval:
        """Of R²: one minus a ratio of means, whose logarithm varies as the difference of the two (delta method)."""
        left, rows = float(self.squared.sum() / self.spread.sum()), len(self.labels)
        influence = self.squared / self.squared.mean() - self.spread / self.spread.mean()
        error = float(np.std(influence, ddof=1) / np.sqrt(rows))
        reach = float(np.exp(special.stdtrit(rows - 1, (1 + confidence) / 2) * error))
        return Interval(value=1 - left, low=1 - left * reach, high=1 - left / reach)


def compare(labels: Values, champion: Values, challenger: Values, metric: str, level: float) -> Paired:
    """The paired comparison of two models' predictions [N] at a one-sided level, as a share of the champion's error.

    metric: rmse or mae. The rows' gains in squared or absolute error are tested; 0.03 says that the challenger errs
    3 % less. Raises ValueError without rows.
    """
    if len(labels) == 0:
        raise ValueError("a paired comparison needs at least one row")
    power = 2 if metric == "rmse" else 1
    before, now = (np.abs(labels - given) ** power for given in (champion, challenger))
    return compared(before, now, power, level)


def compared(before: Values, now: Values, power: int, level: float) -> Paired:
    """The same of two models' losses [N], each an error to the `power`."""
    gains, scale = before - now, float(before.mean()) or float(now.mean()) or 1.0
    least = 0.5 ** len(gains)
    p_better, p_worse = max(p_above_zero(gains), least), max(p_above_zero(-gains), least)
    low, high = (_relative(float(np.clip(end / scale, -_FAR, 1)), power) for end in interval(gains, level))
    difference = _relative(float(gains.mean()) / scale, power)
    return consistent(difference, low, high, p_better, p_worse, level, len(gains))


def _relative(share: float, power: int) -> float:
    """A share of the mean squared error that is gained → that of its root."""
    return share if power == 1 else 1 - float(np.sqrt(max(1 - share, 0.0)))


def deciles(values: Values, residuals: Values) -> list[dict[str, Any]]:
    """Residuals by tenths of the predicted values: low and high of the tenth, rows, and the 10, 50 and 90 % points."""
    order = np.argsort(values, kind="stable")
    made = []
    for part in np.array_split(order, min(10, len(order))):
        ends = np.quantile(residuals[part], [0.1, 0.5, 0.9]).tolist()
        low, high = float(values[part[0]]), float(values[part[-1]])
        made.append({"low": low, "high": high, "rows": len(part), "p10": ends[0], "p50": ends[1], "p90": ends[2]})
    return made
