"""The encoder of the group that this kind's columns are in."""

from keepfit.features.shared.numeric_net import encoder
from keepfit.features.shared.numeric_rebuilder import rebuilder

__all__ = ["encoder", "rebuilder"]
