"""Categories."""

from typing import Literal

from keepfit.config.sections import Feature
from keepfit.features.shared.entries import CodedEntry as Entry

__all__ = ["Entry", "Settings"]


class Settings(Feature):
    """One of several names; any cell can be read as one."""

    kind: Literal["category"] = "category"
