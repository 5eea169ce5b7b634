"""A linear model."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from keepfit.config.sections import Feature, Model
from keepfit.models.settings import lacks_columns


class Settings(Model):
    """Linear in the numbers, one weight a category; how small the weights are is chosen by validation. For tables."""

    by_steps: ClassVar[bool] = False
    hint: ClassVar[str] = "or boosting, forest, mlp"
    family: Literal["linear"] = "linear"

    def problem(self, features: Mapping[str, Feature]) -> str:
        """It asks about plain columns."""
        return lacks_columns(self.family, features)
