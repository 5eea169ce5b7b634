"""Pictures."""

from typing import ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature
from keepfit.data import transform
from keepfit.data.transform import View

__all__ = ["MISSING", "Entry", "Settings"]

MISSING = 127
"""Every byte of what stands for a picture that is missing: grey throughout."""


class Settings(Feature):
    """A picture: a file's bytes, or raw pixels."""

    kind: Literal["image"] = "image"
    size: int | None = Field(default=None, ge=4, le=1024)
    """Height and width in pixels after resizing; chosen from the pictures when left out."""


class Entry(transform.Entry):
    """How pictures are decoded, and the moments of their pixels."""

    group: ClassVar[str] = "image"
    dtype: ClassVar[str] = "u1"
    rank: ClassVar[int] = 2

    size: tuple[int, int]
    """Height and width after resizing."""
    channels: int
    """1 grey, 3 RGB."""
    pixels: tuple[int, int, int] | None
    """Height, width and channels where a cell is raw pixels; None where it is a file."""
    resample: str
    mean: tuple[float, ...] = ()
    """Of the bytes divided by 255, one a channel."""
    std: tuple[float, ...] = ()
    brightness: tuple[int, ...] = ()
    """Train pictures whose mean byte is 0, 1, … 255."""
    contrast: tuple[int, ...] = ()
    """Train pictures whose bytes have a standard deviation of 0, 1, … 127."""

    @property
    def shape(self) -> tuple[int, ...]:
        """[h, w, c]."""
        return (*self.size, self.channels)

    @property
    def views(self) -> tuple[View, ...]:
        """Bytes [h, w, c]."""
        return (View(self.dtype, self.shape, empty=MISSING),)

    def resumed(self, earlier: transform.Entry) -> transform.Entry:
        """Its pixels are standardised as they were."""
        same = isinstance(earlier, Entry) and earlier.channels == self.channels
        return self.model_copy(update={"mean": earlier.mean, "std": earlier.std}) if same else self  # type: ignore[attr-defined]
