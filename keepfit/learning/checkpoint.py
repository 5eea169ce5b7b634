"""Training on disk: written so rarely that it costs under 2 %, read back so exactly that a kill leaves no trace.

The state is what the weights are a function of: weights, optimiser, generators, position, and what was best so far.
Order of the rows and learning rate are functions of the position and need no state.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from keepfit.store import files

State = dict[str, Any]
"""Tensors, numbers and strings in dicts and lists, nothing that would need pickled code."""

SHARE = 50
"""A checkpoint that took t seconds is followed by at least 50 t seconds of training."""


class Checkpoint:
    """The one checkpoint file of a training."""

    def __init__(self, path: Path, every: float) -> None:
        self.path, self.every = path, every
        self._next = time.monotonic() + every

    def read(self, device: torch.device) -> State | None:
        """The state a killed training left, its tensors on `device`; None where there is none."""
        if not self.path.is_file():
            return None
        state: State = torch.load(self.path, map_location=device, weights_only=True)
        return state

    def write_if_due(self, state: Callable[[], State]) -> None:
        """Write when at least `every` seconds have passed."""
        if time.monotonic() >= self._next:
            self.write(state())

    def write(self, state: State) -> None:
        """Replace the file at one instant."""
        began = time.monotonic()
        content = io.BytesIO()
        torch.save(state, content)
        files.write_bytes(self.path, content.getvalue())
        ended = time.monotonic()
        self._next = ended + max(self.every, SHARE * (ended - began))


def generators(device: torch.device) -> State:
    """The state of every random generator that training draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type != "cpu":
        states[device.type] = getattr(torch, device.type).get_rng_state()
    return states


def restore_generators(states: State) -> None:
    """Put them back."""
    for name, state in states.items():
        module = torch if name == "cpu" else getattr(torch, name)
        module.set_rng_state(state.cpu())
