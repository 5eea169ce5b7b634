"""The wide part over the columns beside a text: numbers, dates, names, and what says yes or no.

B rows, V columns, K outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs, Rows
from keepfit.data.transform import Transform
from keepfit.features.shared.entries import CodedEntry, NumericEntry
from keepfit.models.columns import Columns
from keepfit.models.linear_fit import Floats, Matrix

_SHARE = 0.3
"""What a column counts beside a text, whose n-grams have a length of 1 all together: with less they say too little of
what they know, with more names of few rows are learned by heart."""


class Beside(nn.Module):
    """Columns → K numbers. Nothing here is learned by steps."""

    weight: Tensor
    """[V, K]."""

    def __init__(self, transform: Transform, outputs: int) -> None:
        super().__init__()
        self.columns = Columns(transform)
        self.register_buffer("weight", torch.zeros(self.columns.count, outputs))

    @staticmethod
    def there(transform: Transform) -> bool:
        """Whether there are such columns."""
        return any(isinstance(one, CodedEntry | NumericEntry) for one in transform.features)

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, K]."""
        found: Tensor = self.columns(inputs, self.weight)
        return found

    def see(self, rows: Rows, *others: Rows) -> None:
        """Take means and deviations from the first rows; then look at all of them."""
        self.columns.see(self._tensors(rows))
        self._seen = [self.columns.matrix(self._tensors(some)) * _SHARE for some in (rows, *others)]

    def turn(self) -> list[Matrix]:
        """The columns [N, V] of the rows that were seen."""
        return self._seen

    def take(self, weight: Floats) -> None:
        """What was fitted [V, K]; of no columns, nothing."""
        self.weight.zero_()[: len(weight)] = torch.from_numpy(weight) * _SHARE
        del self._seen

    @staticmethod
    def _tensors(rows: Rows) -> Inputs:
        """Those of columns, whose rows have one length: texts are not padded for it."""
        return {name: found for name, found in rows.inputs.items() if isinstance(found, Tensor)}
