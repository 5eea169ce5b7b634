"""Yes and no."""

from typing import Literal

from keepfit.config.sections import Feature
from keepfit.features.shared.entries import CodedEntry as Entry

__all__ = ["Entry", "Settings"]


class Settings(Feature):
    """Yes or no; missing where a cell is neither true, yes, t, y, 1 nor false, no, f, n, 0."""

    kind: Literal["boolean"] = "boolean"
