"""A linear model beside a deep one."""

from typing import Literal

from keepfit.models.settings import DenseSettings


class Settings(DenseSettings):
    """The MLP beside a linear (wide) part over the same columns and their bins; the default for texts and for series,
    where the wide part is over n-grams, with the columns beside them where they tell more, or small kernels, and fitted
    first."""

    family: Literal["wide_deep"] = "wide_deep"

    @classmethod
    def suits(cls, kinds: frozenset[str]) -> int:
        """Texts and series, of whose n-grams and kernels a linear model learns more than most networks alone."""
        return 3 if kinds & {"text", "sequence"} else 0
