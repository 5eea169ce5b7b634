"""The encoder of the group that this kind's columns are in."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from keepfit.features.shared.entries import NumericEntry
from keepfit.features.shared.numeric_net import NumericEncoder


def encoder(entries: Sequence[NumericEntry], bins: int, units: int) -> nn.Module:
    """float64 [B, n], NaN where missing → [B, columns, d]."""
    return NumericEncoder(entries, bins, units)
