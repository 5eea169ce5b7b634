"""A variational autoencoder: a few numbers that describe a row, and the row that they describe."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model

SEEN = frozenset({"number", "category", "boolean", "datetime", "image"})
"""Kinds whose cells it gives back."""


def lacks_cells(family: str, features: Mapping[str, Feature]) -> str:
    """Why a family that gives cells back cannot learn from these; empty where it can."""
    others = sorted({feature.kind for feature in features.values()} - SEEN)
    if not others:
        return ""
    allowed = ", ".join(sorted(SEEN))
    return f"model.family {family} gives back cells of the kinds {allowed}, and there is {', '.join(others)}"


class Settings(Model):
    """Describes a row by a few numbers, and gives it back from them; for problems of whole rows."""

    rows: ClassVar[frozenset[str]] = frozenset({"describe", "draw"})
    family: Literal["vae"] = "vae"
    width: int | None = Field(default=None, ge=4, le=65_536)
    """Units a layer."""
    depth: int | None = Field(default=None, ge=1, le=64)
    """Hidden layers on either side."""
    hidden: float | None = Field(default=None, ge=0, lt=1)
    """Share of what it sees that is hidden from it in training, so that a cell is told by the others."""

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It gives back single values and pictures."""
        return lacks_cells(self.family, features)
