"""One pass over the rows. What is done with each batch is passed in, so one loop learns and one loop judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

BatchStep = Callable[[Tensor], Tensor]
"""Row numbers [B], on the device → summed figures, on the device."""


def epoch(
    batches: Sequence[Tensor], step: BatchStep, total: Tensor, *, first: int, pulse: Callable[[int], None]
) -> None:
    """Call `step` with each batch from number `first` on and add what it gives to `total`, in place.

    `pulse` hears how many batches are done. Nothing is read back from the device in between.
    """
    for number in range(first, len(batches)):
        total += step(batches[number])
        pulse(number + 1)


def shuffled(rows: int, batch_size: int, seed: int, number: int, device: torch.device) -> tuple[Tensor, ...]:
    """The row numbers in the order of epoch `number`, cut into batches whose sizes differ by one at most.

    A pure function of seed and epoch: a resumed run needs no state for it, and no batch is too small for batch norm.
    """
    generator = torch.Generator().manual_seed(seed * 1_000_003 + number)
    return torch.randperm(rows, generator=generator).to(device).tensor_split(-(-rows // batch_size))


def in_order(rows: int, batch_size: int, device: torch.device) -> tuple[Tensor, ...]:
    """All row numbers, for judging."""
    return torch.arange(rows, device=device).tensor_split(-(-rows // batch_size))
