"""A linear model beside a deep one."""

from typing import Literal

from keepfit.models.settings import DenseSettings


class Settings(DenseSettings):
    """The MLP beside a linear (wide) part over the same columns and their bins."""

    family: Literal["wide_deep"] = "wide_deep"
