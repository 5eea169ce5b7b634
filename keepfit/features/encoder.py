"""All columns of a batch as one block of vectors.

B rows, C columns (numbers, the cycles of datetimes, categories and booleans, or a picture's 16), d units a column.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from keepfit.features.codes import Codes
from keepfit.features.numbers import Numbers, Places
from keepfit.features.pixels import COLUMNS, Pixels
from keepfit.features.times import Cycles, parts

Transform = dict[str, Any]
"""What transform.json holds."""


class Encoder(nn.Module):
    """{"numbers": float64 [B, n], "codes": int64 [B, m], "image": uint8 [B, H, W, C]} → [B, C, d]."""

    def __init__(self, transform: Transform, bins: int, units: int) -> None:
        super().__init__()
        numbers = _slots(transform, "number", "datetime")
        codes = _slots(transform, "category", "boolean")
        times = [column for column in numbers if column["kind"] == "datetime"]
        every = numbers + [part for column in times for part in parts(column)]
        self.times = [column["slot"] for column in times]
        pictures = [f for f in transform["features"] if f["kind"] == "image"]
        self.columns = len(every) + len(codes) + COLUMNS * len(pictures)
        self.cycles = Cycles() if times else None
        self.places = Places(every, bins) if every else None
        self.numbers = Numbers(len(every), self.places.bins, units) if self.places else None
        self.codes = Codes([len(column["vocabulary"]) for column in codes], units) if codes else None
        self.pixels = Pixels(pictures[0], units) if pictures else None

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """A batch's raw tensors → [B, C, d]."""
        blocks = []
        if self.places is not None and self.numbers is not None:
            numbers = inputs["numbers"]
            if self.cycles is not None:
                numbers = torch.cat([numbers, self.cycles(numbers[:, self.times])], 1)
            blocks.append(self.numbers(*self.places(numbers)))
        if self.codes is not None:
            blocks.append(self.codes(inputs["codes"]))
        if self.pixels is not None:
            blocks.append(self.pixels(inputs["image"]))
        return torch.cat(blocks, 1)


def _slots(transform: Transform, *kinds: str) -> list[dict[str, Any]]:
    """The columns of these kinds in the order of their tensor."""
    return sorted((f for f in transform["features"] if f["kind"] in kinds), key=lambda f: f["slot"])
