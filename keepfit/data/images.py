"""Pictures into uint8 arrays of one size. The only module that opens a picture, whoever asks.

h, w: height and width in pixels; c: channels, 1 grey or 3 RGB; n: pictures.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from keepfit.errors import DataError

MAX_PIXELS = 50_000_000
"""A larger picture is refused from its header, before any of it is decoded: 50 M pixels are 150 MB in RGB."""

RESAMPLE = "bilinear"
"""Pillow's bilinear filter, which averages over all source pixels when a picture gets smaller."""

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # EPS and others start foreign programs

_ORIENTATION = 0x0112

Pixels = NDArray[np.uint8]


class Shape(NamedTuple):
    """What a picture's header says."""

    height: int
    width: int
    channels: int


def shape(content: bytes, name: str = "a picture") -> Shape:
    """Read the header alone; raises DataError, naming `name`, where it is not a picture or too large a one."""
    with _opened(content, name) as image:
        grey = image.mode in ("1", "L", "LA", "I", "F") or image.mode.startswith("I;16")
        on_its_side = "exif" in image.info and image.getexif().get(_ORIENTATION, 1) >= 5
        width, height = reversed(image.size) if on_its_side else image.size
        return Shape(height, width, 1 if grey else 3)


def check(content: bytes, name: str = "a picture") -> None:
    """Decode a picture, at an eighth of its size where the format can, and see whether it is whole to its end.

    Raises DataError, naming `name`, for what is no picture, is cut off, or claims more than MAX_PIXELS.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what can be decoded all the same
        with _opened(content, name) as image:
            image.draft("RGB", (image.width // 8, image.height // 8))
            image.load()
        with _opened(content, name) as image:
            image.verify()  # a PNG's end may be cut off though its pixels are there


def decode(
    content: bytes,
    size: Sequence[int],
    channels: int,
    pixels: Sequence[int] | None = None,
    *,
    name: str = "a picture",
) -> Pixels:
    """An encoded picture, or raw bytes of shape `pixels` (h, w, c), resized to `size` (h, w) → uint8 [h, w, channels].

    Turned upright as its EXIF says, transparency laid on white, 16 bits cut to 8. Raises DataError, naming `name`,
    where it cannot be read, is cut off or holds more than MAX_PIXELS.
    """
    if pixels is not None:
        return _raw(content, size, channels, pixels, name)
    with _opened(content, name) as image:
        side = max(size)
        image.draft("L" if channels == 1 else "RGB", (side, side))  # JPEG decodes at 1/2, 1/4, 1/8 for less work
        return _fit(ImageOps.exif_transpose(image), size, channels)


@contextmanager
def _opened(content: bytes, name: str) -> Iterator[Image.Image]:
    """The picture, not yet decoded; whatever goes wrong in the block is the picture's fault."""
    if not isinstance(content, bytes):  # the cells of a table, which may hold anything
        raise DataError(
            f"{name} is {content!r:.60}, not the bytes of a picture's file.",
            allowed="A table holds its pictures in a column of bytes, as Parquet has.",
            todo="Write each file's content into the column, or make source.path the folder of the pictures.",
        )
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Image.DecompressionBombError(f"{width} x {height} pixels")
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(
            f"{name} is too large a picture: {str(error).split(', could')[0].rstrip('.')}.",
            allowed=f"At most {MAX_PIXELS:,} pixels are decoded.",
            todo="Make it smaller or leave it out.",
        ) from error
    except Exception as error:  # Pillow's readers raise many kinds of errors on damaged content
        reason = str(error).split(" <_io")[0].rstrip(".")  # without the address of our buffer
        raise _unreadable(name, f"cannot be read as a picture ({reason})") from error


def _raw(content: bytes, size: Sequence[int], channels: int, pixels: Sequence[int], name: str) -> Pixels:
    height, width, depth = pixels
    if len(content) != height * width * depth:
        raise _unreadable(name, f"holds {len(content)} bytes where {height} x {width} x {depth} are expected")
    array = np.frombuffer(content, np.uint8).reshape(height, width, depth)
    if [height, width, depth] == [*size, channels]:
        return array
    return _fit(Image.fromarray(array[:, :, 0] if depth == 1 else array), size, channels)


def _fit(image: Image.Image, size: Sequence[int], channels: int) -> Pixels:
    height, width = size
    plain = _plain(image, "L" if channels == 1 else "RGB")
    if plain.size != (width, height):
        plain = plain.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(plain, np.uint8).reshape(height, width, channels)


def _plain(image: Image.Image, mode: str) -> Image.Image:
    """To 8 bits a channel without transparency."""
    if image.mode == "F":
        raise ValueError("floating-point pixels, whose range is not known")
    if image.mode.startswith("I"):
        deep = np.asarray(image).astype(np.int64)
        image = Image.fromarray((deep >> 8).clip(0, 255).astype(np.uint8))
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        clear = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return image if image.mode == mode else image.convert(mode)


def _unreadable(name: str, what: str) -> DataError:
    return DataError(
        f"{name} {what}.", allowed=f"Read are {', '.join(_FORMATS)}.", todo="Replace it or leave it out, and run again."
    )
