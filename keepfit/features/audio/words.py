"""What is said of a recording."""

from __future__ import annotations

import base64
import io
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from keepfit.data import sounds
from keepfit.features.audio.spectrum import log_mel
from keepfit.features.column import Choice, ColumnFacts
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.whole_files import contents
from keepfit.features.words import Told, Words

SOME = 50
"""Texts that are looked at."""
_WIDE, _HIGH = 160, 128
"""Pixels of a recording's picture in the report, at most."""
_DARKEST = -9.0
"""Logarithm of the power that is drawn black; the loudest is white."""


class AudioWords(Words):
    """Words of this kind."""

    kind: ClassVar[str] = "audio"
    setting: ClassVar[str] = "seconds: 20"

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Bytes or texts, of which most are recordings; or structs that hold such, as Hugging Face publishes them."""
        try:
            some = column.some if column.some is not None else column.texts().slice(0, SOME)
            found = contents(some).drop_null().to_pylist()
        except pa.ArrowException:
            return None
        sizes = [sounds.MEDIUM.size(one) for one in found if sounds.starts_as_recording(one) and not sounds.fault(one)]
        if 2 * len(sizes) <= len(found):
            return None
        comment = f"{sounds.MEDIUM.span(min(sizes), max(sizes))}; or {{kind: audio, {self.setting}}}"
        return Choice(column.name, self.kind, comment, may_all_differ=True)

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
