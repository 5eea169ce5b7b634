"""A table's columns as plain numbers, for models that need no embeddings.

B or N rows, m code columns, D cells a row, S sides of the target: what of it a code's rows can have on average.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import Inputs, Rows
from keepfit.data.transform import Target, Transform
from keepfit.features.shared.coded_net import Vocabularies
from keepfit.features.shared.entries import CodedEntry, NumericEntry
from keepfit.features.shared.numeric_net import Cycles

SIDES = 8
"""Of a target of more classes the first so many are told of each code."""
PRIOR = 10.0
"""Rows of the whole that a code's own are averaged with: one seen once says little."""
_FOLDS = 5


class Plain(nn.Module):
    """Numbers, what comes back in dates, and of each code its place in the vocabulary and the target where it stood."""

    def __init__(self, transform: Transform) -> None:
        super().__init__()
        numbers = [one for one in transform.features if isinstance(one, NumericEntry)]
        codes = [one for one in transform.features if isinstance(one, CodedEntry)]
        numbers, codes = sorted(numbers, key=_slot), sorted(codes, key=_slot)
        self.numbers = bool(numbers)
        self.counted = len(numbers) + sum(len(one.cycles) for one in numbers)
        """Numbers, and what comes back in them."""
        cyclic = [one for one in numbers if one.cycles]
        self.cycles = Cycles(cyclic) if cyclic else None
        self.effects = Effects(codes, sides(transform.target)) if codes else None
        self.categories = self.effects.codes if self.effects else 0
        """Of all code columns."""

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → float64 [B, D], NaN where missing."""
        effects = [] if self.effects is None else [self.effects(inputs[CodedEntry.group])]
        return torch.cat([self.numbers_of(inputs), *effects], 1)

    def learn(self, rows: Rows, sides: Tensor) -> Tensor:
        """Take the codes' effects from rows; gives the rows' own cells [N, D], each by the effects in other rows."""
        inputs = rows.batch().inputs
        effects = [] if self.effects is None else [self.effects.learn(inputs[CodedEntry.group], sides)]
        return torch.cat([self.numbers_of(inputs), *effects], 1)

    def numbers_of(self, inputs: Inputs) -> Tensor:
        """The numbers alone, float64 [B, n]; n may be 0."""
        if not self.numbers:
            codes = inputs[CodedEntry.group]
            return codes[:, :0].double()
        numbers = inputs[NumericEntry.group]
        return numbers if self.cycles is None else torch.cat([numbers, self.cycles(numbers)], 1)

    def places(self, inputs: Inputs) -> Tensor | None:
        """Which of all categories each code is, int64 [B, m]; None where there are no codes."""
        return None if self.effects is None else self.effects.places(inputs[CodedEntry.group])


class Effects(Vocabularies):
    """The mean of each side of the target over the rows that have a code, drawn towards that of all rows.

    After Micci-Barreca 2001, "A preprocessing scheme for high-cardinality categorical attributes"; the rows it is taken
    from get theirs out of fold, or trees would trust a code of one row.
    """

    table: Tensor
    """float64 [codes of all columns, S]."""

    def __init__(self, entries: Sequence[CodedEntry], sides: int) -> None:
        super().__init__(entries)
        self.register_buffer("table", torch.zeros(self.codes, sides, dtype=torch.float64))

    def forward(self, codes: Tensor) -> Tensor:
        """int64 [B, m] → float64 [B, m + m S]."""
        place = self.places(codes)
        return torch.cat([(place - self.first).double(), F.embedding(place, self.table).flatten(1)], 1)

    def learn(self, codes: Tensor, sides: Tensor) -> Tensor:
        """int64 [N, m], float64 [N, V] → what `forward` would give for these rows by effects in the others of them. Of
        V sides the first S are told."""
        place, sides = self.places(codes), sides[:, : self.table.shape[1]]
        fold = torch.randperm(len(codes)) % _FOLDS
        found = torch.empty(*codes.shape, sides.shape[1], dtype=torch.float64)
        for number in range(_FOLDS):
            of, others = fold == number, fold != number
            found[of] = F.embedding(place[of], self._means(place[others], sides[others]))
        self.table.copy_(self._means(place, sides))
        return torch.cat([(place - self.first).double(), found.flatten(1)], 1)

    def _means(self, place: Tensor, sides: Tensor) -> Tensor:
        """[N, m], [N, S] → [codes, S]."""
        columns = place.shape[1]
        sums = torch.zeros_like(self.table).index_add_(0, place.flatten(), sides.repeat_interleave(columns, 0))
        rows = torch.bincount(place.flatten(), minlength=len(self.table))[:, None]
        return (sums + PRIOR * sides.mean(0)) / (rows + PRIOR)


def sides(target: Target) -> int:
    """S."""
    return min(all_sides(target), SIDES)


def all_sides(target: Target) -> int:
    """V: a class of two says all of the other."""
    return 1 if named(target) and target.outputs == 2 else target.outputs


def named(target: Target) -> bool:
    """Whether a label is one of several classes."""
    return target.dtype == "<i4" and not target.shape


def sides_of(labels: Tensor, target: Target) -> Tensor:
    """Labels as an objective takes them → float64 [N, V]: which class, which labels, or the value. Of two classes that
    of the second says all."""
    if not named(target):
        return labels.double().reshape(len(labels), -1)
    whole = F.one_hot(labels, target.outputs).double()
    return whole[:, 1:] if target.outputs == 2 else whole


def outputs_of(found: Tensor, target: Target, unsure: float) -> Tensor:
    """Means of sides [B, V] → outputs [B, K]: logits, of each share `unsure` being spread over all; or the value."""
    if target.dtype == "<f8":
        return found
    shares = found if found.shape[1] == target.outputs else torch.cat([1 - found, found], 1)
    if named(target):
        return ((1 - unsure) * shares + unsure / shares.shape[1]).log()
    return torch.logit((1 - unsure) * shares + unsure / 2)


def _slot(entry: NumericEntry | CodedEntry) -> int:
    return entry.slot
