"""A portfolio's network: its parts side by side, and their answers mixed (a linear pool of experts; Breiman 1996,
"Stacked regressions", keeps the shares positive for the same reason as here: they are steadier).

B rows, P parts, K outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from keepfit.config.sets import MODELS
from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.problems.lookup import learn_of


class Portfolio(nn.Module):
    """Parts that were trained one by one."""

    shares: Tensor
    """Of each part's answers in the whole [P]; they add up to 1."""
    sharpness: Tensor
    """What the mixed outputs are multiplied by: 1, or what calibrates probabilities."""

    def __init__(self, parts: Sequence[dict[str, Any]], transform: Transform) -> None:
        super().__init__()
        self.learn = learn_of(transform.target.problem)
        made = (MODELS.module(part["family"], "net").build(part["settings"], transform) for part in parts)
        self.parts = nn.ModuleList(made)
        self.register_buffer("shares", torch.ones(len(parts)) / max(len(parts), 1))
        self.register_buffer("sharpness", torch.ones(()))

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, 1, K]."""
        found = torch.cat([alone(self.learn, part(inputs)) for part in self.parts], 1)
        mixed: Tensor = self.learn.pooled(found, self.shares) * self.sharpness
        return mixed


def alone(learn: Any, outputs: Tensor) -> Tensor:
    """A part's members as one [B, M, K] → [B, 1, K]."""
    members = outputs.shape[1]
    found: Tensor = outputs if members == 1 else learn.pooled(outputs, outputs.new_full((members,), 1 / members))
    return found.float()
