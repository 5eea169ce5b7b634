"""Gradient-boosted trees."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model
from keepfit.models.settings import lacks_columns


class Settings(Model):
    """Small trees one after the other, each fitted to what the earlier ones leave; for tables."""

    by_steps: ClassVar[bool] = False
    hint: ClassVar[str] = "or forest, linear, mlp"
    family: Literal["boosting"] = "boosting"
    trees: int | None = Field(default=None, ge=1, le=100_000)
    """How many at most, one a class each time; validation rows choose how many are kept."""
    rate: float | None = Field(default=None, gt=0, le=1)
    """What share of each tree's answer is taken."""
    leaves: int | None = Field(default=None, ge=2, le=65_536)
    """Leaves of a tree."""

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It asks about plain columns."""
        return lacks_columns(self.family, features)
