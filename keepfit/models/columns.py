"""A table's columns as a linear model takes them: numbers in deviations, which of them are missing, and categories.

N rows, B of them a batch, n numbers with those that come back in dates, m code columns, C categories of all of them, K
outputs.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.models.linear_fit import Matrix
from keepfit.models.plain import Plain

_FAR, _LAST = 5.0, 1e6
"""Deviations from the mean beyond which a number counts as little further, and as no further: infinity stays finite."""


class Columns(nn.Module):
    """2 n + C columns. Nothing here is learned by steps."""

    mean: Tensor
    scale: Tensor
    """One over the deviation, 0 for a number that never changes, each [n]."""

    def __init__(self, transform: Transform) -> None:
        super().__init__()
        self.plain = Plain(transform)
        self.count = 2 * self.plain.counted + self.plain.categories
        self.register_buffer("mean", torch.zeros(self.plain.counted, dtype=torch.float64))
        self.register_buffer("scale", torch.zeros(self.plain.counted, dtype=torch.float64))

    def see(self, inputs: Inputs) -> None:
        """Take means and deviations from rows."""
        numbers = self.plain.numbers_of(inputs)
        self.mean.copy_(numbers.nanmean(0).nan_to_num())
        std = (numbers - self.mean).square().nanmean(0).nan_to_num().sqrt()
        self.scale.copy_(torch.where(std > 0, 1 / std.clamp_min(1e-300), 0.0))

    def forward(self, inputs: Inputs, weight: Tensor) -> Tensor:
        """A batch's raw tensors, weights [2 n + C, K] → [B, K]."""
        numbers, places = self._cells(inputs)
        found = numbers @ weight[: numbers.shape[1]]
        return found if places is None else found + F.embedding(places, weight[numbers.shape[1] :]).sum(1)

    def matrix(self, inputs: Inputs) -> Matrix:
        """[N, 2 n + C], sparse where there are categories."""
        numbers, places = self._cells(inputs)
        if places is None:
            return numbers.numpy()
        rows, columns = places.shape
        ends = np.arange(0, rows * columns + 1, columns)
        shape = rows, self.plain.categories
        ones = sparse.csr_matrix((np.ones(rows * columns, np.float32), places.numpy().ravel(), ends), shape)
        return sparse.hstack([sparse.csr_matrix(numbers.numpy()), ones], "csr")

    def _cells(self, inputs: Inputs) -> tuple[Tensor, Tensor | None]:
        """Numbers and which are missing, float32 [B, 2 n]; places of the categories, int64 [B, m]."""
        raw = self.plain.numbers_of(inputs)
        missing = raw.isnan()
        level = ((torch.where(missing, self.mean, raw) - self.mean) * self.scale).clamp(-_LAST, _LAST)
        level = level * (1 + (level / _FAR) ** 2).rsqrt()
        return torch.cat([level.float(), missing.float()], 1), self.plain.places(inputs)
