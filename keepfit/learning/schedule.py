"""The learning rate of every step, as a share of its peak: a pure function, so that a resumed run needs no state."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi
from typing import Literal

Schedule = Callable[[float], float]
"""Share of the training that is done, 0 to 1 → share of the peak rate, 0 to 1."""

START = 1 / 25
"""Where one-cycle begins (Smith and Topin 2018, as fastai has it)."""


def schedule(kind: Literal["cosine", "one_cycle", "constant"], warmup: float) -> Schedule:
    """A rise over the share `warmup` of the training, then what `kind` says.

    cosine: a straight rise from nothing, then half a cosine to nothing (Loshchilov and Hutter 2017).
    one_cycle: both ways are half a cosine, up from 1/25. constant: a straight rise, then no change.
    """
    start = START if kind == "one_cycle" else 0.0

    def share(done: float) -> float:
        if done < warmup:
            risen = done / warmup
            return start + (1 - start) * (_eased(risen) if kind == "one_cycle" else risen)
        return 1.0 if kind == "constant" else 1 - _eased((done - warmup) / (1 - warmup))

    return share


def _eased(done: float) -> float:
    """From 0 to 1 along half a cosine."""
    return (1 - cos(pi * min(done, 1.0))) / 2
