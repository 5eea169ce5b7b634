"""Recurrent layers over the steps of one series, text or picture, and one dense layer.

Rows are padded on the right. What is behind a row's end changes nothing: the steps of the layers that read from the end
are turned round row by row, so that each begins at its own last step. (Packed rows are 4.5 times as slow on a CPU.)

B rows, T steps, I numbers a step, D units, K outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.lookup import steps_of
from keepfit.features.named import Axes, head
from keepfit.features.shared.masked import pooled
from keepfit.models.recurrent_nodes import recurrent_nodes
from keepfit.models.settings import RecurrentSettings
from keepfit.models.step_defaults import batch_size, course

Kind = Callable[..., nn.RNNBase]
"""nn.RNN, nn.GRU or nn.LSTM."""


def defaults(model: RecurrentSettings, transform: Transform, rows: int) -> dict[str, Any]:
    """Every hyperparameter, from the number of train rows. What the YAML says goes before these."""
    derived: dict[str, Any] = {
        "width": 64 if rows < 5000 else 128,
        "depth": 1,
        "bidirectional": True,
        "pool": "all",
        "dropout": 0.2,
        "lr": 4e-3,
        **course(transform, rows, batch_size(rows)),
    }
    return {**derived, **model.model_dump(exclude={"family"}, exclude_none=True)}


class Recurrent(nn.Module):
    """Steps → layers → what they give at their ends, or at all steps → outputs."""

    def __init__(self, kind: Kind, settings: dict[str, Any], transform: Transform) -> None:
        super().__init__()
        (entry,) = transform.features
        self.name, self.pool, self.bidirectional = entry.tensor, settings["pool"], settings["bidirectional"]
        self.steps = steps_of(entry)
        directions = 1 + self.bidirectional
        given = directions * settings["width"]
        widths = [self.steps.width, *[given] * settings["depth"]]
        self.layers = nn.ModuleList(Layer(kind, i, settings["width"], directions) for i, _ in pairwise(widths))
        self.dropout = nn.Dropout(settings["dropout"])
        self.head = nn.Linear(given if self.pool == "last" else 2 * given, transform.target.outputs)

    def forward(self, inputs: Inputs) -> Tensor:
        """One batch's rows, padded → [B, 1, K]."""
        vectors, there = self.steps(inputs[self.name])
        for layer in self.layers:
            vectors = self.dropout(layer(vectors, there))
        found: Tensor = self.head(self._read(vectors, there))
        return found[:, None]

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """By output."""
        return head(outputs)

    def _read(self, vectors: Tensor, there: Tensor) -> Tensor:
        """[B, T, D], [B, T, 1] → [B, D or 2 D]."""
        if self.pool == "all":
            return pooled(vectors.transpose(1, 2), there.transpose(1, 2))
        ends = (there.sum(1, keepdim=True).long() - 1).clamp_min(0)
        last = vectors.gather(1, ends.expand(-1, -1, vectors.shape[2])).squeeze(1)
        if not self.bidirectional:
            return last
        half = vectors.shape[2] // 2
        return torch.cat([last[:, :half], vectors[:, 0, half:]], 1)


class Layer(nn.Module):
    """One direction, or two side by side."""

    def __init__(self, kind: Kind, inputs: int, width: int, directions: int) -> None:
        super().__init__()
        self.directions = nn.ModuleList(kind(inputs, width, batch_first=True) for _ in range(directions))
        for layer in self.directions:
            if isinstance(layer, nn.LSTM):  # to remember at first (Jozefowicz et al. 2015)
                nn.init.ones_(layer.all_weights[0][3][width : 2 * width])

    def forward(self, vectors: Tensor, there: Tensor) -> Tensor:
        """[B, T, I], [B, T, 1] → [B, T, D], or of two directions [B, T, 2 D]; 0 behind the end."""
        found = [_run(self.directions[0], vectors)]
        for layer in self.directions[1:]:
            found.append(turned(_run(layer, turned(vectors, there)), there))
        return torch.cat(found, 2) * there


def turned(vectors: Tensor, there: Tensor) -> Tensor:
    """[B, T, I] with each row's steps from last to first; what is behind its end stays there."""
    places = torch.arange(vectors.shape[1], device=vectors.device)[None, :, None]
    from_end = there.sum(1, keepdim=True).long() - 1 - places
    return vectors.gather(1, torch.where(from_end >= 0, from_end, places).expand(-1, -1, vectors.shape[2]))


def _run(layer: nn.Module, vectors: Tensor) -> Tensor:
    """[B, T, I] → [B, T, D], from a state of zeros."""
    assert isinstance(layer, nn.RNNBase)
    if not torch.onnx.is_in_onnx_export():
        found: Tensor = layer(vectors)[0]
        return found
    state = vectors.new_zeros(1, vectors.shape[0], layer.hidden_size)
    return recurrent_nodes(layer, vectors, (state, state) if isinstance(layer, nn.LSTM) else (state,))[0]
