"""The typed shards as tensors, batched by index. N rows, B of them a batch.

A part that memory holds is filled into one tensor an input, once. A larger one is read by windows: some row groups,
whose rows are shuffled among each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise, repeat
from pathlib import Path

import torch
from torch import Tensor

from keepfit.data import shards
from keepfit.data.batch import Batch, Inputs, RaggedTensor, Rows, joined, tensor_of, tensor_or_ragged
from keepfit.data.ragged import filled
from keepfit.data.shards import LABEL
from keepfit.data.transform import Transform

WINDOW = 512 << 20
"""Bytes read at a time of a part that is not held: batches are drawn from some hundred thousand rows of 500 numbers."""
LONG = 256
"""Rows that are judged at a time where their lengths differ: all of them are as long as the longest."""
STEPS = 1 << 20
"""Steps of those rows, padding included: of recordings, whose steps are many, fewer rows are judged at a time."""
SORTED = 50
"""Batches whose rows, where their lengths differ, are sorted by length before they are cut: little is padded then."""


@dataclass(frozen=True)
class Part:
    """All rows of one part, such as those to train on, in the order of the shards."""

    groups: tuple[int, ...]
    """Rows of each row group; a part that is held is one group."""
    load: Callable[[Sequence[int]], Rows]
    """The rows of some groups, by their places."""
    window: int = 1
    """Rows read at a time; a group that has more is read alone."""

    def __len__(self) -> int:
        return sum(self.groups)

    @property
    def device(self) -> torch.device:
        """Where its rows are given."""
        return self.load(()).labels.device

    def changed(self, change: Callable[[Rows], Rows]) -> Part:
        """The same part with its rows changed: at once where they are held, else whenever they are read."""
        if len(self.groups) == 1:
            return held(change(self.load((0,))))
        return replace(self, load=lambda groups: change(self.load(groups)))

    def to(self, device: str | torch.device) -> Part:
        """The same part on a device."""
        return self.changed(lambda rows: rows.to(device))

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """All rows, for judging, in batches whose sizes differ by one at most; smaller where lengths differ."""
        differ = [name for name, found in self.load(()).inputs.items() if isinstance(found, RaggedTensor)]
        cuts = Cuts(len(self), min(batch_size, LONG) if differ else batch_size)
        orders = ((rows, torch.arange(len(rows))) for rows in self._read(self._windows(range(len(self.groups)))))
        for batch in cuts.batches(orders, 0, 0):
            steps = max((batch.inputs[name].shape[:2].numel() for name in differ), default=0)
            yield from batch.parts(max(1, -(-steps // STEPS)))

    def shuffled(self, cuts: Cuts, generator: torch.Generator, first: int) -> Iterator[Batch]:
        """The batches from the one with the number `first` on, in an order that the generator draws.

        Groups are shuffled, and the rows of each window; a window is not read whose batches are all behind.
        """
        several = len(self.groups) > 1
        windows = self._windows(torch.randperm(len(self.groups), generator=generator).tolist() if several else (0,))
        behind = start = cuts.end(first)
        at, differ = 0, self.load(()).lengths is not None
        while windows and behind >= (size := self._rows(windows[0])):
            cuts.order(at, size, torch.zeros(size) if differ else None, generator)
            at, behind, windows = at + size, behind - size, windows[1:]
        begun = accumulate(map(self._rows, windows), initial=at)
        skips = chain((behind,), repeat(0))
        drawn = (
            (rows, cuts.order(at, len(rows), _on_cpu(rows.lengths), generator)[skip:])
            for rows, at, skip in zip(self._read(windows), begun, skips, strict=False)
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

    def _read(self, windows: Sequence[Sequence[int]]) -> Iterator[Rows]:
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

    def order(self, at: int, rows: int, lengths: Tensor | None, generator: torch.Generator) -> Tensor:
        """A shuffled order of a window's rows [rows], the first of them row `at` of the epoch.

        Where lengths differ, those of a batch are of about one. The generator draws the same whatever the lengths are.
        """
        order = torch.randperm(rows, generator=generator)
        if lengths is None or not rows:
            return order
        sizes, found = self._sizes(at, rows), []
        for start in range(0, len(sizes), SORTED):
            some = sizes[start : start + SORTED]
            drawn = torch.randperm(len(some), generator=generator).tolist()
            here, order = order.tensor_split([sum(some)])
            ranked = here[lengths[here].argsort(stable=True)]
            cut = dict(zip(drawn, ranked.split([some[place] for place in drawn]), strict=True))
            found += [cut[place] for place in range(len(some))]
        return torch.cat(found)

    def _sizes(self, at: int, rows: int) -> list[int]:
        """Of the batches in a window of one row at least, as far as they lie in it."""
        inner = (end for end in map(self.end, range(len(self))) if at < end < at + rows)
        return [end - begin for begin, end in pairwise([at, *inner, at + rows])]

    def batches(self, windows: Iterable[tuple[Rows, Tensor]], number: int, at: int) -> Iterator[Batch]:
        """The rows of windows, each in its order, as the batches from `number` on; row `at` is the first."""
        begun: list[Rows] = []
        for rows, drawn in windows:
            order = drawn.to(rows.labels.device)
            while len(order):
                index, order = order.tensor_split([self.end(number + 1) - at])
                begun.append(rows.take(index))
                at += len(index)
                if at == self.end(number + 1):
                    yield joined(begun).batch()
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


def _on_cpu(lengths: Tensor | None) -> Tensor | None:
    """Where orders are drawn."""
    return None if lengths is None else lengths.cpu()


def held(rows: Rows) -> Part:
    """A part whose rows are all in memory."""
    return Part((len(rows),), lambda _: rows)


def beside(part: Part, more: Inputs) -> Part:
    """The part with more inputs [N, …], in the order of its rows. Raises ValueError for one that is not held."""
    if more and len(part.groups) != 1:
        raise ValueError("only rows that are held can carry more")
    return part.changed(lambda rows: Rows({**rows.inputs, **more}, rows.labels)) if more else part


def read(folder: Path, transform: Transform, most: int = shards.HELD) -> Part:
    """The shards of one part, such as `prepared/train`; one of more than `most` bytes is read by windows.

    Raises MachineError where a page's checksum is wrong: the disk or a copy damaged it.
    """
    groups, size = shards.row_groups(folder), shards.row_bytes(transform)

    def load(places: Sequence[int]) -> Rows:
        arrays = shards.read_arrays([groups[place] for place in places], transform)
        labels = tensor_of(filled(arrays.pop(LABEL)))
        return Rows({name: tensor_or_ragged(array) for name, array in arrays.items()}, labels)

    rows = tuple(group.rows for group in groups)
    if sum(rows) * size <= most:
        return held(load(range(len(groups))))
    return Part(rows, load, min(most, WINDOW) // size)
