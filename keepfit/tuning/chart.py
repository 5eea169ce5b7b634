"""The trials, drawn: one after the other, epoch by epoch, and against each setting."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from keepfit.config.tuning import written
from keepfit.problems.drawing import MAIN, OTHER, PAPER, SOFT, draw
from keepfit.tuning.told import Tried, Tuned

WIDE = (7.4, 2.8)
_DEARER = 3.0
"""Losses further above the best than so many times the first's distance from it would squeeze all others."""


def trials(found: Tuned) -> str:
    """Each trial's loss, in their order, and the best so far."""
    told = [one for one in found.trials if one.loss is not None]
    done = [one for one in told if one.state == "done"]

    def paint(axes: Axes) -> None:
        least = [*accumulate((_loss(one) for one in done), min)]
        axes.step([one.number for one in done], least, where="post", color=MAIN, label="the best so far")
        axes.axhline(_loss(found.first), color=SOFT, linewidth=0.8, linestyle=(0, (3, 3)), label="as the YAML stands")
        _dots(axes, told, [one.number for one in told])
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.figure.legend(loc="outside lower center", ncols=4, frameon=False)
        _within(axes, told)

    return draw("trials", "Validation loss", "trial", paint, WIDE)


def epochs(found: Tuned) -> str:
    """Each trial's loss, epoch by epoch; empty where none has several."""
    several = [one for one in found.trials if len(one.losses) > 1]
    if not several:
        return ""

    def paint(axes: Axes) -> None:
        for one in several:
            colour = MAIN if one is found.best else SOFT if one.state == "done" else OTHER
            width = 1.6 if one is found.best else 0.7
            axes.plot(range(1, len(one.losses) + 1), one.losses, color=colour, linewidth=width)
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        _within(axes, several)

    return draw("epochs", "Validation loss by epochs: the best, others, those given up", "epoch", paint, WIDE)


def settings(found: Tuned) -> list[str]:
    """Each setting's values against the losses."""
    return [_setting(found, path) for path in found.settings]


def _setting(found: Tuned, path: str) -> str:
    told = [one for one in found.trials if one.loss is not None and path in one.settings]
    values = [one.settings[path] for one in told]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)

    def paint(axes: Axes) -> None:
        _dots(axes, told, values if numbers else [written(value) for value in values])
        if "by factors" in found.settings[path]:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(_figure))
            axes.xaxis.set_minor_formatter(NullFormatter())
        elif numbers and all(isinstance(value, int) for value in values):
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        _within(axes, told)

    return draw(path, path, "", paint)


def _figure(value: float, _place: object) -> str:
    return f"{value:g}"


def _dots(axes: Axes, told: Sequence[Tried], x: Sequence[object]) -> None:
    for state, face, name in (("done", OTHER, "done"), ("given up", PAPER, "given up")):
        some = [(at, _loss(one)) for at, one in zip(x, told, strict=True) if one.state == state]
        at, losses = zip(*some, strict=True) if some else ((), ())
        axes.plot(at, losses, "o", markersize=3.5, color=OTHER, markerfacecolor=face, label=name)


def _within(axes: Axes, told: Sequence[Tried]) -> None:
    """Cut off what would squeeze the others: a network that diverged."""
    losses = sorted(_loss(one) for one in told)
    if not losses:
        return
    middle = losses[len(losses) // 2]
    most = middle + _DEARER * (middle - losses[0])
    if losses[0] < most < losses[-1]:
        axes.set_ylim(top=most)


def _loss(trial: Tried) -> float:
    assert trial.loss is not None
    return trial.loss
