"""A random forest."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Model
from keepfit.models.settings import lacks_columns


class Settings(Model):
    """Many deep trees, each over rows drawn anew, and their mean; for tables."""

    by_steps: ClassVar[bool] = False
    hint: ClassVar[str] = "or boosting, linear, mlp"
    family: Literal["forest"] = "forest"
    random: bool = False
    """Extremely randomised trees: each cell that is looked at is split at one place that is drawn, and not the best."""
    trees: int | None = Field(default=None, ge=1, le=10_000)
    """How many."""
    least: int | None = Field(default=None, ge=1, le=1_000_000)
    """Rows that a leaf has at least."""

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It asks about plain columns."""
        return lacks_columns(self.family, features)
