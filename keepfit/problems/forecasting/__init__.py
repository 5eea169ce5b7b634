"""What comes next in a series of numbers."""

from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Problem
from keepfit.data import transform
from keepfit.features.number import Notation

__all__ = ["Settings", "Target"]

Difference = Literal["none", "first", "seasonal", "combined"]


class Settings(Problem):
    """What comes next in a series: the answer is a value for each step ahead, with the interval that the truth lies
    in."""

    compared: ClassVar[tuple[str, ...]] = ("rmse", "mae", "mase")
    gated: ClassVar[tuple[str, ...]] = ("rmse", "mae", "mase", "coverage")
    proofs: ClassVar[tuple[str, ...]] = ()
    guess: ClassVar[str] = "last value"
    reads_windows: ClassVar[bool] = True
    kind: Literal["forecasting"] = "forecasting"
    format: Notation | None = None
    """How the values are written, as in a number's `format`; found from all of them when left out."""
    difference: Difference | None = None
    """What is learned: none, the values; first, their changes; seasonal, those since a season before; combined, the
    changes of these. When left out, that which is best on the validation rows."""
    log: bool | None = None
    """Learn logarithms; when left out, that is done where the validation rows say that it is better."""
    season: int | None = Field(default=None, ge=2, le=4096)
    """Values of a season, such as 12 of months; found from the train rows when left out."""
    linear: bool = True
    """Fit a linear autoregression first, so that the network learns what it leaves; false gives all to the network."""
    loss: Literal["mse", "mae"] = "mse"
    """What is minimised: mse aims at the mean, mae at the median."""
    interval: float = Field(default=0.9, ge=0.5, lt=1)
    """Share of new values that shall lie between `low` and `high`."""


class Target(transform.Target):
    """Which differences are learned, and figures of the train rows' values."""

    dtype: ClassVar[str] = "<f8"

    horizon: int
    """Values ahead."""
    length: int = 0
    """Values of a history."""
    season: int = 0
    """Values of a season; 0 where none was found."""
    lags: tuple[int, ...] = ()
    """The differences, one of another: (12, 1) is the change of the change since twelve values before."""
    log: bool = False
    """Whether logarithms are learned."""
    linear: bool = True
    """Whether a linear autoregression is part of the network."""
    mean: float
    """Of the values, or of their logarithms."""
    std: float
    """Of what the differences leave to learn, about zero."""
    low: float
    """The smallest value."""
    high: float
    """The largest."""
    scale: float = 1.0
    """The mean error of the seasonal naive forecast one step ahead on the train rows, for MASE; of the last value where
    there is no season."""

    @property
    def shape(self) -> tuple[int, ...]:
        """A value a step."""
        return (self.horizon,)

    @property
    def outputs(self) -> int:
        """The same."""
        return self.horizon
