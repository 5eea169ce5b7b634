"""Charts drawn by matplotlib as SVG with real text; imported only when something is drawn.

Colours are CSS variables, so that they follow the page.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

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


def plain(svg: str) -> str:
    """The same chart with fixed colours, for where there is no style sheet; a whole SVG document.

    It brings its own paper: dark letters on nothing cannot be read on a dark page.
    """
    for colour, variable in VARIABLES.items():
        svg = svg.replace(f"var({variable})", LIGHT[colour])
    svg = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="460" ', 1)
    return svg.replace(">", f'><rect width="100%" height="100%" rx="5" fill="{PAPER}"/>', 1)


def draw(name: str, title: str, label: str, paint: Callable[[Axes], None], size: tuple[float, float] = SIZE) -> str:
    """One chart as an svg element; `name` makes the ids inside it its own, `size` is in inches."""
    with rc_context({**_STYLE, "svg.hashsalt": f"keepfit-{name}"}), warnings.catch_warnings():
        # The reader's browser has the letters that the font used for measuring lacks.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        figure = Figure(figsize=size, layout="constrained")
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


def line(axes: Axes, x: Sequence[float], y: Sequence[float], name: str, colour: str) -> None:
    """A line with its name at its end; a few points are dots."""
    marker = "o" if len(x) < 3 else None
    axes.plot(x, y, color=colour, marker=marker, markersize=3, label=name or None)
    if name:
        axes.annotate(name, (x[-1], y[-1]), (4, 0), textcoords="offset points", color=colour, va="center")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def mark(axes: Axes, best: int, history: list[dict[str, Any]], key: str) -> None:
    """The epoch that was kept."""
    found = next((entry for entry in history if entry["epoch"] == best), None)
    if found is None:
        return
    axes.plot([best], [found[key]], marker="o", markersize=5, color=MAIN, markerfacecolor=MAIN)
    axes.axvline(best, color=MAIN, linewidth=0.6, linestyle=(0, (2, 3)))


def diagonal(axes: Axes, low: float = 0, high: float = 1) -> None:
    """Where both axes agree."""
    axes.plot([low, high], [low, high], color=SOFT, linewidth=0.8, linestyle=(0, (3, 3)))


def percent(share: float, _place: object) -> str:
    """A tick of shares."""
    return f"{100 * share:.3g} %"
