"""Yes and no."""

from typing import Literal

from keepfit.config.sections import Feature
from keepfit.features.shared.entries import CodedEntry as Entry

__all__ = ["Entry", "Settings"]


class Settings(Feature):
    """Yes or no; missing where a cell is neither true, yes, t, y, 1 nor false, no, f, n, 0, nor such a word of another
    language: ja, oui, sí, да, 是 and their opposites."""

    kind: Literal["boolean"] = "boolean"
