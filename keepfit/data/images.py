"""Pictures into uint8 arrays of one size. The only module that opens a picture, whoever asks.

h, w: height and width in pixels; c: channels, 1 grey or 3 RGB; n: pictures.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from keepfit.data.media import Medium, Size
from keepfit.errors import DataError

MAX_PIXELS = 50_000_000
"""A larger picture is refused from its header, before any of it is decoded: 50 M pixels are 150 MB in RGB."""

RESAMPLE = "bilinear"
"""Pillow's bilinear filter, which averages over all source pixels when a picture gets smaller."""

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # EPS and others start foreign programs

IT = "it"
"""What a picture is called in a clause."""
NAMES = ", ".join(_FORMATS)

_ORIENTATION = 0x0112

_OBJECT = re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>")
"""What Pillow writes for a buffer of ours."""

_STARTS = re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|BM....\0\0\0\0|RIFF....WEBP|II\*\0|MM\0\*|P[1-6]\s", re.DOTALL)
"""How files of these formats begin."""

_OTHERS = (
    ("an SVG drawing", rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE\s+svg[^>]*>\s*)?<svg\b"),
    ("a page of HTML", rb"(?i:\s*<(!doctype\s+)?html)"),
    ("a HEIC photo", rb"....ftyp(hei|hev|mif1|msf1)"),
    ("an AVIF picture", rb"....ftypavi"),
    ("a film", rb"(....ftyp|\x1aE\xdf\xa3|RIFF....AVI )"),
    ("a PDF", rb"%PDF"),
    ("PostScript", rb"%!PS"),
    ("a Photoshop file", rb"8BPS"),
    ("a JPEG 2000 picture", rb"(....jP  |\xff\x4f\xff\x51)"),
    ("a JPEG XL picture", rb"(\xff\x0a|....JXL )"),
    ("an icon", rb"\0\0[\x01\x02]\0"),
    ("a DICOM picture", rb".{128}DICM"),
    ("a NumPy array", rb"\x93NUMPY"),
    ("a zip file", rb"PK"),
    ("a gzip file", rb"\x1f\x8b"),
    ("a Git LFS pointer and not the file itself", rb"version https://git-lfs"),
    ("a data URL that is damaged", rb"\s*data:[\w.+/;=-]*,"),
    ("text", rb"[\t\n\r\x20-\x7e]+$"),
)
"""What is met in folders of pictures and is none, by how it begins."""

Pixels = NDArray[np.uint8]


class Shape(NamedTuple):
    """What a picture's header says."""

    height: int
    width: int
    channels: int


def starts_as_picture(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a format that is read, whatever the file is called."""
    return _STARTS.match(start) is not None


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


def fault(content: bytes) -> str:
    """Why a picture cannot be learned from, in a clause; empty where it can."""
    try:
        check(content, IT)
    except DataError as error:
        return error.found.rstrip(".")
    return ""


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
    except UnidentifiedImageError as error:
        raise _unreadable(name, what_it_is(content)) from error
    except Exception as error:  # Pillow's readers raise many kinds of errors on damaged content
        reason = _OBJECT.sub("", str(error)).strip().rstrip(".") or type(error).__name__
        raise _unreadable(name, f"cannot be read as a picture ({reason})") from error


def what_it_is(content: bytes) -> str:
    """In a clause, what bytes are that are no picture of a format that is read."""
    if not content:
        return "is empty, 0 bytes"
    if not content.strip(b"\0"):
        return "holds zero bytes alone, as a copy that broke off does"
    known = next((name for name, pattern in _OTHERS if re.match(pattern, content[:4096], re.DOTALL)), "")
    if known == "text":
        return f'is the text "{content[:60].decode("ascii")}", which is not read as a picture'
    if known:
        return f"is {known}, which is not read as a picture"
    if starts_as_picture(content):
        return "begins as a picture and is damaged"
    return f"is no picture: it begins with {content[:12].decode('latin-1')!a}"


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
    return DataError(f"{name} {what}.", allowed=f"Read are {NAMES}.", todo="Replace it or leave it out, and run again.")


def _size(content: bytes) -> Size:
    found = shape(content)
    return found.width, found.height


def _span(low: Size, high: Size) -> str:
    whole = f"{low[0]:.0f} × {low[1]:.0f}"
    return f"{whole} pixels" if low == high else f"{whole} to {high[0]:.0f} × {high[1]:.0f} pixels"


MEDIUM = Medium(
    form="images",
    column="image",
    one="picture",
    many="pictures",
    meant=(".heic", ".heif", ".avif", ".svg", ".jp2", ".jxl", ".psd", ".ico", ".tga", ".dcm", ".cr2", ".nef"),
    names=NAMES,
    begins=starts_as_picture,
    fault=fault,
    size=_size,
    span=_span,
)
