"""A linear model beside a deep one."""

from typing import Literal

from keepfit.models.settings import DenseSettings


class Settings(DenseSettings):
    """The MLP beside a linear (wide) part over the same columns and their bins; the default for texts, where the wide
    part is over their n-grams, and fitted first."""

    family: Literal["wide_deep"] = "wide_deep"

    @classmethod
    def suits(cls, kinds: frozenset[str]) -> int:
        """Texts, whose n-grams a linear model learns from better than any network alone."""
        return 3 if "text" in kinds else 0
