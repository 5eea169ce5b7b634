"""What stands around a family's network, so that it learns differences: the history goes in as its differences, what
comes out is added to where these start from, and to a linear autoregression that was fitted first.

The network's own part begins as nothing (Bachlechner et al. 2020, "ReZero is all you need", arXiv:2003.04887), so that
before its first step the whole is the autoregression. B rows, M members, T steps of the longest history in a batch, L
values that are looked at, D differences, H steps ahead.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from keepfit.config.source import HISTORY
from keepfit.data.batch import Inputs, Rows
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.features.sequence import Entry
from keepfit.problems.forecasting import Target
from keepfit.problems.forecasting.linear import Autoregression, Floats, chosen, fitted, out_of_fold
from keepfit.problems.forecasting.space import base, differences, floor
from keepfit.problems.objective import Objective

LINEAR = "linear"
"""What each row carries in training: the autoregression's numbers for it, by fits that did not see it."""

Build = Callable[[Transform], nn.Module]


def network(build: Build, transform: Transform) -> nn.Module:
    """The network of `build` over a history's differences, and what makes forecasts of its numbers."""
    target = transform.target
    assert isinstance(target, Target)
    kind = Autoregressed if target.linear else Differenced
    return kind(build(_seen(transform, target)), transform.entries[HISTORY], target)  # type: ignore[arg-type]


def _seen(transform: Transform, target: Target) -> Transform:
    """The transform with the history as the network sees it: standardised already."""
    steps = differences(target).shape[1]
    changed = {"mean": (0.0,), "std": (1.0,), "steps": steps, "length": steps}
    return transform.completed(
        entry.model_copy(update=changed) if entry.name == HISTORY else entry for entry in transform.features
    )


class Differenced(nn.Module):
    """A network over differences."""

    differences: Tensor
    base: Tensor

    def __init__(self, net: nn.Module, entry: Entry, target: Target) -> None:
        super().__init__()
        self.net, self.name, self.target = net, entry.tensor, target
        self.unknown = entry.mean[0]
        self.register_buffer("differences", torch.from_numpy(differences(target)))
        self.register_buffer("base", torch.from_numpy(base(target)))

    def forward(self, inputs: Inputs) -> Tensor:
        """`history` [B, T, 1], NaN behind the end → [B, M, H], as `keepfit.problems.forecasting.space` learns."""
        values = self.learned(inputs[self.name])
        seen = values @ self.differences
        ground = values @ self.base + self.linear(inputs, seen)
        return ground[:, None] + self.left({**inputs, self.name: seen.float()[..., None]})

    def linear(self, _inputs: Inputs, seen: Tensor) -> Tensor:
        """[B, D] → [B, H]: nothing."""
        return seen.new_zeros(())

    def left(self, inputs: Inputs) -> Tensor:
        """What the network says of that which is left [B, M, H]."""
        found: Tensor = self.net(inputs)
        return found

    def learned(self, series: Tensor) -> Tensor:
        """[B, T, 1] → the last L values of each, in doubles; the first stands for those before it."""
        lengths = (~series[..., 0].isnan()).sum(1, keepdim=True)
        places = lengths - self.target.length + torch.arange(self.target.length, device=series.device)
        found = series[..., 0].gather(1, places.clamp_min(0)).double()
        values = found.where(lengths > 0, self.unknown)
        if self.target.log:
            values = values.clamp_min(floor(self.target)).log()
        return (values - self.target.mean) / self.target.std


class Autoregressed(Differenced):
    """A network that learns what a linear autoregression of the differences leaves."""

    weight: Tensor
    bias: Tensor

    def __init__(self, net: nn.Module, entry: Entry, target: Target) -> None:
        super().__init__(net, entry, target)
        self.register_buffer("weight", torch.zeros(self.differences.shape[1], target.horizon, dtype=torch.float64))
        self.register_buffer("bias", torch.zeros(target.horizon, dtype=torch.float64))
        self.share = nn.Parameter(torch.zeros(()))

    def linear(self, inputs: Inputs, seen: Tensor) -> Tensor:
        """[B, D] → [B, H]."""
        return inputs[LINEAR] if LINEAR in inputs else seen @ self.weight + self.bias

    def left(self, inputs: Inputs) -> Tensor:
        """[B, M, H]."""
        return self.share * super().left(inputs)

    @torch.no_grad()
    def begin(self, train: Part, validation: Part, objective: Objective) -> tuple[Inputs, Inputs]:
        """Choose the penalty by the validation rows, then fit the autoregression to the rows of both parts.

        Gives each row's numbers by a fit that did not see it, those of validation rows by the train rows alone. Of
        parts that are not held it is fitted to the first train rows, and nothing is given.
        """
        rows, other = train.load((0,)), validation.load((0,))
        (seen, wanted, _), (asked, truth, ground) = self._left(rows), self._left(other)

        def lost(model: Autoregression) -> float:
            found = torch.from_numpy(model(asked) + ground)
            return objective.judged(objective.score(found[:, None], other.labels).tolist(), len(other))["loss"]

        strength, _ = chosen(seen, wanted, lost)
        carried, judged = out_of_fold(seen, wanted, strength), fitted(seen, wanted, strength)(asked)
        model = fitted(np.concatenate([seen, asked]), np.concatenate([wanted, truth]), strength)
        self.weight.copy_(torch.from_numpy(model.weight))
        self.bias.copy_(torch.from_numpy(model.bias))
        if len(rows) < len(train) or len(other) < len(validation):
            return {}, {}
        return {LINEAR: torch.from_numpy(carried)}, {LINEAR: torch.from_numpy(judged)}

    def _left(self, rows: Rows) -> tuple[Floats, Floats, Floats]:
        """Differences [N, D], what is left to forecast [N, H], and what it starts from [N, H]."""
        batch = rows.batch()
        values = self.learned(batch.inputs[self.name])
        ground = values @ self.base
        seen, wanted = values @ self.differences, batch.labels - ground
        return seen.numpy(), wanted.numpy(), ground.numpy()
