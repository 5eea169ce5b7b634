"""A linear model of n-grams, and a deep one of everything that learns what the first leaves.

B rows, N train rows, M members, K outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from keepfit.data.batch import Inputs, RaggedTensor, Rows, joined
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.models.towers import Towers, TowerSettings
from keepfit.models.wide_deep.fitted import LinearFit, Scale, chosen, fitted, matrix, out_of_fold, scaled
from keepfit.models.wide_deep.wide import Grams
from keepfit.problems.objective import Objective

WIDE = "wide"
"""What each row carries in training: the wide part's numbers for it by fits that did not see it."""


def texts_of(transform: Transform) -> list[str]:
    """The tensors that hold n-grams."""
    return [tensor.name for tensor in transform.tensors if tensor.view.name == "grams"]


class TextWideAndDeep(nn.Module):
    """Every member's deep outputs plus the wide part's numbers, which were fitted first and stay as they are.

    The deep part begins with zeros, so that before its first step the whole is the linear model.
    """

    bias: Tensor

    def __init__(self, settings: TowerSettings, transform: Transform) -> None:
        super().__init__()
        outputs = transform.target.outputs
        self.texts = texts_of(transform)
        self.wide = nn.ModuleList(Grams(outputs) for _ in self.texts)
        self.register_buffer("bias", torch.zeros(outputs))
        self.deep = Towers(settings, transform)
        for tower in self.deep.towers:
            nn.init.zeros_(tower.head.weight)  # type: ignore[union-attr, arg-type]

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, M, K]."""
        deep: Tensor = self.deep(inputs)
        wide = inputs[WIDE] if WIDE in inputs else self.linear(inputs)
        return deep + wide[:, None]

    def linear(self, inputs: Inputs) -> Tensor:
        """[B, K], of every text's n-grams."""
        parts = [part(inputs[name]) for name, part in zip(self.texts, self.wide, strict=True)]
        return torch.stack(parts).sum(0) + self.bias

    def begin(self, train: Part, validation: Part, objective: Objective) -> tuple[Inputs, Inputs]:
        """Choose the wide part's settings by the validation rows, then fit it to the rows of both parts.

        Gives each row's numbers by a fit that did not see it. Of parts that are not held it is fitted to the first
        train rows, and nothing is given.
        """
        rows, other = _held(train), _held(validation)
        scales = [scaled(_grams(rows, name)) for name in self.texts]
        known, asked = (self._matrix(part, scales) for part in (rows, other))
        outputs = self.bias.shape[0]
        best = chosen(known, rows.labels, asked, other.labels, objective, outputs)
        if len(rows) < len(train) or len(other) < len(validation):
            self._take(best.linear, scales)
            return {}, {}
        # No fit that a train row's numbers are from may have seen a validation row: the network learns what they leave,
        # so that it would learn the contrary of what validation rows near by say, and be judged too badly by them.
        carried = out_of_fold(known, rows.labels, objective, outputs, best)
        judged = torch.from_numpy(best.linear.logits(asked))
        both = joined([rows, other])
        scales = [scaled(_grams(both, name)) for name in self.texts]
        last = fitted(self._matrix(both, scales), both.labels, objective, outputs, best.strength, prior=best.prior)
        self._take(last, scales)
        return {WIDE: carried}, {WIDE: judged}

    def _matrix(self, rows: Rows, scales: Sequence[Scale]) -> sparse.csr_matrix:
        found = [matrix(_grams(rows, name), scale) for name, scale in zip(self.texts, scales, strict=True)]
        return sparse.hstack(found, "csr")

    def _take(self, linear: LinearFit, scales: Sequence[Scale]) -> None:
        ends = np.cumsum([len(scale.scale) for scale in scales])[:-1]
        for part, scale, weight in zip(self.wide, scales, np.split(linear.weight, ends), strict=True):
            assert isinstance(part, Grams)
            part.place.copy_(torch.from_numpy(scale.place))
            part.scale[: len(weight)] = torch.from_numpy(scale.scale)
            part.weight[: len(weight)] = torch.from_numpy(weight)
            part.weight[0] = 0  # what is not known says nothing
        self.bias.copy_(torch.from_numpy(linear.bias))


def _grams(rows: Rows, name: str) -> RaggedTensor:
    found = rows.inputs[name]
    assert isinstance(found, RaggedTensor)
    return found


def _held(part: Part) -> Rows:
    """All rows, or of a part that is not held as many as are read at a time."""
    rows = np.cumsum(part.groups)
    return part.load(range(max(1, int(np.searchsorted(rows, max(part.window, part.groups[0]), "right")))))
