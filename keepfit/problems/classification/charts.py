"""How well classes are told apart, and how far the probabilities can be trusted, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, StrMethodFormatter

from keepfit.problems.drawing import MAIN, OTHER, SOFT, THIRD, diagonal, draw, percent

Curve = tuple[str, Sequence[float], Sequence[float]]
"""A name, x, y."""


def every(metrics: dict[str, Any]) -> list[str]:
    """ROC, precision-recall and calibration, as SVG."""
    made = []
    roc = _weakest_first(metrics, "roc", "roc_auc", ("fpr", "tpr"))
    if roc:
        labels = ("false positive rate", "true positive rate")
        made.append(curves("roc", _title("ROC", roc), labels, roc, chance=True))
    ranked = _weakest_first(metrics, "pr", "pr_auc", ("recall", "precision"))
    if ranked:
        labels = ("recall", "precision")
        made.append(curves("pr", _title("Precision-recall", ranked), labels, ranked, chance=False))
    if metrics.get("calibration"):
        made += [calibration(metrics["calibration"]), sureness(metrics["calibration"])]
    return made


def _title(title: str, lines: list[Curve]) -> str:
    return f"{title}, the 3 weakest of {len(lines)} classes" if len(lines) > 3 else title


def _weakest_first(metrics: dict[str, Any], name: str, area: str, axes: tuple[str, str]) -> list[Curve]:
    """Each class's curve, named with the area under it, the smallest area first."""
    areas = {row["class"]: row.get(area) for row in metrics.get("per_class", [])}
    lines = [(areas.get(c["class"]) or 0.0, str(c["class"]), c[axes[0]], c[axes[1]]) for c in metrics.get(name, [])]
    lines.sort(key=lambda line: line[:2])
    return [(f"{label[:18]}  {value:.3f}", x, y) for value, label, x, y in lines]


def curves(name: str, title: str, labels: tuple[str, str], lines: list[Curve], *, chance: bool) -> str:
    """One line a class. The first three, the weakest, are named; the others stay in the background."""

    def paint(axes: Axes) -> None:
        axes.set_ylabel(labels[1])
        if chance:
            diagonal(axes)
        for _, x, y in lines[3:]:
            axes.plot(x, y, color=SOFT, linewidth=0.8, alpha=0.5)
        shown = list(zip(lines[:3], (MAIN, OTHER, THIRD), strict=False))
        drawn = [axes.plot(x, y, color=colour)[0] for (_, x, y), colour in reversed(shown)]
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
            axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        place: Literal["lower right", "lower left"] = "lower right" if chance else "lower left"
        legend = axes.legend(drawn[::-1], [" "] * len(shown), loc=place, frameon=False)
        for text, ((label, _, _), _) in zip(legend.get_texts(), shown, strict=True):
            text.set_text(label)  # not as a label of matplotlib's, which hides those that begin with _

    return draw(name, title, labels[0], paint)


def calibration(bins: list[dict[str, float]]) -> str:
    """How often the model is right against how sure it was; the larger the dot, the more rows."""
    most = max(b["rows"] for b in bins)
    sure, right = [b["confidence"] for b in bins], [b["accuracy"] for b in bins]

    def paint(axes: Axes) -> None:
        axes.set_ylabel("share that was right")
        diagonal(axes)
        axes.scatter(sure, right, [6 + 74 * b["rows"] / most for b in bins], color=MAIN, linewidth=0, alpha=0.85)
        axes.set(xlim=(min(sure) - 0.05, 1.04), ylim=(min(*right, *sure) - 0.05, 1.05))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(percent))
            axis.set_major_locator(MaxNLocator(5))

    return draw("calibration", "Calibration", "probability given to the prediction", paint)


def sureness(bins: list[dict[str, float]]) -> str:
    """How many rows the model answered with which probability, and how many of them wrongly."""
    widths = [0.92 * (b["high"] - b["low"]) for b in bins]
    places = [(b["high"] + b["low"]) / 2 for b in bins]
    right = [b["rows"] * b["accuracy"] for b in bins]
    wrong = [b["rows"] - r for b, r in zip(bins, right, strict=True)]

    def paint(axes: Axes) -> None:
        axes.set_ylabel("test rows")
        axes.bar(places, right, widths, color=MAIN, alpha=0.75, label="right")
        axes.bar(places, wrong, widths, right, color=OTHER, alpha=0.9, label="wrong")
        axes.xaxis.set_major_formatter(FuncFormatter(percent))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderaxespad=0.3)

    return draw("sureness", "How sure it was", "probability given to the prediction", paint)
