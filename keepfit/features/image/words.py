"""What is said of a picture."""

from __future__ import annotations

import base64
import io
from typing import Any, ClassVar

from keepfit.data import images
from keepfit.data.media import Medium
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.file_words import FileWords
from keepfit.features.words import Told

SHOWN = 128
"""Pixels of a picture's longer side in the report, at most."""


class ImageWords(FileWords):
    """Words of this kind."""

    medium: ClassVar[Medium] = images.MEDIUM
    kind: ClassVar[str] = "image"
    setting: ClassVar[str] = "size: 64"

    def meaning(self, column: ServedColumn) -> str:
        """In words."""
        height, width = column["size"]
        return f"uint8 [rows, {height}, {width}, {column['channels']}], resized by {column['resample']}"

    def example(self) -> str:
        """Python."""
        return "pictures"

    def told(self, profile: dict[str, Any], _rows: int) -> Told:
        """Size and colours."""
        height, width = profile["size"]
        return Told(f"{width} × {height} pixels, {'grey' if profile['channels'] == 1 else 'colour'}")

    def picture(self, cell: Any, entry: Any) -> str | None:
        """A PNG, decoded as the model saw it."""
        from PIL import Image as Pillow

        pixels = images.decode(cell, entry.size, entry.channels, entry.pixels)
        image = Pillow.fromarray(pixels[:, :, 0] if entry.channels == 1 else pixels)
        image.thumbnail((SHOWN, SHOWN))
        with io.BytesIO() as buffer:
            image.save(buffer, "PNG", optimize=True)
            return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


WORDS = ImageWords()
