"""Rows as tensors. N rows in memory, B of them a batch, T steps of its longest row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.data.ragged import Block, Ragged

Inputs = dict[str, Tensor]
"""Name of a tensor of the transform → its rows [B, …], or [B, T, …] where their lengths differ."""

LACKING = "lacking"
"""What inputs carry where a network learns from some rows without one of their features: which rows, bool [B]."""


@dataclass(frozen=True)
class RaggedTensor:
    """`keepfit.data.ragged.Ragged` on a device."""

    values: Tensor
    """[total, …]."""
    offsets: Tensor
    """int64 [N + 1]."""
    pad: float

    @property
    def lengths(self) -> Tensor:
        """int64 [N]."""
        return self.offsets.diff()

    def __getitem__(self, index: Tensor) -> RaggedTensor:
        lengths = self.lengths[index]
        offsets = _ends(lengths)
        first = (self.offsets[index] - offsets[:-1]).repeat_interleave(lengths)
        steps = first + torch.arange(len(first), device=first.device)
        return RaggedTensor(self.values[steps], offsets, self.pad)

    def to(self, device: str | torch.device) -> RaggedTensor:
        """The same rows on a device."""
        return RaggedTensor(self.values.to(device), self.offsets.to(device), self.pad)

    def padded(self) -> Tensor:
        """[N, T, …], at least one step."""
        lengths = self.lengths
        steps = max(1, int(lengths.max())) if len(lengths) else 1
        out = self.values.new_full((len(lengths), steps, *self.values.shape[1:]), self.pad)
        out[torch.arange(steps, device=lengths.device) < lengths[:, None]] = self.values
        return out


@dataclass(frozen=True)
class Rows:
    """Rows that batches are drawn from."""

    inputs: Mapping[str, Tensor | RaggedTensor]
    """Each [N, …]. Integers that are looked up in tables are int64; bytes stay bytes."""
    labels: Tensor
    """[N], a class's code in int64 or a value; or [N, …], several of them."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def lengths(self) -> Tensor | None:
        """int64 [N] of the first input whose rows differ in length; None where there is none."""
        return next((found.lengths for found in self.inputs.values() if isinstance(found, RaggedTensor)), None)

    def take(self, index: Tensor) -> Rows:
        """The rows at `index`."""
        return Rows({name: found[index] for name, found in self.inputs.items()}, self.labels[index])

    def to(self, device: str | torch.device) -> Rows:
        """The same rows on a device."""
        return Rows({name: found.to(device) for name, found in self.inputs.items()}, self.labels.to(device))

    def batch(self) -> Batch:
        """All of them as a network takes them."""
        padded = (found.padded() if isinstance(found, RaggedTensor) else found for found in self.inputs.values())
        return Batch(dict(zip(self.inputs, padded, strict=True)), self.labels)


@dataclass(frozen=True)
class Batch(Rows):
    """Some rows as a network takes them: all of one length."""

    inputs: Inputs

    def parts(self, count: int) -> Iterator[Batch]:
        """The same rows in so many parts, whose sizes differ by one at most."""
        if count == 1:
            yield self
            return
        cut = (tensor.tensor_split(min(count, len(self))) for tensor in (self.labels, *self.inputs.values()))
        for labels, *inputs in zip(*cut, strict=True):
            yield Batch(dict(zip(self.inputs, inputs, strict=True)), labels)


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of all, in this order."""
    if len(parts) == 1:
        return parts[0]
    inputs = {name: _behind([part.inputs[name] for part in parts]) for name in parts[0].inputs}
    return Rows(inputs, torch.cat([part.labels for part in parts]))


def _behind(parts: Sequence[Tensor | RaggedTensor]) -> Tensor | RaggedTensor:
    several = [part for part in parts if isinstance(part, RaggedTensor)]
    if not several:
        return torch.cat([part for part in parts if isinstance(part, Tensor)])
    lengths = torch.cat([part.lengths for part in several])
    return RaggedTensor(torch.cat([part.values for part in several]), _ends(lengths), several[0].pad)


def _ends(lengths: Tensor) -> Tensor:
    return torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])


def tensor_of(array: NDArray[Any]) -> Tensor:
    """An array of shards as a network takes it: integers that are looked up in tables are int64."""
    tensor = torch.from_numpy(array)
    return tensor.long() if tensor.dtype is torch.int32 else tensor


def tensor_or_ragged(block: Block) -> Tensor | RaggedTensor:
    """The rows of a part as they are held."""
    if isinstance(block, Ragged):
        return RaggedTensor(tensor_of(block.values), torch.from_numpy(block.offsets), block.pad)
    return tensor_of(block)
