"""A linear model that is fitted first, and a deep one of everything that learns what it leaves.

B rows, N train rows, M members, K outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from keepfit.data.batch import LACKING, Inputs, Rows, joined
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.features.named import Axes, head
from keepfit.features.sequence import Entry as Series
from keepfit.models.cnn.series import SeriesCNN
from keepfit.models.fitted import held
from keepfit.models.linear_fit import Chosen, Fitting, Floats, LinearFit, Matrix
from keepfit.models.towers import Towers, TowerSettings
from keepfit.models.wide_deep.beside import Beside
from keepfit.models.wide_deep.grams import Grams
from keepfit.models.wide_deep.kernels import Kernels
from keepfit.problems.objective import Objective

Turn = tuple[bool, bool]
"""A variant of the parts over texts or series, and whether the columns beside texts are looked at."""
WIDE = "wide"
"""What each row carries in training: the wide part's numbers for it by fits that did not see it."""


def texts_of(transform: Transform) -> list[str]:
    """The tensors that hold n-grams."""
    return [tensor.name for tensor in transform.tensors if tensor.view.name == "grams"]


def series_of(transform: Transform) -> list[Series]:
    """The series that a wide part is over: those that no text stands beside."""
    return [] if texts_of(transform) else [one for one in transform.features if isinstance(one, Series)]


def alone(transform: Transform) -> Series | None:
    """The one feature, where it is a series."""
    first, *others = transform.features
    return first if isinstance(first, Series) and not others else None


class ResidualWideAndDeep(nn.Module):
    """Every member's deep outputs plus the wide part's numbers, which were fitted first and stay as they are.

    The deep part begins with zeros, so that before its first step the whole is the linear model.
    """

    bias: Tensor

    def __init__(self, settings: TowerSettings, transform: Transform) -> None:
        super().__init__()
        outputs = transform.target.outputs
        texts = (Grams(name, outputs) for name in texts_of(transform))
        series = (Kernels(entry, outputs, settings["columns"]) for entry in series_of(transform))
        self.wide = nn.ModuleList([*texts, *series])
        self.beside = Beside(transform, outputs) if texts_of(transform) and Beside.there(transform) else None
        self.register_buffer("bias", torch.zeros(outputs))
        self.deep, heads = _deep(settings, transform)
        for last in heads:
            nn.init.zeros_(last.weight)  # type: ignore[arg-type]
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, M, K]."""
        deep: Tensor = self.deep(inputs)
        return deep + self._wide(inputs)[:, None]

    def _wide(self, inputs: Inputs) -> Tensor:
        """The linear model's numbers [B, K]; in training those that were carried, but of rows that lack something."""
        if WIDE not in inputs:
            return self.linear(inputs)
        if LACKING not in inputs:
            return inputs[WIDE]
        return torch.where(inputs[LACKING][:, None], self.linear(inputs), inputs[WIDE])

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """The deep part; the wide one is fitted anew."""
        return head(outputs, "deep.head") if hasattr(self.deep, "head") else {}

    def linear(self, inputs: Inputs) -> Tensor:
        """[B, K], of every text or series, and of the columns beside texts."""
        found = [part(inputs[part.name]) for part in self.wide]  # type: ignore[index]
        return torch.stack(found if self.beside is None else [*found, self.beside(inputs)]).sum(0) + self.bias

    @torch.no_grad()
    def begin(self, train: Part, validation: Part, objective: Objective) -> tuple[Inputs, Inputs]:
        """Choose the wide part's settings by rows that were not fitted to, then fit it to the rows of both parts.

        More columns must be better by more than chance: 30 rows that all are told right say little of them.

        Gives each row's numbers by a fit that did not see it. Of parts that are not held it is fitted to the first
        train rows, and nothing is given.
        """
        rows, other = held(train), held(validation)
        self._see(rows, other)
        fitting = self._fitting(objective, rows.labels)

        def tried(turn: Turn) -> Chosen:
            known, asked = self._turn(turn)
            return fitting.chosen(known, rows.labels, asked, other.labels)

        turn, *others = self._turns()
        best = tried(turn)
        for more in others:
            if (found := tried(more)).surely_better(best):
                best, turn = found, more
        known, asked = self._turn(turn)
        if len(rows) < len(train) or len(other) < len(validation):
            self._take(best.linear)
            return {}, {}
        # No fit that a train row's numbers are from may have seen a validation row: the network learns what they leave,
        # so that it would learn the contrary of what validation rows near by say, and be judged too badly by them.
        carried = fitting.out_of_fold(known, rows.labels, best.strength, best.prior)
        judged = torch.from_numpy(best.linear.logits(asked))
        both = joined([rows, other])
        self._see(both)
        (known,) = self._turn(turn)
        self._take(fitting.fitted(known, both.labels, best.strength, best.prior))
        return {WIDE: carried}, {WIDE: judged}

    def _fitting(self, objective: Objective, labels: Tensor) -> Fitting:
        first: Any = self.wide[0]
        named = labels.dtype is torch.int64 or labels.ndim == 2  # classes, a code each or several at once
        prior = self._prior if named and first.prior else None
        texts = sum(part.known for part in self.wide) if self.beside else None  # type: ignore[misc]
        return Fitting(objective, self.bias.shape[0], first.strengths, prior, texts)

    def _prior(self, rows: Matrix, labels: Tensor, outputs: int) -> Floats:
        """That of the n-grams [V, K]; of the columns beside them none."""
        first: Any = self.wide[0]
        ours = sum(self._widths[: len(self.wide)])
        others = np.ones((rows.shape[1] - ours, outputs), np.float32)
        return np.concatenate([first.prior(rows[:, :ours], labels, outputs), others])

    def _see(self, *several: Rows) -> None:
        for part in [*self.wide, *([self.beside] if self.beside else [])]:
            part.see(*several)

    def _turns(self) -> list[Turn]:
        """What is tried, the plainest first."""
        alone = [(variant, False) for variant in self.wide[0].variants]  # type: ignore[union-attr]
        return [*alone, *([(variant, True) for variant, _ in alone] if self.beside else [])]

    def _turn(self, turn: Turn) -> list[Matrix]:
        """The columns of all parts, of each of the rows that were seen."""
        variant, beside = turn
        parts = [part.turn(variant) for part in self.wide]  # type: ignore[operator]
        if beside and self.beside:
            parts.append(self.beside.turn())
        return [self._joined(found) for found in zip(*parts, strict=True)]

    def _joined(self, found: Sequence[Matrix]) -> Matrix:
        self._widths = [one.shape[1] for one in found]
        return sparse.hstack(found, "csr") if sparse.issparse(found[0]) else np.hstack(found)

    def _take(self, linear: LinearFit) -> None:
        parts = [*self.wide, *([self.beside] if self.beside else [])]
        for part, weight in zip_longest(parts, np.split(linear.weight, np.cumsum(self._widths)[:-1])):
            part.take(linear.weight[:0] if weight is None else weight)
        self.bias.copy_(torch.from_numpy(linear.bias))


def _deep(settings: TowerSettings, transform: Transform) -> tuple[nn.Module, list[nn.Module]]:
    """The deep part, and what gives its outputs: of a series that stands alone the convolutions over its steps."""
    one = alone(transform)
    if one is not None:
        net = SeriesCNN(one, transform.target.outputs, settings["width"], settings["dropout"])
        return net, [net.head]
    towers = Towers(settings, transform)
    return towers, [tower.head for tower in towers.towers]  # type: ignore[misc]
