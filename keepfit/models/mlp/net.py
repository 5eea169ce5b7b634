"""The network is the towers, and nothing else."""

from __future__ import annotations

from torch import nn

from keepfit.data.transform import Transform
from keepfit.models.table_defaults import defaults
from keepfit.models.towers import Towers, TowerSettings

__all__ = ["build", "defaults"]


def build(settings: TowerSettings, transform: Transform) -> nn.Module:
    """Outputs [B, M, K]."""
    return Towers(settings, transform)
