"""What is told right and wrong of each label, drawn."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from keepfit.problems.drawing import MAIN, OTHER, draw
from keepfit.quoting import cut, visible

_MOST = 14


def every(metrics: dict[str, Any]) -> list[str]:
    """Precision and recall of the weakest labels, as SVG; none without labels."""
    rows = [row for row in metrics.get("per_label", []) if row["support"]]
    rows.sort(key=lambda row: (row["f1"] or 0.0, row["label"]))
    return [weakest(rows[:_MOST], len(rows))] if rows else []


def weakest(rows: list[dict[str, Any]], labels: int) -> str:
    """Two dots a label; what is never given has no precision."""
    places = list(range(len(rows)))
    title = f"The {len(rows)} weakest of {labels} labels" if labels > len(rows) else "Labels, the weakest above"

    def paint(axes: Axes) -> None:
        for name, colour in (("precision", MAIN), ("recall", OTHER)):
            there = [place for place in places if rows[place][name] is not None]
            axes.scatter([rows[place][name] for place in there], there, 16, color=colour, linewidth=0, label=name)
        axes.set_yticks(places, [cut(visible(row["label"]), 18) for row in rows])
        axes.set(xlim=(-0.02, 1.02), ylim=(len(rows) - 0.5, -0.5))
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderaxespad=0.3)

    return draw("labels", title, "share", paint)
