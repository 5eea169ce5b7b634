"""Are new rows but train rows again? And some of them, for the report. N rows, S numbers seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.features.whole import Whole
from keepfit.problems.synthesis import Target, given_places, words_of
from keepfit.problems.synthesis.alike import plain

ROWS, TRAIN = 1000, 20_000
"""Test rows, and train rows, that are looked at."""
NEAR = 0.1
"""Of the distance at which test rows lie from a train row as a rule: what is nearer may be a copy."""
_SHOWN, _OF_GROUPS = 8, 10
"""New pictures of a group that the report shows, and groups."""


@torch.no_grad()
def told(model: Any, part: Callable[[str], Part], transform: Transform) -> dict[str, Any]:
    """`figures`: copies, the share of new rows that near to a train row, beyond the share of test rows that are;
    `nearest`: the distances of both; `samples`: new pictures by what they are given."""
    target = transform.target
    assert isinstance(target, Target)
    tested = next(iter(part("test").in_order(ROWS))).inputs
    answers = model.answer(tested)
    real, made = (torch.from_numpy(some) for some in np.split(answers[:, 1:], 2, axis=1))
    whole = Whole(transform)
    train = whole.cells_of(next(iter(part("train").in_order(TRAIN))).inputs).double()
    rows = [torch.from_numpy(plain(some.numpy(), target.columns)) for some in (real, made, train)]
    near = [torch.cdist(some, rows[2]).amin(1) for some in rows[:2]]
    bound = NEAR * near[0].median()
    close = [float((some < bound).double().mean()) for some in near]
    return {
        "nearest": {name: some.tolist() for name, some in zip(("test", "made"), near, strict=True)},
        "samples": samples(target, real, made),
        "figures": {"copies": max(close[1] - close[0], 0.0)},
    }


def samples(target: Target, real: Tensor, made: Tensor) -> list[dict[str, Any]]:
    """Of each column that is a picture and each group of what is given: some pictures there are, and some new ones."""
    places, found, at = given_places(target), [], 0
    groups = [tuple(row) for row in real[:, places].long().tolist()]
    named = sorted(set(groups), key=lambda group: words_of(target, group))[:_OF_GROUPS]
    for column in target.columns:
        here = slice(at, at + column.cells)
        at += column.cells
        if len(column.shape) < 2:
            continue
        for group in named:
            rows = [row for row, one in enumerate(groups) if one == group][:_SHOWN]
            shown = (_pictures(some[rows, here], column.shape) for some in (real, made))
            told = dict(zip(("real", "made"), shown, strict=True))
            found.append({"column": column.name, "given": words_of(target, group), **told})
    return found


def _pictures(cells: Tensor, shape: tuple[int, ...]) -> list[Any]:
    found: list[Any] = (cells.reshape(-1, *shape).clamp(0, 1) * 255).round().int().tolist()
    return found
