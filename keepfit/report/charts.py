"""Which charts a report has, drawn by matplotlib as SVG with real text; imported only when something is drawn.

Colours are CSS variables, so that they follow the page.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, StrMethodFormatter

from keepfit.report.facts import RunFacts

# Colours that occur nowhere else, and what they stand for on the page and where there is no style sheet.
INK, SOFT, GRID, MAIN, OTHER, THIRD = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
VARIABLES = {INK: "--ink", SOFT: "--soft", GRID: "--line", MAIN: "--main", OTHER: "--other", THIRD: "--third"}
LIGHT = {INK: "#1f2328", SOFT: "#6b6f76", GRID: "#dcd9d2", MAIN: "#1f5fa8", OTHER: "#c2622d", THIRD: "#3f7d5b"}

PAPER = "#ffffff"

SIZE = (3.7, 2.6)
_STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 7.5,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}

Curve = tuple[str, Sequence[float], Sequence[float]]
"""A name, x, y."""


def training_charts(facts: RunFacts) -> list[str]:
    """Losses and accuracy over the epochs, as SVG."""
    history = facts.read("train", "history.json", [])
    return training(history, facts.artifact("train")["best_epoch"]) if history else []


def curve_charts(facts: RunFacts) -> list[str]:
    """ROC, precision-recall and calibration, as SVG."""
    metrics, made = facts.metrics, []
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


def training(history: list[dict[str, Any]], best: int) -> list[str]:
    """The losses, and the validation accuracy, over the epochs; the one kept is marked."""
    epochs = [entry["epoch"] for entry in history]

    def losses(axes: Axes) -> None:
        for name, key, colour in (("train", "train_loss", SOFT), ("validation", "validation_loss", MAIN)):
            _line(axes, epochs, [entry[key] for entry in history], name, colour)
        _mark(axes, best, history, "validation_loss")

    def accuracy(axes: Axes) -> None:
        _line(axes, epochs, [entry["validation_accuracy"] for entry in history], "", MAIN)
        axes.yaxis.set_major_formatter(FuncFormatter(_percent))
        _mark(axes, best, history, "validation_accuracy")

    return [_draw("loss", "Log loss", "epoch", losses), _draw("accuracy", "Validation accuracy", "epoch", accuracy)]


def curves(name: str, title: str, labels: tuple[str, str], lines: list[Curve], *, chance: bool) -> str:
    """One line a class. The first three, the weakest, are named; the others stay in the background."""

    def paint(axes: Axes) -> None:
        axes.set_ylabel(labels[1])
        if chance:
            _diagonal(axes)
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

    return _draw(name, title, labels[0], paint)


def calibration(bins: list[dict[str, float]]) -> str:
    """How often the model is right against how sure it was; the larger the dot, the more rows."""
    most = max(b["rows"] for b in bins)
    sure, right = [b["confidence"] for b in bins], [b["accuracy"] for b in bins]

    def paint(axes: Axes) -> None:
        axes.set_ylabel("share that was right")
        _diagonal(axes)
        axes.scatter(sure, right, [6 + 74 * b["rows"] / most for b in bins], color=MAIN, linewidth=0, alpha=0.85)
        axes.set(xlim=(min(sure) - 0.05, 1.04), ylim=(min(*right, *sure) - 0.05, 1.05))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(_percent))
            axis.set_major_locator(MaxNLocator(5))

    return _draw("calibration", "Calibration", "probability given to the prediction", paint)


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
        axes.xaxis.set_major_formatter(FuncFormatter(_percent))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderaxespad=0.3)

    return _draw("sureness", "How sure it was", "probability given to the prediction", paint)


def plain(svg: str) -> str:
    """The same chart with fixed colours, for where there is no style sheet; a whole SVG document.

    It brings its own paper: dark letters on nothing cannot be read on a dark page.
    """
    for colour, variable in VARIABLES.items():
        svg = svg.replace(f"var({variable})", LIGHT[colour])
    svg = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="460" ', 1)
    return svg.replace(">", f'><rect width="100%" height="100%" rx="5" fill="{PAPER}"/>', 1)


def _draw(name: str, title: str, label: str, paint: Callable[[Axes], None]) -> str:
    """One chart as an svg element; `name` makes the ids inside it its own."""
    with rc_context({**_STYLE, "svg.hashsalt": f"keepfit-{name}"}), warnings.catch_warnings():
        # The reader's browser has the letters that the font used for measuring lacks.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title)
        axes.set_xlabel(label)
        paint(axes)
        return _svg(figure)


def _svg(figure: Figure) -> str:
    """The bare svg element: no prologue, date or fixed size, ids only where something refers to them."""
    with io.StringIO() as buffer:
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        text = buffer.getvalue()
    text = text[text.index("<svg ") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'^<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" role="img">', text, flags=re.DOTALL)
    text = re.sub(r' id="(?!p[0-9a-f]{9,}|m[0-9a-f]{9,}|DejaVu)[^"]*"', "", text)
    text = text.replace("xlink:href", "href")
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    return re.sub(r"\n\s*", "\n", text)


def _line(axes: Axes, x: Sequence[float], y: Sequence[float], name: str, colour: str) -> None:
    marker = "o" if len(x) < 3 else None
    axes.plot(x, y, color=colour, marker=marker, markersize=3, label=name or None)
    if name:
        axes.annotate(name, (x[-1], y[-1]), (4, 0), textcoords="offset points", color=colour, va="center")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def _mark(axes: Axes, best: int, history: list[dict[str, Any]], key: str) -> None:
    found = next((entry for entry in history if entry["epoch"] == best), None)
    if found is None:
        return
    axes.plot([best], [found[key]], marker="o", markersize=5, color=MAIN, markerfacecolor=MAIN)
    axes.axvline(best, color=MAIN, linewidth=0.6, linestyle=(0, (2, 3)))


def _diagonal(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=(0, (3, 3)))


def _percent(share: float, _place: object) -> str:
    return f"{100 * share:.3g} %"
