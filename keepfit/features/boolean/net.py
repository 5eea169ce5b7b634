"""The encoder of the group that this kind's columns are in."""

from keepfit.features.shared.coded_net import encoder

__all__ = ["encoder"]
