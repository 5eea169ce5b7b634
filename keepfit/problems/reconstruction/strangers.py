"""Strangers planted among the test rows: how well a model tells them, and what it makes of some rows. B rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from keepfit.data.batch import Inputs
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.features.whole import Whole
from keepfit.problems.described import Layout, Rebuilt, layout_of

ROWS = 2000
"""Test rows of which strangers are made, at most."""
_DRAWN = 8
"""Pictures that the report shows."""
STRANGENESS, _CODE = 0, 3
"""Where these stand among the answers."""


@torch.no_grad()
def told(model: Any, part: Callable[[str], Part], transform: Transform) -> dict[str, Any]:
    """`strangers`: how well each kind is told from the test rows; `pictures`: some rows, theirs and mended.

    `figures` has the least of the areas under the ROC curve.
    """
    inputs = _first(part("test"), ROWS)
    answers = model.answer(inputs)
    ordinary, found = answers[:, STRANGENESS], []
    for what, made in Whole(transform).planted(inputs, torch.Generator().manual_seed(0)).items():
        strange = _answered(model, made)
        beyond = np.quantile(strange, (0.05, 0.5)).tolist()
        found.append({"what": what, "auroc": auroc(ordinary, strange), "strangeness": beyond})
    least = min(one["auroc"] for one in found)
    layout = layout_of(transform.target)
    return {
        "strangers": found,
        "pictures": _pictures(inputs, answers, transform.target, layout, transform),
        "figures": {"strangers_auroc": least},
    }


def auroc(ordinary: NDArray[np.float64], strange: NDArray[np.float64]) -> float:
    """How likely a stranger is stranger than an ordinary row, level ones counting half."""
    ranks = rankdata(np.concatenate([ordinary, strange]))[len(ordinary) :]
    above = ranks.sum() - len(strange) * (len(strange) + 1) / 2
    return float(above / (len(ordinary) * len(strange)))


def _first(test: Part, rows: int) -> Inputs:
    """Of the first rows."""
    batches = []
    for batch in test.in_order(rows):
        batches.append(batch.inputs)
        break
    return batches[0]


def _answered(model: Any, inputs: Inputs) -> NDArray[np.float64]:
    found: NDArray[np.float64] = model.answer(inputs)[:, STRANGENESS]
    return found


def _pictures(
    inputs: Inputs, answers: NDArray[Any], target: Any, layout: Layout, transform: Transform
) -> list[dict[str, Any]]:
    """Of each column with cells of two dimensions or three: the least and the most strange of these rows, as the
    network saw them, mended, and where they are off."""
    order = np.argsort(answers[:, STRANGENESS], kind="stable")
    rows = [*order[:: max(1, len(order) // (_DRAWN // 2))][: _DRAWN // 2], *order[-_DRAWN // 2 :]]
    shares, mended = np.split(answers[:, _CODE + layout.code :], 2, axis=1)
    found, at = [], 0
    for column in target.columns:
        here = slice(at, at + column.cells)
        at += column.cells
        if len(column.shape) > 1:
            seen = inputs[transform.entries[column.name].tensor]
            found += [_picture(column, seen[row], mended[row, here], shares[row, here], answers[row]) for row in rows]
    return found


def _picture(
    column: Rebuilt, seen: Tensor, mended: NDArray[Any], shares: NDArray[Any], answer: NDArray[Any]
) -> dict[str, Any]:
    made = (mended.reshape(column.shape) * 255).round().astype(int).tolist()
    where = shares.reshape(column.shape).sum(-1)
    return {
        "column": column.name, "strangeness": float(answer[STRANGENESS]), "seen": seen.int().tolist(), "mended": made,
        "where": (where / max(where.max(), 1e-12)).round(3).tolist(),
    }  # fmt: skip
