"""Linear in every column: logistic regression, ridge regression, or one logistic regression a label.

N rows, B of them a batch, n numbers with those that come back in dates, C categories of all columns, K outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import Inputs
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.models.fitted import COURSE, HELD_OUT, both, carried, held
from keepfit.models.linear import Settings
from keepfit.models.linear_fit import Fitting, Matrix
from keepfit.models.plain import Plain
from keepfit.problems.objective import Objective

FITTED = True
"""At once, without steps."""
HOLDS_OUT = True
"""It answers each row that it is fitted to by what did not see it."""
STRENGTHS = (0.003, 0.03, 0.3, 3.0, 30.0)
_FAR, _LAST = 5.0, 1e6
"""Deviations from the mean beyond which a number counts as little further, and as no further: infinity stays finite."""


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:  # noqa: ARG001
    """Nothing to derive."""
    return dict(COURSE)


class Linear(nn.Module):
    """Weights of the numbers, of those that are missing, and of the categories."""

    mean: Tensor
    scale: Tensor
    """One over the deviation, 0 for a number that never changes, each [n]."""
    weight: Tensor
    """[2 n + C, K]."""
    bias: Tensor

    def __init__(self, settings: dict[str, Any], transform: Transform) -> None:  # noqa: ARG002
        super().__init__()
        self.plain = Plain(transform)
        numbers, categories, outputs = self.plain.counted, self.plain.categories, transform.target.outputs
        self.register_buffer("mean", torch.zeros(numbers, dtype=torch.float64))
        self.register_buffer("scale", torch.zeros(numbers, dtype=torch.float64))
        self.register_buffer("weight", torch.zeros(2 * numbers + categories, outputs))
        self.register_buffer("bias", torch.zeros(outputs))

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, 1, K]."""
        if HELD_OUT in inputs:
            return inputs[HELD_OUT][:, None]
        numbers, places = self._columns(inputs)
        found = self.bias + numbers @ self.weight[: numbers.shape[1]]
        if places is not None:
            found = found + F.embedding(places, self.weight[numbers.shape[1] :]).sum(1)
        return found[:, None]

    @torch.no_grad()
    def begin(self, train: Part, validation: Part, objective: Objective) -> tuple[Inputs, Inputs]:
        """Choose how small the weights are on the validation rows, then fit to the rows of both parts."""
        rows, known, asked = both(train, validation), held(train), held(validation)
        numbers = self.plain.numbers_of(rows.batch().inputs)
        self.mean.copy_(numbers.nanmean(0).nan_to_num())
        std = (numbers - self.mean).square().nanmean(0).nan_to_num().sqrt()
        self.scale.copy_(torch.where(std > 0, 1 / std.clamp_min(1e-300), 0.0))
        fitting = Fitting(objective, len(self.bias), STRENGTHS)
        matrix, other = (self._matrix(some.batch().inputs) for some in (rows, asked))
        strength = fitting.chosen(matrix[: len(known)], known.labels, other, asked.labels).strength
        found = fitting.out_of_fold(matrix, rows.labels, strength, None)
        linear = fitting.fitted(matrix, rows.labels, strength)
        self.weight.copy_(torch.from_numpy(linear.weight))
        self.bias.copy_(torch.from_numpy(linear.bias))
        return carried(found, train, validation)

    def _columns(self, inputs: Inputs) -> tuple[Tensor, Tensor | None]:
        """Numbers and which are missing, float32 [B, 2 n]; places of the categories, int64 [B, m]."""
        raw = self.plain.numbers_of(inputs)
        missing = raw.isnan()
        level = ((torch.where(missing, self.mean, raw) - self.mean) * self.scale).clamp(-_LAST, _LAST)
        level = level * (1 + (level / _FAR) ** 2).rsqrt()
        return torch.cat([level.float(), missing.float()], 1), self.plain.places(inputs)

    def _matrix(self, inputs: Inputs) -> Matrix:
        numbers, places = self._columns(inputs)
        if places is None:
            return numbers.numpy()
        rows, columns = places.shape
        ends = np.arange(0, rows * columns + 1, columns)
        shape = rows, self.plain.categories
        ones = sparse.csr_matrix((np.ones(rows * columns, np.float32), places.numpy().ravel(), ends), shape)
        return sparse.hstack([sparse.csr_matrix(numbers.numpy()), ones], "csr")


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """Outputs [B, 1, K]."""
    return Linear(settings, transform)
