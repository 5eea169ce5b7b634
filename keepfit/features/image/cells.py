"""Cells that are pictures, as bytes of a file or as raw pixels.

n rows; h, w, c: height, width and channels of a picture as a network sees it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Feature, Preprocessing
from keepfit.data import images
from keepfit.errors import DataError
from keepfit.features.image import MISSING, Entry, Settings, levels
from keepfit.features.kind import EDGES, Binned, Bins, ClassicalColumns, Finisher, Fitter, Region, Seen, ServedColumn
from keepfit.features.shared.stretches import evenly
from keepfit.features.shared.whole_files import FileKind, missing

KEPT, SMALL, LARGE = 40, 32, 64
"""Up to 40 pixels a picture keeps its size; up to 128 it is brought to 32, at which sign-language digits of 100 pixels
reached 99.0 % on unseen persons; larger ones, which hold finer things, to 64."""
_SIDE = 32
"""Classical models see at most so many pixels a side: a linear model gains nothing by more."""
_ALLOWED = "A picture is bytes of a file, a path, a data URL, a PIL picture, or a uint8 array [h, w] or [h, w, c]."
_WINDOWS = (4, 9)
"""Along each side, of which one at a time is left out."""
_ROWS = 256
"""Pictures a call of the runtime."""

Pixels = NDArray[np.uint8]


class ImageFitter(Fitter):
    """The size and channels, from the headers of some pictures."""

    def __init__(self, side: int | None, pixels: Sequence[int] | None) -> None:
        self._side, self._pixels = side, pixels
        self._shapes: list[images.Shape] = []
        self._missing = 0

    def add(self, cells: pa.Array, seen: Seen) -> None:
        """Look into a few headers."""
        self._missing += missing(cells, seen)
        if self._pixels is not None:
            self._shapes += [images.Shape(*self._pixels)] * len(seen.looked_at)
        else:
            pairs = zip(cells.take(pa.array(seen.looked_at)), seen.called(seen.looked_at), strict=True)
            self._shapes += [
                images.shape(content.as_py(), name=called) for content, called in pairs if content.is_valid
            ]
        self.held = len(self._shapes)

    def entry(self, name: str, slot: int) -> Entry:
        """Grey when all of them are grey; the size is that of the median picture unless the YAML says one."""
        height, width = (int(np.median([s[axis] for s in self._shapes])) for axis in (0, 1))
        size = (self._side, self._side) if self._side else _size(height, width)
        channels = max(s.channels for s in self._shapes)
        found = {"size": size, "channels": channels, "pixels": self._pixels, "resample": images.RESAMPLE}
        return Entry.model_validate({"name": name, "kind": "image", "slot": slot, **found})

    def profile(self, entry: Any) -> dict[str, Any]:
        """Size, channels and gaps, and the bins."""
        bins = levels.of_train(entry)
        return {"size": entry.size, "channels": entry.channels, "missing": self._missing, "bins": bins}


class ImageFinisher(Finisher):
    """Mean and standard deviation of pictures a channel, exact: from the counts of each byte value; and of how many
    pictures which mean and deviation are."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._counts = np.zeros((entry.channels, 256), np.int64)
        self._light = levels.counted(np.zeros((0, *entry.shape), np.uint8))

    def add(self, values: NDArray[Any]) -> None:
        """Count the byte values of pictures [n, h, w, c] a channel, but of those that are missing."""
        values = values[(values != MISSING).any((1, 2, 3))]
        flat = values.reshape(-1, values.shape[-1])
        self._counts += np.stack([np.bincount(flat[:, channel], minlength=256) for channel in range(flat.shape[1])])
        self._light = {part: counts + self._light[part] for part, counts in levels.counted(values).items()}

    def entry(self) -> Entry:
        """With the moments of the bytes divided by 255; the std of a constant channel is 1."""
        values = np.arange(256) / 255
        share = self._counts / self._counts.sum(axis=1, keepdims=True)
        mean = share @ values
        std = np.sqrt(np.maximum(share @ values**2 - mean**2, 0))
        moments = {"mean": tuple(mean.tolist()), "std": tuple(np.where(std > 0, std, 1.0).tolist())}
        light = {part: tuple(counts.tolist()) for part, counts in self._light.items()}
        return self._entry.model_copy(update={**moments, **light})


class Image(FileKind):
    """A picture."""

    name: ClassVar[str] = "image"
    whole_file: ClassVar[str] = "images"
    looks: ClassVar[int] = 2
    has_parts: ClassVar[bool] = True
    allowed: ClassVar[str] = _ALLOWED

    def unfit(self, cells: pa.Array, pixels: Sequence[int] | None) -> dict[int, str]:
        """The pictures that are damaged, too large, or none; raw pixels are none of these."""
        return {} if pixels is not None else super().unfit(cells, pixels)

    def file(self, value: Any, row: int) -> bytes:
        """Of a PIL picture, or a uint8 array."""
        return _png(value, row)

    def fitter(self, feature: Feature, _settings: Preprocessing, source: dict[str, Any]) -> Fitter:
        """The size that the YAML says or the pictures suggest."""
        assert isinstance(feature, Settings)
        return ImageFitter(feature.size, source.get("pixels"))

    def finisher(self, entry: Any) -> Finisher:
        """The pixels' moments."""
        return ImageFinisher(entry)

    def encode(self, cells: pa.Array, entry: Any, called: Callable[[], list[str]]) -> Pixels:
        """uint8 [n, h, w, c]; grey where there is none; raw pixels of the right size are only reshaped.

        Raises DataError naming the picture that cannot be decoded.
        """
        if entry.pixels is not None and entry.shape == entry.pixels and not cells.null_count:
            return _reshaped(cells, (len(cells), *entry.shape))
        out, names = np.full((len(cells), *entry.shape), MISSING, np.uint8), called()
        for index, content in enumerate(cells.to_pylist()):
            if content is not None:
                out[index] = images.decode(content, entry.size, entry.channels, entry.pixels, name=names[index])
        return out

    def plain(self, values: NDArray[Any]) -> ClassicalColumns:
        """Every pixel a column, of a picture of at most 32 pixels a side."""
        small = shrunk(values)
        return ClassicalColumns(small.reshape(len(small), -1), what=f"{small.shape[1]}×{small.shape[2]} pixels")

    def parts(self, _cell: Any, entry: Any) -> list[Region]:
        """Windows of about a fifth of the side, and of two fifths, half over each other."""
        sides = ((evenly(pixels, count) for pixels in entry.size) for count in _WINDOWS)
        return [(*rows, *columns) for down, across in sides for rows in down for columns in across]

    def without(self, cell: Any, parts: Sequence[Region], entry: Any) -> Pixels:
        """The picture with a window filled by the mean of the pixels around it, a channel: an occlusion that looks
        like the rest of the picture (Zeiler and Fergus 2014, arXiv:1311.2901, have a grey square)."""
        picture = images.decode(cell, entry.size, entry.channels, entry.pixels)
        found = np.repeat(picture[None], len(parts), 0)
        for one, (top, bottom, left, right) in zip(found, parts, strict=True):
            around = np.zeros(entry.size, np.bool_)
            around[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1] = True
            around[top:bottom, left:right] = False
            filling = picture[around] if around.any() else picture.reshape(-1, entry.channels)
            one[top:bottom, left:right] = filling.mean(0).round()
        return found

    def rebuilding(self, entry: Any) -> dict[str, Any]:
        """Its size."""
        return {"shape": [*entry.shape]}

    def rebuilt(self, values: NDArray[np.float64], how: Mapping[str, Any]) -> pa.Array:  # noqa: ARG002
        """Shares of white [n, h, w, c] → files."""
        pixels = (values.clip(0, 1) * 255).round().astype(np.uint8)
        return pa.array([_png(picture, row) for row, picture in enumerate(pixels, 1)], pa.binary())

    def schema(self, entry: Any, _form: str | None) -> dict[str, Any]:
        """Bytes of decoded pixels, how a file becomes such, and what stands for one that is missing."""
        how = entry.model_dump(include={"size", "channels", "pixels", "resample"})
        return {"type": "uint8", "missing": MISSING, **how}

    def feed(self, cells: pa.Array, column: ServedColumn, unfit: dict[int, str]) -> Pixels:
        """uint8 [n, h, w, c]; grey for a picture that is missing or cannot be read."""
        height, width = column["size"]
        pictures = np.full((len(cells), height, width, column["channels"]), MISSING, np.uint8)
        for row, content in enumerate(cells.to_pylist()):
            if content is None:
                continue
            try:
                raw = _raw_shape(content, column["pixels"])
                pictures[row] = images.decode(content, (height, width), column["channels"], raw, name=images.IT)
            except DataError as error:
                unfit[row] = error.found.rstrip(".")
        return pictures

    def bins(self, entry: Any) -> dict[str, Bins]:
        """Tenths of the train pictures by their brightness, and by their contrast."""
        return {part: Bins(names) for part, names in levels.names(entry).items()}

    def binned(self, _cells: pa.Array, fed: NDArray[Any], entry: Any) -> Binned:
        """By those tenths."""
        return levels.fallen(fed, entry)

    def edges(self, entry: Any) -> Pixels:
        """Black, white, grey, noise, and pictures with one bright row each."""
        pictures = np.zeros((EDGES, *entry.shape), dtype=np.uint8)
        pictures[1], pictures[2] = 255, 127
        pictures[3] = np.random.default_rng(0).integers(0, 256, entry.shape, dtype=np.uint8)
        for row in range(4, len(pictures)):
            pictures[row, row % entry.shape[0]] = 255
        return pictures

    def rows_a_call(self, _column: ServedColumn) -> int:
        """Activations of pictures take room."""
        return _ROWS


KIND = Image()


def _size(height: int, width: int) -> tuple[int, int]:
    side = max(height, width)
    if side <= KEPT:
        return height, width
    return (SMALL, SMALL) if side <= 128 else (LARGE, LARGE)


def _reshaped(cells: pa.Array, shape: tuple[int, ...]) -> Pixels:
    """Pictures that lie one behind the other in the column's buffer, all of one length."""
    offsets = np.frombuffer(cells.buffers()[1], np.int32)[cells.offset : cells.offset + len(cells) + 1]
    length = math.prod(shape[1:])
    if (np.diff(offsets) != length).any():
        raise DataError(f"a picture does not have {length} pixels.", todo="Read the source again.")
    return np.frombuffer(cells.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].reshape(shape)


def shrunk(pictures: Pixels) -> Pixels:
    """[N, h, w, c] → at most 32 a side, by the mean of whole blocks; what is left over at the edges is cut off."""
    rows, height, width, channels = pictures.shape
    block = -(-max(height, width) // _SIDE)
    if block == 1:
        return pictures
    down, across = max(height // block, 1), max(width // block, 1)
    whole = pictures[:, : down * block, : across * block].reshape(rows, down, -1, across, block, channels)
    return np.asarray(whole.mean(axis=(2, 4), dtype=np.float32).round().astype(np.uint8))


def _raw_shape(content: bytes, pixels: Sequence[int] | None) -> Sequence[int] | None:
    """The shape of bytes that are pixels; None where they are a picture file, which is welcome all the same."""
    if pixels is None or len(content) != math.prod(pixels) or images.starts_as_picture(content):
        return None
    return pixels


def _png(value: Any, row: int) -> bytes:
    """A PIL picture, or an array of pixels, as a file."""
    from PIL import Image as Pillow

    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim in (2, 3):
        value = Pillow.fromarray(value[:, :, 0] if value.ndim == 3 and value.shape[2] == 1 else value)
    if not isinstance(value, Pillow.Image):
        raise DataError(f"row {row} has a {type(value).__name__} for a picture.", allowed=_ALLOWED)
    buffer = io.BytesIO()
    value.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
