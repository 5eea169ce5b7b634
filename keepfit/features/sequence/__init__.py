"""Series of numbers: one or several channels, of one length or of many."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from keepfit.config.sections import Feature
from keepfit.data import transform
from keepfit.data.spans import checked, listed
from keepfit.data.transform import View

__all__ = ["Entry", "Settings"]


class Settings(Feature):
    """Numbers one after the other, such as a heartbeat or what a sensor gave: a list, a list of lists, or a text."""

    kind: Literal["sequence"] = "sequence"
    format: Literal["steps", "channels"] | None = None
    """What the outer list of a list of lists holds: steps, each with a number a channel, when left out."""
    columns: Annotated[str | tuple[str, ...], AfterValidator(checked)] = ()
    """The columns that hold a step each, where a series lies side by side: `v1..v140`, or a list of names."""
    length: int = Field(default=4096, ge=1, le=1_000_000)
    """Steps of a series that are read, from the first."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns with a step each."""
        return listed(self.columns)


class Entry(transform.Entry):
    """The moments of each channel."""

    group: ClassVar[str] = "sequence"
    dtype: ClassVar[str] = "<f4"
    rank: ClassVar[int] = 4

    channels: int
    length: int
    """Steps at most."""
    mean: tuple[float, ...]
    """Of the train rows' steps, one a channel."""
    std: tuple[float, ...]
    """The same; 1 for a channel that never changes."""
    missing: int
    """Train rows without a series."""
    steps: int = 1
    """Of a typical series."""
    edges: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """`length`, and `level` (the mean of a series, in deviations) → the ends of tenths of the train rows."""

    @property
    def views(self) -> tuple[View, ...]:
        """Steps [T, channels]; NaN behind the end alone."""
        return (View("<f4", (self.channels,), pad=float("nan"), steps=self.steps),)

    def resumed(self, earlier: transform.Entry) -> transform.Entry:
        """Its steps are standardised as they were."""
        same = isinstance(earlier, Entry) and earlier.channels == self.channels
        return self.model_copy(update={"mean": earlier.mean, "std": earlier.std}) if same else self  # type: ignore[attr-defined]
