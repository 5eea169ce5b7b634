"""The encoder of the group that this kind's columns are in."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from keepfit.features.shared.coded_net import CodedEncoder
from keepfit.features.shared.entries import CodedEntry


def encoder(entries: Sequence[CodedEntry], bins: int, units: int) -> nn.Module:  # noqa: ARG001
    """int64 [B, m] → [B, m, d]."""
    return CodedEncoder(entries, units)
