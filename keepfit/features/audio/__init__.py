"""Recordings of sound."""

from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature
from keepfit.data import transform
from keepfit.data.transform import View

__all__ = ["Entry", "Settings"]

PAD = -32768
"""What stands behind the end of a shorter recording; no sample is so low."""


class Settings(Feature):
    """A recording: a file's bytes. Several channels become their mean."""

    kind: Literal["audio"] = "audio"
    rate: int | None = Field(default=None, ge=4_000, le=48_000)
    """Samples a second after resampling; the lowest of 8000, 16000, 22050 and 44100 that most files have at most, when
    left out."""
    seconds: float = Field(default=10.0, ge=0.1, le=600)
    """How much of a recording is heard, from its beginning."""


class Entry(transform.Entry):
    """How recordings are decoded, and how long and loud those of the train rows are."""

    group: ClassVar[str] = "audio"
    dtype: ClassVar[str] = "<i2"
    rank: ClassVar[int] = 6

    rate: int
    """Samples a second."""
    seconds: float
    """How much of a recording is heard."""
    resample: str
    steps: int
    """Samples of a typical recording."""
    shortest: float = 0.0
    """Seconds, of the train rows."""
    longest: float = 0.0
    edges: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """`seconds`, and `loudness` in decibels below full scale → the ends of tenths of the train rows."""
    fallen: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """The same → train rows in each of the bins."""

    @property
    def samples(self) -> int:
        """At most."""
        return round(self.seconds * self.rate)

    @property
    def views(self) -> tuple[View, ...]:
        """Samples [T]; PAD behind the end alone."""
        return (View("<i2", pad=PAD, steps=self.steps),)
