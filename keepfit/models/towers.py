"""Embeddings of every column through dense layers, as one network or as an ensemble that shares its weights.

B rows, M members, C columns, d units a column, I inputs and O outputs of a layer, K outputs.

The ensemble follows TabM (Gorishniy et al. 2024, arXiv:2410.24210): all members of a tower use the same matrices, and
each has its own factors before and after them, its own bias and its own head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.encoder import Encoder
from keepfit.features.named import Axes
from keepfit.models.activations import ACTIVATIONS

TowerSettings = dict[str, Any]
"""What `keepfit.models.table_defaults.defaults` gives."""

SMOOTH = 4
"""Bins of the second tower: with so few, a number's embedding is all but a straight line."""


class Towers(nn.Module):
    """One tower, or for an ensemble two that share out the members.

    The first tower sees numbers through many bins and finds steps; the second through few, and finds smooth shapes.
    Which of the two a table needs is seldom known beforehand, so both are asked (log loss on California's houses .288
    against .307 with the first alone and slightly less dropout, one seed).
    """

    def __init__(self, settings: TowerSettings, transform: Transform) -> None:
        super().__init__()
        members, bins = settings["members"], settings["bins"]
        second = members // 2 if bins > SMOOTH else 0
        self.towers = nn.ModuleList([Tower(settings, transform, bins, members - second)])
        if second:
            self.towers.append(Tower(settings, transform, SMOOTH, second))

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, M, K]."""
        return torch.cat([tower(inputs) for tower in self.towers], 1)

    def named(self, _outputs: Sequence[str]) -> dict[str, Axes]:
        """Nothing but what is in the towers."""
        return {}


class Tower(nn.Module):
    """An encoder, dense layers over all columns side by side, and the members' heads."""

    def __init__(self, settings: TowerSettings, transform: Transform, bins: int, members: int) -> None:
        super().__init__()
        self.encoder = Encoder(transform, bins, settings["units"])
        self.units = settings["units"]
        inputs = self.encoder.columns * self.units
        self.layers = layers(settings, inputs, members)
        self.head = Head(settings["width"], transform.target.outputs, members)

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, M, K]."""
        columns = self.encoder(inputs).relu().flatten(1)
        found: Tensor = self.head(self.layers(columns[:, None]))
        return found

    def named(self, _outputs: Sequence[str]) -> dict[str, Axes]:
        """The first layer takes the columns' units."""
        return {"layers.0.weight": (None, [*product(self.encoder.of, range(self.units))])}


def layers(settings: TowerSettings, inputs: int, members: int) -> nn.Sequential:
    """So many as `depth` says, [B, 1, I] or [B, M, I] → [B, M, width]."""
    widths = [inputs] + [settings["width"]] * settings["depth"]
    return nn.Sequential(*(Layer(settings, i, o, members, first=n == 0) for n, (i, o) in enumerate(pairwise(widths))))


class Layer(nn.Module):
    """A matrix that all members share, between each member's own factors; then the activation and dropout.

    The first layer's matrix product is made once for all members, who are set apart by random signs after it and not,
    as in the paper, before it: with many columns half the time (64 pixels as numbers: 5.0 against 9.6 CPU s).
    """

    def __init__(self, settings: TowerSettings, inputs: int, outputs: int, members: int, *, first: bool) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members, outputs).uniform_(-bound, bound))
        self.before = self.after = None
        if members > 1:
            signs = torch.randint(0, 2, (members, outputs)) * 2.0 - 1
            self.before = None if first else nn.Parameter(torch.ones(members, inputs))
            self.after = nn.Parameter(signs if first else torch.ones(members, outputs))
        self.norm = nn.BatchNorm1d(outputs) if settings["batch_norm"] else None
        self.activation = ACTIVATIONS[settings["activation"]]
        self.dropout = nn.Dropout(settings["dropout"])

    def forward(self, rows: Tensor) -> Tensor:
        """[B, M, I], in the first layer [B, 1, I] → [B, M, O]."""
        if self.before is not None:
            rows = rows * self.before
        rows = F.linear(rows, self.weight)
        if self.after is not None:
            rows = rows * self.after
        rows = rows + self.bias
        if self.norm is not None:
            rows = self.norm(rows.transpose(1, 2)).transpose(1, 2)
        dropped: Tensor = self.dropout(self.activation(rows))
        return dropped


class Head(nn.Module):
    """The outputs, each member's by a matrix of its own."""

    def __init__(self, inputs: int, outputs: int, members: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(members, outputs))

    def forward(self, rows: Tensor) -> Tensor:
        """[B, M, I] → [B, M, K]."""
        return (rows.transpose(0, 1) @ self.weight).transpose(0, 1) + self.bias

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """By output."""
        return {"weight": (None, None, outputs), "bias": (None, outputs)}
