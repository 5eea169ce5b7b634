"""What families share that are fitted at once, without steps: they hold all rows, and answer each as if it were new."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.data.batch import Inputs, Rows, joined
from keepfit.data.feed import Part
from keepfit.problems.objective import Objective

HELD_OUT = "held_out"
"""What each row carries in training: the numbers [K] that a fit gives it which did not see it."""

COURSE: dict[str, Any] = {
    "epochs": 0, "batch_size": 2048, "lr": 0.0, "weight_decay": 0.0, "schedule": "constant", "warmup": 0.0,
    "label_smoothing": 0.0, "augment": {}, "patience": None,
}  # fmt: skip
"""No steps."""


def held(part: Part) -> Rows:
    """All rows, or of a part that memory does not hold as many as are read at a time."""
    rows = np.cumsum(part.groups)
    return part.load(range(max(1, int(np.searchsorted(rows, max(part.window, part.groups[0]), "right")))))


def both(train: Part, validation: Part) -> Rows:
    """The rows of the two parts, the train rows first; of parts that memory does not hold the first train rows."""
    rows, other = held(train), held(validation)
    return joined([rows, other]) if len(rows) == len(train) and len(other) == len(validation) else rows


def carried(found: Tensor, train: Part, validation: Part) -> tuple[Inputs, Inputs]:
    """What was found for the rows of `both`, as they carry it; nothing where not all rows are held."""
    rows = len(train), len(validation)
    if len(found) < sum(rows):
        return {}, {}
    known, asked = found.split(rows)
    return {HELD_OUT: known}, {HELD_OUT: asked}


def dealt(labels: NDArray[np.generic], of: int) -> NDArray[np.int64]:
    """In which of so many parts each row is [N]: of each class, and of each stretch of values, as many in every part.

    Equal rows are not kept together: where rows to come repeat earlier ones, what is chosen should be chosen for that.
    """
    drawn = np.random.default_rng(0).random(len(labels))
    order = np.lexsort((drawn, labels)) if labels.ndim == 1 else np.argsort(drawn)
    part = np.empty(len(order), np.int64)
    part[order] = np.arange(len(order)) % of
    return part


def weights_of(rows: Rows, objective: Objective) -> NDArray[np.float32] | None:
    """How much each row counts [N], for a library's fit."""
    found = objective.weights(rows.labels)
    return None if found is None else found.numpy()


def drawn() -> int:
    """A seed for a library that draws by itself, from torch's generator."""
    return int(torch.randint(1 << 31, ()))
