"""The learning rate of every step, as a share of its peak."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi

Schedule = Callable[[float], float]
"""Share of the training that is done, 0 to 1 → share of the peak rate, 0 to 1."""

START = 1 / 25
"""Where one-cycle begins (Smith and Topin 2018, as fastai has it)."""


def schedule(kind: str, warmup: float, drop: float = 0.1, after: float = 1 / 3) -> Schedule:
    """A rise over the share `warmup` of the training, then what `kind` says: a pure function, so that a resumed run
    needs no state.

    cosine: a straight rise from nothing, then half a cosine to nothing (Loshchilov and Hutter 2017).
    one_cycle: both ways are half a cosine, up from 1/25. step: a straight rise; `drop` times the rate after each share
    `after` of the training. constant, and plateau (see `Plateau`): a straight rise, then no change.
    """
    start = START if kind == "one_cycle" else 0.0

    def share(done: float) -> float:
        if done < warmup:
            risen = done / warmup
            return start + (1 - start) * (_eased(risen) if kind == "one_cycle" else risen)
        if kind in ("constant", "plateau"):
            return 1.0
        # A rounding must not put the first batch of an epoch before its drop.
        return drop ** int(done / after + 1e-9) if kind == "step" else 1 - _eased((done - warmup) / (1 - warmup))

    return share


@dataclass
class Plateau:
    """Lowers the rate where the validation loss no longer falls; what it has seen is part of a training's state."""

    share: float = 1.0
    """Of the rate that is left."""
    least: float = math.inf
    """The smallest loss so far."""
    stale: int = 0
    """Epochs since then, or since the rate was lowered."""

    def heed(self, loss: float, drop: float, after: int) -> None:
        """Take an epoch's loss into account: `drop` times the rate after so many epochs without a better one."""
        self.stale = 0 if loss < self.least else self.stale + 1
        self.least = min(loss, self.least)
        if self.stale >= after:
            self.share, self.stale = self.share * drop, 0


def _eased(done: float) -> float:
    """From 0 to 1 along half a cosine."""
    return (1 - cos(pi * min(done, 1.0))) / 2
