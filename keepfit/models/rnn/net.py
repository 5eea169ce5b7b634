"""The network is `keepfit.models.recurrent` with layers of this kind."""

from __future__ import annotations

from functools import partial

from torch import nn

from keepfit.models.recurrent import Recurrent, defaults

__all__ = ["build", "defaults"]

HALF = True
"""It learns as well in bfloat16, in less time where the processor has it."""

build = partial(Recurrent, nn.RNN)
"""Outputs [B, 1, K]."""
