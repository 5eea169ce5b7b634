"""What the report says of forecasts."""

from __future__ import annotations

from typing import Any, ClassVar

from keepfit.metrics.naming import figure, quantity
from keepfit.problems.show import Chapter, Listing, Show, quantities


class ForecastShow(Show):
    """Forecasts over what came, beside those that need no learning, and errors by the step ahead."""

    loss: ClassVar[str] = "Loss, in units of what differences leave"
    sliced: ClassVar[str] = "rmse"
    worst_head: ClassVar[tuple[str, ...]] = ("true", "forecast", "interval", "steps ahead")
    worst_note: ClassVar[str] = "The test rows with the largest error at a step, the worst first."

    def target(self, profile: dict[str, Any]) -> Listing:
        """Its range and its histogram."""
        return quantities(profile)

    def measured(self, metrics: dict[str, Any]) -> str:
        """Which differences are learned."""
        learned = metrics["learned"]
        what = "the logarithm of the values" if learned["log"] else "the values"
        for lag in learned["lags"]:
            what = f"the changes of {what}" + (f" since {lag} before" if lag > 1 else " from one to the next")
        first = "a linear autoregression, and what it leaves by the network" if learned["linear"] else "the network"
        season = f" A season has {learned['season']} values." if learned["season"] else ""
        return f"What is learned: {what}, by {first}.{season}"

    def errors(self, metrics: dict[str, Any]) -> Chapter:
        """Beside forecasts that need no learning, and by the step ahead."""
        return Chapter("Where it is wrong", [table for table in (_naive(metrics), _steps(metrics)) if table.rows])

    def curves(self, metrics: dict[str, Any]) -> Chapter:
        """Forecasts over what came; of several steps their errors, and some whole forecasts."""
        from keepfit.problems.forecasting.charts import every

        return Chapter("Forecasts", charts=every(metrics))

    def worst(self, row: dict[str, Any]) -> tuple[str, ...]:
        """The value, what was forecast, the interval, and how far ahead."""
        label, prediction, low, high = (quantity(row[name]) for name in ("label", "prediction", "low", "high"))
        return label, prediction, f"{low} to {high}", f"{row['step']}"


SHOW = ForecastShow()
_FIGURES = ("rmse", "mae", "mase")


def _naive(metrics: dict[str, Any]) -> Listing:
    ways = [{"name": "this model", **metrics["model"]}, *metrics.get("naive", [])]
    if metrics.get("classical"):
        ways.append(metrics["classical"])
    rows = [(way["name"], *(figure(name, way[name]) for name in _FIGURES)) for way in ways]
    return Listing("Beside other forecasts", ("forecast", "RMSE", "MAE", "MASE"), rows, frozenset({1, 2, 3}))


def _steps(metrics: dict[str, Any]) -> Listing:
    steps = metrics.get("steps", [])
    names = [name for name in ("rmse", "mae", "coverage") if steps and name in steps[0]]
    rows = [(f"{step}", *(figure(name, found[name]) for name in names)) for step, found in enumerate(steps, 1)]
    head = ("steps ahead", "RMSE", "MAE", "covered")[: 1 + len(names)]
    return Listing("Errors by the step ahead", head, rows if len(rows) > 1 else [], frozenset({0, 1, 2, 3}))
