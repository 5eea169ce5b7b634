"""How rows are changed in training, so that a network learns what does not matter; and which changes the validation
rows have to allow first: a mirrored cat is a cat, a mirrored letter may be another one.

A row that has a text, a picture, a series or a recording beside other features is learned from without it now and then,
so that it may be missing later (Neverova et al. 2016, "ModDrop", arXiv:1501.00102).

A kind whose rows can be changed has in its `net` module

    amounts(entry, rows) → dict             name of a change → how far, where the YAML does not say; 0 for not at all,
                                            AUTO for what validation has to allow; all names that there are
    augment(amounts) → callable             a tensor [B, …] → the same rows, each changed in its own way
    TURNS                                   of the changes that may be AUTO: name → a tensor with all its rows turned so
    MIXED                                   the name of the amount of mixup, where rows can be mixed
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from keepfit.config.sections import AUTO
from keepfit.data.batch import LACKING, Inputs
from keepfit.data.transform import Transform, View, in_view
from keepfit.problems.lookup import learn_of

ON = 0.5
"""Share of the rows that is turned, once validation has allowed it."""
ALLOWED = 0.9
"""Share of what a network knows of the validation rows that it must still know when they are turned."""

LACKED = 0.1
"""Share of the rows that are learned from without one of those."""

Amounts = dict[str, Any]
"""Name of a change → a number, or AUTO."""


class Changing(Protocol):
    """A kind's `net` module."""

    def augment(self, amounts: Mapping[str, float], /) -> Callable[[Tensor], Tensor]:
        """See above."""


class Changes:
    """The changes of one training; `kinds` are tensor → the module of the kind that is in it, `apart` the columns that
    are left out now and then, each by its tensors and what fills them."""

    def __init__(
        self, kinds: Mapping[str, Any], amounts: Mapping[str, Any], apart: Sequence[Mapping[str, float]] = ()
    ) -> None:
        self._kinds, self._apart = kinds, apart
        self.kept: dict[str, float] = {}
        """Of the changes that were asked about, the share of what is known that is known of turned rows."""
        self.mixup = float(
            next((amounts.get(kind.MIXED, 0.0) for kind in kinds.values() if hasattr(kind, "MIXED")), 0.0)
        )
        self._settle({**amounts} if kinds else {})
        self.asked = self.open
        """All changes that validation has to allow, in their order."""

    def shares(self) -> list[float]:
        """`kept` of each of them; NaN where it is not settled yet."""
        return [self.kept.get(how, math.nan) for how in self.asked]

    def _settle(self, amounts: Amounts) -> None:
        self.amounts = amounts
        """As far as they are settled."""
        known = {name: 0.0 if amount == AUTO else amount for name, amount in amounts.items()}
        self._change = {name: kind.augment(known) for name, kind in self._kinds.items()}

    @property
    def names(self) -> list[str]:
        """The tensors whose rows are changed."""
        return [*self._kinds]

    @property
    def open(self) -> list[str]:
        """The changes that validation has to allow."""
        return [name for name, amount in self.amounts.items() if amount == AUTO]

    def changed(self, inputs: Inputs) -> Inputs:
        """A batch as it is learned from."""
        changed = {**inputs, **{name: change(inputs[name]) for name, change in self._change.items()}}
        for column in self._apart:
            first = changed[next(iter(column))]
            without = torch.rand(len(first), device=first.device) < LACKED
            changed |= {name: _emptied(changed[name], without, by) for name, by in column.items()}
            changed[LACKING] = without | changed.get(LACKING, without)
        return changed

    def turned(self, inputs: Inputs, how: str) -> Inputs:
        """A batch with all its rows turned."""
        return {**inputs, **{name: kind.TURNS[how](inputs[name]) for name, kind in self._kinds.items()}}

    def allow(self, how: str, kept: float) -> None:
        """Settle a change by the share of what is known that is known of turned rows."""
        self.kept[how] = kept
        self._settle({**self.amounts, how: ON if kept >= ALLOWED else 0.0})

    def mixed(self, inputs: Inputs) -> tuple[Inputs, Tensor, Tensor]:
        """Each row mixed with another, all by one share (mixup, Zhang et al. 2018, arXiv:1710.09412): the batch, the
        places of the others [B], and the share of the row itself."""
        first = next(iter(inputs.values()))
        own = torch.distributions.Beta(self.mixup, self.mixup).sample()
        others = torch.randperm(len(first), device=first.device)
        return {name: own * one.float() + (1 - own) * one[others].float() for name, one in inputs.items()}, others, own

    def state(self) -> dict[str, Any]:
        """What was settled."""
        return {"amounts": self.amounts, "kept": self.kept}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on with it."""
        self.kept = dict(state["kept"])
        self._settle(dict(state["amounts"]))


def apart(transform: Transform) -> list[dict[str, float]]:
    """The columns that may be missing beside others, each by its tensors and what fills them."""
    if len(transform.features) == 1 or not getattr(learn_of(transform.target.problem), "LACKS", False):
        return []
    columns = (entry for entry in transform.features if not entry.views[0].stacks)
    return [{in_view(one.tensor, view.name): _empty(view) for view in one.views} for one in columns]


def _empty(view: View) -> float:
    found = view.empty if view.pad is None else view.pad
    assert found is not None, "a cell of one length has something that stands for a missing one"
    return found


def _emptied(rows: Tensor, without: Tensor, by: float) -> Tensor:
    """Some of the rows [B, …], those of the mask [B], filled by one number."""
    return rows.masked_fill(without.view(-1, *[1] * (rows.ndim - 1)), by)
