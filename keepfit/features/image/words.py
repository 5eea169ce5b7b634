"""What is said of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from keepfit.data import images
from keepfit.data.media import Medium
from keepfit.features.kind import Region, ServedColumn
from keepfit.features.shared import heat
from keepfit.features.shared.file_words import FileWords
from keepfit.features.words import Told, share

SHOWN = 128
"""Pixels of a picture's longer side in the report, at most."""


class ImageWords(FileWords):
    """Words of this kind."""

    medium: ClassVar[Medium] = images.MEDIUM
    kind: ClassVar[str] = "image"
    setting: ClassVar[str] = "size: 64"
    sees: ClassVar[bool] = True

    def meaning(self, column: ServedColumn) -> str:
        """In words."""
        height, width = column["size"]
        shape = f"uint8 [rows, {height}, {width}, {column['channels']}]"
        return f"{shape}, resized by {column['resample']}; every byte {column['missing']} where missing"

    def example(self) -> str:
        """Python."""
        return "pictures"

    def told(self, profile: dict[str, Any], rows: int) -> Told:
        """Size and colours."""
        height, width = profile["size"]
        text = f"{width} × {height} pixels, {'grey' if profile['channels'] == 1 else 'colour'}"
        return Told(text, missing=share(profile["missing"], rows))

    def picture(self, cell: Any, entry: Any) -> str | None:
        """A PNG, decoded as the model saw it."""
        if cell is None:
            return None
        from PIL import Image as Pillow

        pixels = images.decode(cell, entry.size, entry.channels, entry.pixels)
        image = Pillow.fromarray(pixels[:, :, 0] if entry.channels == 1 else pixels)
        image.thumbnail((SHOWN, SHOWN))
        return heat.png(np.asarray(image))

    def seen(self, values: Any) -> str | None:
        """Pixels [h, w, c]."""
        return heat.png(values[:, :, 0] if values.shape[2] == 1 else values)

    def part(self, _cell: Any, part: Region, _entry: Any) -> str:
        """The window, from the upper left."""
        top, bottom, left, right = part
        return f"pixels {left + 1} to {right} across, {top + 1} to {bottom} down"

    def explained(self, cell: Any, entry: Any, rests_on: Sequence[Sequence[float]]) -> str | None:
        """The picture, pale and without its colours, under the effects."""
        pixels = images.decode(cell, entry.size, entry.channels, entry.pixels)
        return heat.coloured(pixels.mean(2), heat.effects(entry.size, rests_on))


WORDS = ImageWords()
