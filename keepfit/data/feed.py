"""The typed shards as tensors: filled once, then batched by index. N rows, B of them a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.data.shards import LABEL, read_arrays
from keepfit.data.transform import Transform

Inputs = dict[str, Tensor]
"""Name of a tensor of the transform → its rows [B, …]."""


@dataclass(frozen=True)
class Batch:
    """Some rows."""

    inputs: Inputs
    labels: Tensor
    """[B]."""

    def __len__(self) -> int:
        return len(self.labels)

    def parts(self, count: int) -> Iterator[Batch]:
        """The same rows in so many parts, whose sizes differ by one at most."""
        if count == 1:
            yield self
            return
        cut = (tensor.tensor_split(min(count, len(self))) for tensor in (self.labels, *self.inputs.values()))
        for labels, *inputs in zip(*cut, strict=True):
            yield Batch(dict(zip(self.inputs, inputs, strict=True)), labels)


@dataclass(frozen=True)
class Samples:
    """All rows of one part, in the order of the shards."""

    inputs: Inputs
    """Each [N, …]. Integers that are looked up in tables are int64; bytes stay bytes."""
    labels: Tensor
    """[N], a class's code in int64 or a value."""
    rows: NDArray[np.void]
    """Row ids, 16 bytes each, [N]."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> Batch:
        """The rows at `index` [B]."""
        return Batch({name: tensor[index] for name, tensor in self.inputs.items()}, self.labels[index])

    def to(self, device: str | torch.device) -> Samples:
        """The same rows on a device."""
        moved = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return Samples(moved, self.labels.to(device), self.rows)

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """All rows, for judging."""
        return map(
            self.take, torch.arange(len(self), device=self.labels.device).tensor_split(-(-len(self) // batch_size))
        )


class Feed:
    """The rows of a part in an epoch's order, cut into batches whose sizes differ by one at most.

    The order is a pure function of seed and epoch: a resumed run needs no state for it, and no batch is too small for
    batch norm.
    """

    def __init__(self, samples: Samples, batch_size: int, seed: int) -> None:
        self.samples, self.batch_size, self.seed = samples, batch_size, seed

    def __len__(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.samples) // self.batch_size)

    def epoch(self, number: int, first: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number`, from the one with the number `first` on."""
        return map(self.samples.take, self.order(number)[first:])

    def order(self, number: int) -> Sequence[Tensor]:
        """The row numbers of each batch of epoch `number`."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        order = torch.randperm(len(self.samples), generator=generator).to(self.samples.labels.device)
        return order.tensor_split(len(self))

    def seen(self, batches: int) -> int:
        """Rows of the first so many batches of an epoch."""
        size, larger = divmod(len(self.samples), len(self))
        return batches * size + min(batches, larger)


def read(folder: Path, transform: Transform, device: str = "cpu") -> Samples:
    """The shards of one part, such as `prepared/train`.

    Raises MachineError where a page's checksum is wrong: the disk or a copy damaged it.
    """
    arrays, rows = read_arrays(folder, transform)
    tensors = {name: held(array) for name, array in arrays.items()}
    labels = tensors.pop(LABEL)
    return Samples(tensors, labels, rows).to(device)


def held(array: NDArray[Any]) -> Tensor:
    """An array of shards as a network takes it: integers that are looked up in tables are int64."""
    tensor = torch.from_numpy(array)
    return tensor.long() if tensor.dtype is torch.int32 else tensor
