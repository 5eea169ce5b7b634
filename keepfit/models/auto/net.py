"""The network is the portfolio, and nothing else."""

from __future__ import annotations

from typing import Any

from torch import nn

from keepfit.data.transform import Transform
from keepfit.models.auto import Settings
from keepfit.models.fitted import COURSE
from keepfit.models.portfolio import Portfolio

FITTED = True
"""Of itself nothing is learned by steps."""


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:  # noqa: ARG001
    """No parts yet; the training stage adds each that has been trained."""
    return {"parts": [], **COURSE}


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """Outputs [B, 1, K]."""
    return Portfolio(settings["parts"], transform)
