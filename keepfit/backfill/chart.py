"""The three ways over the periods, drawn; a dot where a model came into service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.ticker import FuncFormatter

from keepfit.backfill.told import WAYS, Backfilled, Told, Way
from keepfit.metrics.naming import SHARES, begun
from keepfit.problems.drawing import MAIN, OTHER, PAPER, SOFT, draw, percent

SIZE = (7.4, 3.0)
_COLOURS: dict[Way, str] = {"never": OTHER, "always": SOFT, "followed": MAIN}


def chart(found: Backfilled) -> str:
    """An svg element: each period's figure of the rows that came next."""
    shown = [one for one in found.periods if one.earned]

    def paint(axes: Axes) -> None:
        axes.xaxis_date()
        for way, colour in _COLOURS.items():
            values = [one.earned[way] for one in shown]
            dashed = (0, (3, 2)) if way == "always" else "solid"
            axes.plot(_days(shown), values, color=colour, linestyle=dashed, label=WAYS[way])
        entered = [one for one in shown if one.outcome in ("FIRST", "PROMOTE")]
        dot: Any = {"linestyle": "none", "marker": "o", "markersize": 4, "color": MAIN, "markerfacecolor": PAPER}
        axes.plot(
            _days(entered), [one.earned["followed"] for one in entered], label="a model comes into service", **dot
        )
        if found.metric in SHARES:
            axes.yaxis.set_major_formatter(FuncFormatter(percent))
        axes.figure.legend(loc="outside lower center", ncols=4, frameon=False)

    title = f"{begun(found.metric)} on the rows that came next"
    return draw("backfill", title, "", paint, SIZE)


def _days(periods: list[Told]) -> list[float]:
    """The middle of each, as matplotlib counts days."""
    ends = ((datetime.fromisoformat(one.at), datetime.fromisoformat(one.until)) for one in periods)
    return [float(date2num(at + (until - at) / 2)) for at, until in ends]  # type: ignore[no-untyped-call]
