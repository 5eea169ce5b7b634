"""What is said of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from keepfit.data import sounds
from keepfit.data.media import Medium
from keepfit.features.audio.spectrum import log_mel
from keepfit.features.kind import Region, ServedColumn
from keepfit.features.shared import heat
from keepfit.features.shared.file_words import FileWords
from keepfit.features.words import Told, share

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

    def told(self, profile: dict[str, Any], rows: int) -> Told:
        """Lengths and rate."""
        span = sounds.MEDIUM.span((profile["shortest"], 0), (profile["longest"], 0))
        text = f"{span}, heard at {profile['rate']:,} samples a second"
        return Told(text, missing=share(profile["missing"], rows))

    def picture(self, cell: Any, entry: Any) -> str | None:
        """The bands, low ones at the bottom, from its beginning to its end: light where it is loud."""
        return None if cell is None else heat.png(_bands(_samples(cell, entry), entry))

    def part(self, _cell: Any, part: Region, entry: Any) -> str:
        """The seconds."""
        return f"{part[0] / entry.rate:.2f} to {part[1] / entry.rate:.2f} s"

    def explained(self, cell: Any, entry: Any, rests_on: Sequence[Sequence[float]]) -> str | None:
        """The bands under the effects."""
        samples = _samples(cell, entry)
        bands = _bands(samples, entry)
        places = np.linspace(0, len(samples) - 1, bands.shape[1]).round().astype(int)
        along = heat.effects([len(samples)], rests_on)[places]
        return heat.coloured(bands, np.broadcast_to(along, bands.shape))


WORDS = AudioWords()


def _samples(cell: bytes, entry: Any) -> NDArray[np.int16]:
    return sounds.decode(cell, entry.rate, entry.seconds)


def _bands(samples: NDArray[np.int16], entry: Any) -> NDArray[np.uint8]:
    """[T] → [h, w]."""
    from PIL import Image as Pillow

    logs = log_mel(samples, entry.rate)
    light = 255 * (logs - _DARKEST) / max(float(logs.max()) - _DARKEST, 1.0)
    pixels = np.ascontiguousarray(light.clip(0, 255).astype(np.uint8)[::-1])
    return np.asarray(Pillow.fromarray(pixels).resize((min(_WIDE, max(logs.shape[1], 16)), _HIGH)))
