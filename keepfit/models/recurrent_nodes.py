"""Recurrent layers as ONNX's own nodes: the exporter would unroll torch's for one number of steps.

B rows, T tokens, D units, L layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

_ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
"""Where ONNX's gates stand among torch's."""


def recurrent_nodes(
    layers: nn.RNNBase, vectors: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """[B, T, D] and the state before [L, B, D] → what the layers give [B, T, D], and the state behind."""
    found, ends = vectors.transpose(0, 1), []
    kind = layers.mode.removesuffix("_TANH")
    for number, weights in enumerate(layers.all_weights):
        found, end = _layer(kind, found, weights, tuple(tensor[number, None] for tensor in state))
        ends.append(end)
    return found.transpose(0, 1), tuple(torch.cat(several) for several in zip(*ends, strict=True))


def _layer(
    kind: str, vectors: Tensor, weights: Sequence[Tensor], before: tuple[Tensor, ...]
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """[T, B, D] and the state before [1, B, D] → the same behind."""
    inner, outer, *biases = (_ordered(kind, weight) for weight in weights)
    steps, rows, units = *vectors.shape[:2], outer.shape[1]
    attributes: dict[str, Any] = {"hidden_size": units, **({"linear_before_reset": 1} if kind == "GRU" else {})}
    found, *after = torch.onnx.ops.symbolic_multi_out(
        kind,
        (vectors, inner[None], outer[None], torch.cat(biases)[None], None, *before),
        attributes,
        dtypes=[torch.float32] * (1 + len(before)),
        shapes=[(steps, 1, rows, units), *[(1, rows, units)] * len(before)],
        version=14,
    )
    return found.squeeze(1), tuple(after)


def _ordered(kind: str, weight: Tensor) -> Tensor:
    """A matrix or bias of all gates, in ONNX's order."""
    order = _ORDER[kind]
    gates = weight.unflatten(0, (len(order), -1))
    ordered: Tensor = gates.index_select(0, torch.tensor(order)).flatten(0, 1)
    return ordered
