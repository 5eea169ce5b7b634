"""What is said of a recording."""

from __future__ import annotations

import base64
import io
from typing import Any, ClassVar

import numpy as np

from keepfit.data import sounds
from keepfit.data.media import Medium
from keepfit.features.audio.spectrum import log_mel
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.file_words import FileWords
from keepfit.features.words import Told

_WIDE, _HIGH = 160, 128
"""Pixels of a recording's picture in the report, at most."""
_DARKEST = -9.0
"""Logarithm of the power that is drawn black; the loudest is white."""


class AudioWords(FileWords):
    """Words of this kind."""

    medium: ClassVar[Medium] = sounds.MEDIUM
    kind: ClassVar[str] = "audio"
    setting: ClassVar[str] = "seconds: 20"

    def meaning(self, column: ServedColumn) -> str:
        """In words."""
        most = round(column["seconds"] * column["rate"])
        return (
            f"int16 [rows, samples], one channel of {column['rate']:,} samples a second, at most {most:,}, "
            f"{column['pad']} behind the end"
        )

    def example(self) -> str:
        """Python."""
        return "samples"

    def told(self, profile: dict[str, Any], _rows: int) -> Told:
        """Lengths and rate."""
        span = sounds.MEDIUM.span((profile["shortest"], 0), (profile["longest"], 0))
        return Told(f"{span}, heard at {profile['rate']:,} samples a second")

    def picture(self, cell: Any, entry: Any) -> str | None:
        """The bands, low ones at the bottom, from its beginning to its end: light where it is loud."""
        if cell is None:
            return None
        from PIL import Image as Pillow

        logs = log_mel(sounds.decode(cell, entry.rate, entry.seconds), entry.rate)
        light = 255 * (logs - _DARKEST) / max(float(logs.max()) - _DARKEST, 1.0)
        pixels = light.clip(0, 255).astype(np.uint8)[::-1]
        shown = Pillow.fromarray(np.ascontiguousarray(pixels)).resize((min(_WIDE, max(logs.shape[1], 16)), _HIGH))
        with io.BytesIO() as buffer:
            shown.save(buffer, "PNG", optimize=True)
            return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


WORDS = AudioWords()
