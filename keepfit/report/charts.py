"""Losses and scores over the epochs, and answers over a column, drawn."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from keepfit.metrics.naming import JUDGED, SHARES, metric_name
from keepfit.problems.drawing import MAIN, OTHER, SOFT, THIRD, draw, line, mark, percent
from keepfit.quoting import cut, visible


def training(history: list[dict[str, Any]], best: int, loss: str) -> list[str]:
    """The losses, and the validation rows' other figures, over the epochs, as SVG; the epoch kept is marked.

    `loss` is what the loss is called.
    """
    epochs = [entry["epoch"] for entry in history]

    def losses(axes: Axes) -> None:
        for name, key, colour in (("train", "train_loss", SOFT), ("validation", "validation_loss", MAIN)):
            line(axes, epochs, [entry[key] for entry in history], name, colour)
        mark(axes, best, history, "validation_loss")

    named = [name for name in history[0] if name.startswith(JUDGED) and name != f"{JUDGED}loss"]
    return [draw("loss", loss, "epoch", losses), *(_score(name, history, best) for name in named)]


def dependence(found: dict[str, Any], level: str) -> str:
    """How the answers change with a column, as SVG: a line a side, and between what the single rows lie."""
    values, names = found["values"], not found["is_quantity"]
    only = found["sides"][0]["side"] if len(found["sides"]) == 1 else ""
    places = range(len(values)) if names else values

    def paint(axes: Axes) -> None:
        axes.set_ylabel(f"{level} of {cut(visible(only), 24)}" if only else level)
        for side, colour in zip(found["sides"], (MAIN, OTHER, THIRD), strict=False):
            axes.fill_between(places, side["low"], side["high"], color=colour, alpha=0.12, linewidth=0)
            axes.plot(
                places, side["mean"], color=colour, marker="o", markersize=2.5, label=cut(visible(side["side"]), 18)
            )
        if len(found["sides"]) > 1:
            axes.legend(frameon=False, fontsize=7)
        if names:
            axes.set_xticks([*places], values, rotation=30, ha="right")

    return draw(f"dependence of {found['column']}", cut(visible(found["column"]), 40), "", paint)


def _score(name: str, history: list[dict[str, Any]], best: int) -> str:
    metric = name.removeprefix(JUDGED)

    def paint(axes: Axes) -> None:
        line(axes, [entry["epoch"] for entry in history], [entry[name] for entry in history], "", MAIN)
        if metric in SHARES:
            axes.yaxis.set_major_formatter(FuncFormatter(percent))
        mark(axes, best, history, name)

    return draw(metric, f"Validation {metric_name(metric)}", "epoch", paint)
