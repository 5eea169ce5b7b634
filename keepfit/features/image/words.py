"""What is said of a picture."""

from __future__ import annotations

import base64
import io
from typing import Any, ClassVar

import pyarrow as pa

from keepfit.data import images
from keepfit.features.column import Choice, ColumnFacts
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.whole_files import contents
from keepfit.features.words import Told, Words

SHOWN = 128
"""Pixels of a picture's longer side in the report, at most."""
SOME = 50
"""Texts that are looked at."""


class ImageWords(Words):
    """Words of this kind."""

    kind: ClassVar[str] = "image"
    setting: ClassVar[str] = "size: 64"

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Bytes or texts, of which most are pictures; or structs that hold such, as Hugging Face publishes them."""
        try:
            some = column.some if column.some is not None else column.texts().slice(0, SOME)
            found = contents(some).drop_null().to_pylist()
        except pa.ArrowException:
            return None
        shapes = [images.shape(one) for one in found if images.starts_as_picture(one) and not images.fault(one)]
        if 2 * len(shapes) <= len(found):
            return None
        sizes = sorted((shape.width, shape.height) for shape in shapes)
        (width, height), (wide, high) = sizes[0], sizes[-1]
        span = f"{width} × {height}" + ("" if sizes[0] == sizes[-1] else f" to {wide} × {high}")
        return Choice(column.name, self.kind, f"{span} pixels; or {{kind: image, {self.setting}}}", may_all_differ=True)

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
