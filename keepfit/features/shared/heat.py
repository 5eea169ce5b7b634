"""What an answer rests on, as colours over a picture: blue speaks for it, orange against. h, w: pixels."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOR, AGAINST = (31, 95, 168), (194, 98, 45)
_SHOWN = 128
"""Pixels of the longer side, at least."""
_FAINT = 0.05
"""An effect that is drawn in full where none is larger."""
_PALE, _STRONG = 0.55, 0.85
"""How far the picture is drawn towards white, and how much the strongest colour covers."""


def effects(shape: Sequence[int], rests_on: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Of parts, each where it stands, from and to along each axis, and its effect → the mean effect at each place, from
    -1 to 1, the strongest place being 1 or -1 [*shape]."""
    total, count = np.zeros(tuple(shape)), np.zeros(tuple(shape))
    for *ends, effect in rests_on:
        place = tuple(slice(int(start), int(stop)) for start, stop in zip(ends[::2], ends[1::2], strict=True))
        total[place] += effect
        count[place] += 1
    mean = total / np.maximum(count, 1)
    return np.asarray(mean / max(np.abs(mean).max(initial=0), _FAINT))


def coloured(light: NDArray[Any], effect: NDArray[np.float64]) -> str:
    """Bytes [h, w] under effects from -1 to 1 [h, w] → a data: address of a PNG."""
    from PIL import Image

    times = max(1, -(-_SHOWN // max(light.shape)))
    size = light.shape[1] * times, light.shape[0] * times
    grey = np.asarray(Image.fromarray(light.astype(np.uint8)).resize(size, Image.Resampling.NEAREST), np.float64)
    spread = Image.fromarray(effect.astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
    share = np.asarray(spread, np.float64)[..., None]
    paper = (grey + (255 - grey) * _PALE)[..., None]
    colour = np.where(share > 0, np.array(FOR), np.array(AGAINST))
    cover = np.abs(share) ** 1.5 * _STRONG  # so that what is weak hides nothing of the picture
    return png((paper * (1 - cover) + colour * cover).round().astype(np.uint8))


def png(pixels: NDArray[np.uint8]) -> str:
    """[h, w] or [h, w, 3] → a data: address."""
    from PIL import Image

    with io.BytesIO() as buffer:
        Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
        return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
