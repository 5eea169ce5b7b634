"""A quantity."""

from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Problem
from keepfit.data import transform
from keepfit.features.number import Notation

__all__ = ["Settings", "Target"]


class Settings(Problem):
    """A quantity: the answer is a value, with the interval that the truth lies in."""

    compared: ClassVar[tuple[str, ...]] = ("rmse", "mae")
    gated: ClassVar[tuple[str, ...]] = ("rmse", "mae", "median_error", "r2", "mape", "coverage")
    proofs: ClassVar[tuple[str, ...]] = ("r2",)
    guess: ClassVar[str] = "mean"
    kind: Literal["regression"] = "regression"
    format: Notation | None = None
    """How the target's cells are written, as in a number's `format`; found from all cells when left out."""
    loss: Literal["mse", "mae", "huber"] = "mse"
    """What is minimised: mse aims at the mean, mae at the median, huber at the mean of what is no outlier."""
    log: bool | None = None
    """Learn the target's logarithm; when left out, that is done where the validation rows say that it is better."""
    interval: float = Field(default=0.9, ge=0.5, lt=1)
    """Share of new rows whose true value shall lie between `low` and `high`."""


class Target(transform.Target):
    """Figures of the train rows' values."""

    dtype: ClassVar[str] = "<f8"

    log: bool = False
    """Whether the logarithm is learned."""
    offset: float = 0.0
    """Added before the logarithm, where there are zeros."""
    mean: float
    """Of what is learned: of the values, or of their logarithms."""
    std: float
    """Of the same."""
    low: float
    """The smallest value."""
    high: float
    """The largest."""

    @property
    def outputs(self) -> int:
        """One."""
        return 1

    def resumed(self, earlier: transform.Target) -> transform.Target:
        """Its values are standardised as they were."""
        same = isinstance(earlier, Target) and earlier.log == self.log
        names = ("offset", "mean", "std") if same else ()
        return self.model_copy(update={name: getattr(earlier, name) for name in names})
