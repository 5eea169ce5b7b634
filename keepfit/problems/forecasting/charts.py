"""Forecasts over what came, drawn."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from keepfit.problems.drawing import MAIN, OTHER, SOFT, THIRD, draw

_COLOURS = (SOFT, OTHER, THIRD)
_BEFORE = 3
"""Values of a history that are drawn before a whole forecast, as a multiple of its steps."""


def every(metrics: dict[str, Any]) -> list[str]:
    """One step ahead; of several steps the errors of each, and whole forecasts. SVG; none without answers."""
    if not metrics.get("ahead"):
        return []
    charts = [one_ahead(metrics["ahead"])]
    if len(metrics["steps"]) > 1:
        charts.append(by_step(metrics["steps"], metrics.get("naive", [])))
        pairs = zip(metrics["drawn"], metrics.get("histories", []), strict=False)
        charts += [whole(one, history, number) for number, (one, history) in enumerate(pairs)]
    return charts


def one_ahead(ahead: dict[str, list[float]]) -> str:
    """What came, what was forecast one step before, and the interval that was given."""
    places = list(range(len(ahead["label"])))

    def paint(axes: Axes) -> None:
        axes.fill_between(places, ahead["low"], ahead["high"], color=MAIN, alpha=0.18, linewidth=0)
        axes.plot(places, ahead["label"], color=OTHER, linewidth=1, label="what came")
        axes.plot(places, ahead["prediction"], color=MAIN, linewidth=1, label="forecast")
        axes.legend(loc="upper left", frameon=False, ncols=2)

    return draw("ahead", "One step ahead", "the newest test rows, in their order", paint)


def by_step(steps: list[dict[str, float]], naive: list[dict[str, Any]]) -> str:
    """RMSE of each step ahead, beside that of forecasts that need no learning."""
    places = list(range(1, len(steps) + 1))

    def paint(axes: Axes) -> None:
        axes.set_ylabel("RMSE")
        for way, colour in zip(naive, _COLOURS, strict=False):
            axes.plot(places, way["steps"], color=colour, linewidth=1, label=way["name"])
        axes.plot(places, [step["rmse"] for step in steps], color=MAIN, marker="o", markersize=3, label="this model")
        axes.set_ylim(0, 1.5 * axes.get_ylim()[1])  # the legend's place
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.legend(loc="upper left", frameon=False)

    return draw("steps", "Errors by the step ahead", "steps ahead", paint)


def whole(drawn: dict[str, Any], history: list[float], number: int) -> str:
    """One row: its history, and what was forecast behind it with the interval, over what came."""
    steps = len(drawn["label"])
    before = history[-_BEFORE * steps :]
    places = list(range(1, steps + 1))

    def paint(axes: Axes) -> None:
        axes.fill_between(places, drawn["low"], drawn["high"], color=MAIN, alpha=0.18, linewidth=0)
        axes.plot(range(1 - len(before), steps + 1), [*before, *drawn["label"]], color=OTHER, linewidth=1)
        axes.plot(places, drawn["prediction"], color=MAIN, marker="o", markersize=2.5, linewidth=1)

    return draw(f"whole{number}", f"Forecast of test row {drawn['row'] + 1:,}", "steps from its origin", paint)
