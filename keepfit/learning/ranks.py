"""Several processes that learn one network: each computes the gradients of its share of every batch, and all take the
same step by their sum (data parallelism; Li et al. 2020, "PyTorch Distributed", arXiv:2006.15704).

The first process leads: it alone judges, writes checkpoints and decides when training ends. The others follow from step
to step, and hold nothing that is not in the first one's checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

from keepfit.data.batch import Batch


@dataclass(frozen=True)
class Ranks:
    """One of `size` processes."""

    rank: int = 0
    size: int = 1

    def share(self, batch: Batch, accumulate: int) -> Iterable[Batch]:
        """The parts of a batch that this process learns from, of `accumulate` a process."""
        return [*batch.parts(accumulate * self.size)][self.rank :: self.size]

    def sum(self, weights: Sequence[Tensor], loss: Tensor) -> None:
        """Put the sums over all processes in the place of the gradients of `weights`, and of the summed `loss`."""
        if self.size == 1:
            return
        for weight in weights:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        found = [*(weight.grad for weight in weights if weight.grad is not None), loss]
        flat = torch.cat([one.flatten() for one in found])
        distributed.all_reduce(flat)
        for one, summed in zip(found, flat.split([one.numel() for one in found]), strict=True):
            one.copy_(summed.view_as(one))

    def begin(self, tensors: Iterable[Tensor]) -> None:
        """Put the first process's values in the place of these tensors'."""
        if self.size > 1:
            for tensor in tensors:
                distributed.broadcast(tensor, 0)

    def lead(self, seed: int, epoch: int, batch: int, told: Sequence[float]) -> None:
        """Have all processes take this step next, each with random numbers of its own; `told` is what they must know:
        the loss that was judged last, the epochs in all, and what the recipe has settled."""
        if self.size > 1:
            distributed.broadcast(torch.tensor([epoch, batch, *told], dtype=torch.float64), 0)
            self._draw(seed, epoch, batch)

    def led(self, seed: int, settled: int) -> Iterator[tuple[int, int, list[float]]]:
        """The steps that the first process takes: epoch, batch in it, and what it told, of `settled` numbers of the
        recipe."""
        while True:
            told = torch.zeros(4 + settled, dtype=torch.float64)
            distributed.broadcast(told, 0)
            epoch, batch = map(int, told[:2])
            self._draw(seed, epoch, batch)
            yield epoch, batch, told[2:].tolist()

    def _draw(self, seed: int, epoch: int, batch: int) -> None:
        """A function of the place, so that who goes on after a kill draws the same."""
        torch.manual_seed((seed * 1_000_003 + epoch) * 1_000_003 + batch * self.size + self.rank & (1 << 63) - 1)


ALONE = Ranks()
