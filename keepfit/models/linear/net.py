"""Linear in every column: logistic regression, ridge regression, or one logistic regression a label.

B rows, n numbers with those that come back in dates, C categories of all columns, K outputs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.models.columns import Columns
from keepfit.models.fitted import COURSE, HELD_OUT, both, carried, held
from keepfit.models.linear import Settings
from keepfit.models.linear_fit import Fitting
from keepfit.problems.objective import Objective

FITTED = True
"""At once, without steps."""
HOLDS_OUT = True
"""It answers each row that it is fitted to by what did not see it."""
STRENGTHS = (0.003, 0.03, 0.3, 3.0, 30.0)


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:  # noqa: ARG001
    """Nothing to derive."""
    return dict(COURSE)


class Linear(nn.Module):
    """Weights of the numbers, of those that are missing, and of the categories."""

    weight: Tensor
    """[2 n + C, K]."""
    bias: Tensor

    def __init__(self, settings: dict[str, Any], transform: Transform) -> None:  # noqa: ARG002
        super().__init__()
        self.columns = Columns(transform)
        outputs = transform.target.outputs
        self.register_buffer("weight", torch.zeros(self.columns.count, outputs))
        self.register_buffer("bias", torch.zeros(outputs))

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, 1, K]."""
        if HELD_OUT in inputs:
            return inputs[HELD_OUT][:, None]
        found: Tensor = self.columns(inputs, self.weight) + self.bias
        return found[:, None]

    @torch.no_grad()
    def begin(self, train: Part, validation: Part, objective: Objective) -> tuple[Inputs, Inputs]:
        """Choose how small the weights are on the validation rows, then fit to the rows of both parts."""
        rows, known, asked = both(train, validation), held(train), held(validation)
        self.columns.see(rows.batch().inputs)
        fitting = Fitting(objective, len(self.bias), STRENGTHS)
        matrix, other = (self.columns.matrix(some.batch().inputs) for some in (rows, asked))
        strength = fitting.chosen(matrix[: len(known)], known.labels, other, asked.labels).strength
        found = fitting.out_of_fold(matrix, rows.labels, strength, None)
        linear = fitting.fitted(matrix, rows.labels, strength)
        self.weight.copy_(torch.from_numpy(linear.weight))
        self.bias.copy_(torch.from_numpy(linear.bias))
        return carried(found, train, validation)


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """Outputs [B, 1, K]."""
    return Linear(settings, transform)
