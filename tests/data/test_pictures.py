"""Pictures of every mode and state into uint8 arrays."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keepfit.data import images
from keepfit.errors import DataError


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def gradient(height: int, width: int) -> Image.Image:
    rows = np.linspace(0, 255, height * width * 3).reshape(height, width, 3)
    return Image.fromarray(rows.astype(np.uint8))


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]))
def test_a_png_of_the_right_size_comes_back_unchanged(height: int, width: int, channels: int) -> None:
    array = np.random.default_rng(height * 41 + width).integers(0, 256, (height, width, channels), dtype=np.uint8)
    content = encoded(Image.fromarray(array[:, :, 0] if channels == 1 else array))
    assert (images.decode(content, (height, width), channels) == array).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_becomes_grey_or_rgb(mode: str, channels: int) -> None:
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    got = images.decode(encoded(gradient(20, 30).convert(mode), kind), (10, 15), channels)
    assert got.shape == (10, 15, channels)
    assert got.dtype == np.uint8


@pytest.mark.parametrize(("dtype", "kind"), [(np.uint16, "PNG"), (np.int32, "TIFF")])
def test_sixteen_bits_are_cut_to_eight(dtype: type, kind: str) -> None:
    content = encoded(Image.fromarray(np.full((20, 30), 200 * 256, dtype)), kind)
    assert images.shape(content).channels == 1
    assert (images.decode(content, (10, 15), 3) == 200).all()


def test_transparency_is_laid_on_white() -> None:
    drawn = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    drawn.putpixel((3, 2), (0, 0, 0, 255))
    got = images.decode(encoded(drawn), (8, 8), 1)[:, :, 0]
    assert got[2, 3] == 0
    assert (np.delete(got.ravel(), 2 * 8 + 3) == 255).all()


def test_a_palette_with_a_transparent_colour_is_laid_on_white() -> None:
    drawn = Image.new("P", (4, 4), 0)
    drawn.putpalette([0, 0, 0, 255, 0, 0])
    got = images.decode(encoded(drawn, "GIF", transparency=0), (4, 4), 3)
    assert (got == 255).all()


def test_exif_turns_a_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    content = encoded(gradient(40, 80), "JPEG", exif=exif)
    assert images.shape(content) == (80, 40, 3)
    upright = images.decode(content, (80, 40), 3).astype(int)
    plain = np.rot90(images.decode(encoded(gradient(40, 80), "JPEG"), (40, 80), 3), -1).astype(int)
    assert np.abs(upright - plain).max() <= 2


def test_a_large_jpeg_is_brought_down_close_to_the_exact_average() -> None:
    photo = gradient(640, 480)
    got = images.decode(encoded(photo, "JPEG", quality=95), (32, 32), 3).astype(int)
    exact = np.asarray(photo.resize((32, 32), Image.Resampling.BOX)).astype(int)
    assert np.abs(got - exact).mean() < 3


def test_raw_pixels_are_reshaped_or_resized() -> None:
    raw = np.arange(28 * 28, dtype=np.uint8).tobytes()
    same = images.decode(raw, (28, 28), 1, [28, 28, 1])
    assert same.tobytes() == raw
    assert images.decode(raw, (14, 14), 3, [28, 28, 1]).shape == (14, 14, 3)
    with pytest.raises(DataError, match=r"row 7 holds 3 bytes where 28 x 28 x 1"):
        images.decode(b"abc", (28, 28), 1, [28, 28, 1], name="row 7")


def test_the_header_says_size_and_channels() -> None:
    assert images.shape(encoded(gradient(3, 5))) == (3, 5, 3)
    assert images.shape(encoded(gradient(3, 5).convert("L"))) == (3, 5, 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_truncated_picture_is_named(kind: str) -> None:
    content = encoded(gradient(64, 64), kind)
    with pytest.raises(DataError, match=r"三/cat\.jpg cannot be read as a picture") as caught:
        images.decode(content[: len(content) // 2], (8, 8), 3, name="三/cat.jpg")
    assert "run again" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty, 0 bytes"),
        (bytes(900), "holds zero bytes alone"),
        (b"hello\n", 'is the text "hello'),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "is PostScript"),
        (b"\x89PNG\r\n\x1a\n1234", "begins as a picture and is damaged"),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg">', "is an SVG drawing"),
        (b"<!DOCTYPE html>\n<html>404", "is a page of HTML"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC photo"),
        (b"\0\0\0\x1cftypavif", "is an AVIF picture"),
        (b"\0\0\0\x1cftypisom", "is a film"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "is a Git LFS pointer"),
        (b"\xde\xad\xbe\xef" * 9, "is no picture: it begins with"),
    ],
)
def test_what_is_no_picture_is_named_for_what_it_is(content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=rf"a\.png {words}") as caught:
        images.shape(content, "a.png")
    assert "object at" not in str(caught.value)
    assert images.fault(content).startswith(f"it {words}")


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_damaged_bytes_are_decoded_or_refused(data: st.DataObject) -> None:
    content = bytearray(encoded(gradient(16, 16), data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "BMP"]))))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(DataError):
        assert images.decode(bytes(content), (8, 8), 3).shape == (8, 8, 3)


def test_a_bomb_is_refused_from_its_header() -> None:
    bomb = encoded(Image.new("1", (8000, 8000)))
    assert len(bomb) < 20_000
    with pytest.raises(DataError, match=r"bomb\.png is too large a picture.*50,000,000"):
        images.decode(bomb, (8, 8), 1, name="bomb.png")


def test_floating_point_pixels_are_refused() -> None:
    content = encoded(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF")
    with pytest.raises(DataError, match="floating-point"):
        images.decode(content, (4, 4), 1)
