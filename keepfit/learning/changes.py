"""How rows are changed in training, so that a network learns what does not matter; and which changes the validation
rows have to allow first: a mirrored cat is a cat, a mirrored letter may be another one.

A kind whose rows can be changed has in its `net` module

    amounts(entry, rows) → dict             name of a change → how far, where the YAML does not say; 0 for not at all,
                                            AUTO for what validation has to allow; all names that there are
    augment(amounts) → callable             a tensor [B, …] → the same rows, each changed in its own way
    TURNS                                   of the changes that may be AUTO: name → a tensor with all its rows turned so
    MIXED                                   the name of the amount of mixup, where rows can be mixed
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from keepfit.config.sections import AUTO
from keepfit.data.batch import Inputs

ON = 0.5
"""Share of the rows that is turned, once validation has allowed it."""
ALLOWED = 0.9
"""Share of what a network knows of the validation rows that it must still know when they are turned."""

Amounts = dict[str, Any]
"""Name of a change → a number, or AUTO."""


class Changing(Protocol):
    """A kind's `net` module."""

    def augment(self, amounts: Mapping[str, float], /) -> Callable[[Tensor], Tensor]:
        """See above."""


class Changes:
    """The changes of one training; `kinds` are tensor → the module of the kind that is in it."""

    def __init__(self, kinds: Mapping[str, Any], amounts: Mapping[str, Any]) -> None:
        self._kinds = kinds
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
        return {**inputs, **{name: change(inputs[name]) for name, change in self._change.items()}}

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
