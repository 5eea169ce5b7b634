"""Files that are rows by themselves, pictures or recordings: how a folder of them is told, and what they are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ENDINGS = {
    "images": (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"),
    "sounds": (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd"),
}
"""The source's format → how the files that are read end."""

Size = tuple[float, float]
"""Of a picture width and height in pixels, of a recording seconds and samples a second."""


@dataclass(frozen=True)
class Medium:
    """One sort of such files."""

    form: str
    """The source's format, `images`."""
    column: str
    """The column that holds them."""
    one: str
    many: str
    meant: tuple[str, ...]
    """Endings of such as are not read: whoever put them there meant them, so they count as rows."""
    names: str
    """The formats that are read, in words."""
    begins: Callable[[bytes], bool]
    """Whether the first bytes of a file are those of a format that is read, whatever the file is called."""
    fault: Callable[[bytes], str]
    """Why a file cannot be learned from, in a clause; empty where it can."""
    size: Callable[[bytes], Size]
    """Of a file without a fault."""
    span: Callable[[Size, Size], str]
    """From the smallest size to the largest, for a comment."""

    @property
    def endings(self) -> tuple[str, ...]:
        """How the files that are read end."""
        return ENDINGS[self.form]


def medium_of(form: str) -> Medium:
    """That of a source's format; what opens such files is imported where it is asked for."""
    if form == "sounds":
        from keepfit.data import sounds

        return sounds.MEDIUM
    from keepfit.data import images

    return images.MEDIUM
