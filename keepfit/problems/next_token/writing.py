"""Writing on: token by token, each drawn by how likely it is held to be, and read again. V tokens of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from keepfit.features.shared.tokenized import NONE, UNKNOWN

State = TypeVar("State")
Step = Callable[[NDArray[np.int64], State], tuple[NDArray[np.float32], State]]
"""Tokens [1, T] and the state before them → what comes behind each [1, T, V], and the state behind them."""
NEVER = (NONE, UNKNOWN)
"""Tokens that are never written."""


def written(
    step: Step[State], state: State, prompt: Sequence[int], count: int, temperature: float, seed: int
) -> Iterator[int]:
    """`count` tokens behind those of the prompt. A temperature below 1 keeps to what is likely, 0 to what is likeliest;
    the same seed gives the same tokens."""
    draw = np.random.default_rng(seed)
    logits, state = step(np.array([[NONE, *prompt]], np.int64), state)
    for place in range(count):
        token = drawn(logits[0, -1], temperature, draw)
        yield token
        if place + 1 < count:
            logits, state = step(np.array([[token]], np.int64), state)


def drawn(logits: NDArray[np.float32], temperature: float, draw: np.random.Generator) -> int:
    """One token by its logits [V]."""
    found = logits.astype(np.float64)
    found[list(NEVER)] = -np.inf
    if temperature == 0:
        return int(found.argmax())
    odds = np.exp((found - found.max()) / temperature).cumsum()
    return int(np.searchsorted(odds, draw.random() * odds[-1], side="right"))
