"""Answers from the train rows that a row is like."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model
from keepfit.models.settings import lacks_columns


class Settings(Model):
    """The answers of train rows, those near to the row counting most; what is near is learned. For tables; the model
    holds a code of each such row."""

    hint: ClassVar[str] = "or auto, mlp, forest"
    family: Literal["retrieval"] = "retrieval"
    width: int | None = Field(default=None, ge=1, le=8192)
    """Numbers that a row is coded by."""
    depth: int | None = Field(default=None, ge=0, le=64)
    """Residual blocks before the code."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of units dropped in training."""
    bins: int | None = Field(default=None, ge=2, le=65_536)
    """Bins a numeric column."""
    candidates: int | None = Field(default=None, ge=2, le=1_000_000)
    """Train rows that a row is compared with, at most: as many are drawn once."""

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It asks about plain columns."""
        return lacks_columns(self.family, features)
