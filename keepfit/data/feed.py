"""The typed shards as tensors, batched by index. N rows, B of them a batch.

A part that memory holds is filled into one tensor an input, once. A larger one is read by windows: some row groups,
whose rows are shuffled among each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.data import shards
from keepfit.data.shards import LABEL
from keepfit.data.transform import Transform

WINDOW = 512 << 20
"""Bytes read at a time of a part that is not held: batches are drawn from some hundred thousand rows of 500 numbers."""

Inputs = dict[str, Tensor]
"""Name of a tensor of the transform → its rows [B, …]."""


@dataclass(frozen=True)
class Batch:
    """Some rows."""

    inputs: Inputs
    """Each [B, …]. Integers that are looked up in tables are int64; bytes stay bytes."""
    labels: Tensor
    """[B], a class's code in int64 or a value."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> Batch:
        """The rows at `index`."""
        return Batch({name: tensor[index] for name, tensor in self.inputs.items()}, self.labels[index])

    def to(self, device: str | torch.device) -> Batch:
        """The same rows on a device."""
        moved = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return Batch(moved, self.labels.to(device))

    def parts(self, count: int) -> Iterator[Batch]:
        """The same rows in so many parts, whose sizes differ by one at most."""
        if count == 1:
            yield self
            return
        cut = (tensor.tensor_split(min(count, len(self))) for tensor in (self.labels, *self.inputs.values()))
        for labels, *inputs in zip(*cut, strict=True):
            yield Batch(dict(zip(self.inputs, inputs, strict=True)), labels)


@dataclass(frozen=True)
class Part:
    """All rows of one part, such as those to train on, in the order of the shards."""

    groups: tuple[int, ...]
    """Rows of each row group; a part that is held is one group."""
    load: Callable[[Sequence[int]], Batch]
    """The rows of some groups, by their places."""
    window: int = 1
    """Rows read at a time; a group that has more is read alone."""

    def __len__(self) -> int:
        return sum(self.groups)

    @property
    def device(self) -> torch.device:
        """Where its rows are given."""
        return self.load(()).labels.device

    def changed(self, change: Callable[[Batch], Batch]) -> Part:
        """The same part with its rows changed: at once where they are held, else whenever they are read."""
        if len(self.groups) == 1:
            return held(change(self.load((0,))))
        return replace(self, load=lambda groups: change(self.load(groups)))

    def to(self, device: str | torch.device) -> Part:
        """The same part on a device."""
        return self.changed(lambda rows: rows.to(device))

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """All rows, for judging, in batches whose sizes differ by one at most."""
        cuts = Cuts(len(self), batch_size)
        orders = ((rows, torch.arange(len(rows))) for rows in self._read(self._windows(range(len(self.groups)))))
        return cuts.batches(orders, 0, 0)

    def shuffled(self, cuts: Cuts, generator: torch.Generator, first: int) -> Iterator[Batch]:
        """The batches from the one with the number `first` on, in an order that the generator draws.

        Groups are shuffled, and the rows of each window; a window is not read whose batches are all behind.
        """
        several = len(self.groups) > 1
        windows = self._windows(torch.randperm(len(self.groups), generator=generator).tolist() if several else (0,))
        behind = start = cuts.end(first)
        while windows and behind >= (size := self._rows(windows[0])):
            torch.randperm(size, generator=generator)
            behind, windows = behind - size, windows[1:]
        skips = chain((behind,), repeat(0))
        drawn = (
            (rows, torch.randperm(len(rows), generator=generator)[skip:])
            for rows, skip in zip(self._read(windows), skips, strict=False)
        )
        return cuts.batches(drawn, first, start)

    def _rows(self, groups: Sequence[int]) -> int:
        return sum(self.groups[group] for group in groups)

    def _windows(self, order: Sequence[int]) -> list[list[int]]:
        """Groups in this order, joined to windows."""
        windows: list[list[int]] = []
        for group in order:
            if windows and self._rows([*windows[-1], group]) <= self.window:
                windows[-1].append(group)
            else:
                windows.append([group])
        return windows

    def _read(self, windows: Sequence[Sequence[int]]) -> Iterator[Batch]:
        """The rows of each window; the next is read while one is used."""
        if len(windows) < 2:
            yield from map(self.load, windows)
            return
        with ThreadPoolExecutor(1) as reader:
            coming = reader.submit(self.load, windows[0])
            for following in windows[1:]:
                rows, coming = coming.result(), reader.submit(self.load, following)
                yield rows
            yield coming.result()


@dataclass(frozen=True)
class Cuts:
    """Where batches end: their sizes differ by one at most, so that none is too small for batch norm."""

    rows: int
    batch_size: int

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    def end(self, batches: int) -> int:
        """Rows of the first so many batches."""
        size, larger = divmod(self.rows, len(self))
        return batches * size + min(batches, larger)

    def batches(self, windows: Iterable[tuple[Batch, Tensor]], number: int, at: int) -> Iterator[Batch]:
        """The rows of windows, each in its order, as the batches from `number` on; row `at` is the first."""
        begun: list[Batch] = []
        for rows, drawn in windows:
            order = drawn.to(rows.labels.device)
            while len(order):
                index, order = order.tensor_split([self.end(number + 1) - at])
                begun.append(rows.take(index))
                at += len(index)
                if at == self.end(number + 1):
                    yield joined(begun)
                    begun, number = [], number + 1


class Feed:
    """The rows of a part in an epoch's order.

    The order is a pure function of seed and epoch, and of the shards: a resumed run needs no state for it.
    """

    def __init__(self, part: Part, batch_size: int, seed: int) -> None:
        self.part, self.seed, self._cuts = part, seed, Cuts(len(part), batch_size)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self._cuts)

    def epoch(self, number: int, first: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number`, from the one with the number `first` on."""
        return self.part.shuffled(self._cuts, torch.Generator().manual_seed(self.seed * 1_000_003 + number), first)

    def seen(self, batches: int) -> int:
        """Rows of the first so many batches of an epoch."""
        return self._cuts.end(batches)


def held(rows: Batch) -> Part:
    """A part whose rows are all in memory."""
    return Part((len(rows),), lambda _: rows)


def read(folder: Path, transform: Transform, most: int = shards.HELD) -> Part:
    """The shards of one part, such as `prepared/train`; one of more than `most` bytes is read by windows.

    Raises MachineError where a page's checksum is wrong: the disk or a copy damaged it.
    """
    groups, size = shards.row_groups(folder), shards.row_bytes(transform)

    def load(places: Sequence[int]) -> Batch:
        arrays = shards.read_arrays([groups[place] for place in places], transform)
        tensors = {name: tensor_of(array) for name, array in arrays.items()}
        labels = tensors.pop(LABEL)
        return Batch(tensors, labels)

    rows = tuple(group.rows for group in groups)
    if sum(rows) * size <= most:
        return held(load(range(len(groups))))
    return Part(rows, load, min(most, WINDOW) // size)


def joined(batches: Sequence[Batch]) -> Batch:
    """The rows of all, in this order."""
    if len(batches) == 1:
        return batches[0]
    inputs = {name: torch.cat([batch.inputs[name] for batch in batches]) for name in batches[0].inputs}
    return Batch(inputs, torch.cat([batch.labels for batch in batches]))


def tensor_of(array: NDArray[Any]) -> Tensor:
    """An array of shards as a network takes it: integers that are looked up in tables are int64."""
    tensor = torch.from_numpy(array)
    return tensor.long() if tensor.dtype is torch.int32 else tensor
