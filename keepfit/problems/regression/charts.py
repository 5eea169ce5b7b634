"""Predicted values against true ones, and what is left between them, drawn."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from keepfit.problems.drawing import MAIN, OTHER, SOFT, diagonal, draw


def every(metrics: dict[str, Any]) -> list[str]:
    """Both charts as SVG; none without answers."""
    if not metrics.get("points"):
        return []
    return [against_true(metrics["points"], log=metrics.get("log", False)), residuals(metrics["deciles"])]


def against_true(points: dict[str, list[float]], *, log: bool) -> str:
    """A dot a row; on the line the prediction is true."""

    def paint(axes: Axes) -> None:
        axes.set_ylabel("predicted")
        both = [*points["label"], *points["prediction"]]
        low, high = min(both), max(both)
        if log and low > 0:
            axes.set(xscale="log", yscale="log")
        diagonal(axes, low, high)
        axes.scatter(points["label"], points["prediction"], 5, color=MAIN, linewidth=0, alpha=0.4)

    return draw("against", "Predicted against true", "true value", paint)


def residuals(deciles: list[dict[str, Any]]) -> str:
    """Where eight of ten residuals lie, by tenths of the prediction; the dot is their median."""
    places = list(range(1, len(deciles) + 1))

    def paint(axes: Axes) -> None:
        axes.set_ylabel("true minus predicted")
        axes.axhline(0, color=SOFT, linewidth=0.8, linestyle=(0, (3, 3)))
        axes.vlines(
            places, [d["p10"] for d in deciles], [d["p90"] for d in deciles], color=MAIN, linewidth=3, alpha=0.6
        )
        axes.scatter(places, [d["p50"] for d in deciles], 14, color=OTHER, linewidth=0, zorder=3)
        axes.set_xticks(places)
        axes.grid(visible=False, axis="x")

    return draw("residuals", "Residuals by tenths", "tenth of the rows, by their prediction", paint)
