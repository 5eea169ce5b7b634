"""A family that reads token by token, as export makes a second graph of it: B rows, T tokens, V tokens known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

State = tuple[Tensor, ...]
"""What is remembered of the tokens before, each [B, …]."""


@dataclass(frozen=True)
class Stepping:
    """A network that goes on from a state."""

    step: Callable[[Tensor, State], tuple[Tensor, State]]
    """Tokens [B, T] and the state before them → what comes behind each [B, T, V], and the state behind them."""
    tokens: Tensor
    """An example, [2, 3]."""
    state: dict[str, Tensor]
    """An example, by name, each [2, …]."""
    grows: bool
    """Whether the state's third dimension is as long as what is remembered, and 0 at first."""
