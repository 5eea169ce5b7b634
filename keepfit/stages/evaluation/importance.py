"""How much the answers rest on each column: permutation importance (Breiman 2001, "Random Forests"; Fisher, Rudin and
Dominici 2019, "All Models are Wrong, but Many are Useful", for a model of any kind).

A column's cells are shuffled among some test rows, and the network is asked again. How far its loss rises is what it
knew by that column and by none of the others. N rows, G groups of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from keepfit.data.batch import Rows
from keepfit.data.feed import Part
from keepfit.data.transform import Entry, Transform
from keepfit.problems.objective import Objective

ASKED = 10_000
"""Rows that are asked again, of all columns together: two or three seconds of a portfolio."""
_MOST, _LEAST = 1000, 25
"""Rows a column. Of fewer nothing can be said, and so of more than 400 columns."""
_GROUPS = 50
_NORMAL = 1.96


@torch.no_grad()
def importances(net: nn.Module, transform: Transform, test: Part, objective: Objective) -> list[dict[str, Any]]:
    """Of each column `column`, `rise` (of the loss), and `low` and `high`, between which that of other rows would lie
    in 95 of 100 cases; the largest first. Empty for a single column, for very many, and for very few rows."""
    columns = transform.features
    count = min(_MOST, ASKED // max(len(columns), 1), len(test))
    if len(columns) < 2 or count < _LEAST:
        return []
    random = np.random.default_rng(0)
    some = test.load((0,))
    rows = some.take(torch.from_numpy(np.sort(random.permutation(len(some))[:count])))
    labels = objective.labels(rows.labels)
    known = _losses(net(rows.batch().inputs), labels, objective)
    found = []
    for entry in columns:
        others = torch.from_numpy(random.permutation(len(rows)))
        shuffled = _shuffled(rows, others, entry, transform).batch().inputs
        rises = _losses(net(shuffled), labels, objective) - known
        rise, margin = float(rises.mean()), _NORMAL * float(rises.std(ddof=1)) / len(rises) ** 0.5
        found.append({"column": entry.name, "rise": rise, "low": rise - margin, "high": rise + margin})
    return sorted(found, key=lambda one: -one["rise"])


def _shuffled(rows: Rows, others: Tensor, entry: Entry, transform: Transform) -> Rows:
    """The rows with this column's cells from other rows."""
    theirs = rows.take(others)
    mixed = dict(rows.inputs)
    for tensor in (one for one in transform.tensors if entry in one.entries):
        own, other = rows.inputs[tensor.name], theirs.inputs[tensor.name]
        if tensor.view.stacks and isinstance(own, Tensor) and isinstance(other, Tensor):
            whole = own.clone()
            whole[:, entry.slot] = other[:, entry.slot]
            mixed[tensor.name] = whole
        else:
            mixed[tensor.name] = other
    return Rows(mixed, rows.labels)


def _losses(outputs: Tensor, labels: Tensor, objective: Objective) -> np.ndarray[Any, Any]:
    """The mean loss of each group [G]."""
    return np.array(objective.losses(outputs, labels, min(_GROUPS, len(labels) // 2)))
