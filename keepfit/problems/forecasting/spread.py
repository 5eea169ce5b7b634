"""How far the truth lies from a forecast: by the errors on validation rows, a figure for each step ahead.

Errors of what grows often grow with it. So they are told in units of a power of the forecast's own level, that by which
they are likeliest if they are Laplace's: 0, 1/2, as of counts, or 1, as of what changes by shares. N rows, H steps.
"""

from __future__ import annotations

import torch
from torch import Tensor

from keepfit.problems.forecasting import Target
from keepfit.problems.objective import Reach, covering

POWERS = (0.0, 0.5, 1.0)
POWER = "power"
"""The key of the one that was chosen; those of the steps are their numbers, from 1."""
_FLOOR = 0.1
"""Of the mean: below it the level counts as little lower, as errors about zero are not zero."""


def level(values: Tensor, target: Target) -> Tensor | None:
    """Forecasts, in the target's unit → in units of the train rows' mean; None where the values may be below zero, or
    are learned as logarithms, whose errors are shares already."""
    if target.log or target.low < 0:
        return None
    return (values.clamp_min(0) / target.mean + _FLOOR) / (1 + _FLOOR)


def distances(off: Tensor, levels: Tensor | None) -> Tensor:
    """Errors [N, H] and levels → [N, H (1 + P)]: the levels' logarithms, and the errors in units of each power."""
    found = torch.ones_like(off) if levels is None else levels
    return torch.cat([found.log(), *(off.abs() / found**power for power in POWERS)], 1)


def reach_of(found: Tensor, share: float) -> Reach:
    """What `distances` gave, [H (1 + P), N], → the power, and how far the truth lies at each step in its units.

    Rows whose forecasts overlap err together: at step h a row shares values with h - 1 others on either side, and
    errors that add up on the way are as much alike as if (h + 1) / 2 rows were one.
    """
    logs, *several = found.tensor_split(1 + len(POWERS))
    losses = [(power * logs.mean(1) + some.mean(1).log()).mean() for power, some in zip(POWERS, several, strict=True)]
    best = int(torch.stack(losses).nan_to_num(nan=torch.inf).argmin())
    steps = enumerate(several[best], 1)
    return {POWER: POWERS[best], **{f"{step}": covering(some, share, (step + 1) / 2) for step, some in steps}}


def far(values: Tensor, target: Target, reach: Reach) -> Tensor:
    """Forecasts [B, H], in the target's unit → how far the truth lies from each, as learned."""
    steps = torch.tensor([reach[f"{step}"] for step in range(1, target.horizon + 1)], dtype=torch.float64)
    levels = level(values, target) if reach[POWER] else None
    return steps.expand_as(values) if levels is None else steps * levels ** reach[POWER]
