"""Pictures in shards: their size, their channels, raw pixels, and what a bad one gets."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from keepfit.data import feed as batches
from keepfit.data import images
from keepfit.data.shards import read_ids
from keepfit.errors import DataError
from keepfit.features.image import MISSING, Entry
from keepfit.features.image.cells import ImageFitter
from keepfit.features.kind import Seen
from tests import CARRIED
from tests.stages.preprocessing.test_preprocessing import prepared, transform_of
from tests.stages.snapshot_by_hand import pipeline, with_ids


def png(height: int, width: int, grey: bool, seed: int) -> bytes:
    shape = (height, width) if grey else (height, width, 3)
    array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def gallery(contents: list[bytes | None], **more: list[Any]) -> pa.Table:
    answers = ["a" if i % 2 else "b" for i in range(len(contents))]
    return with_ids(pa.table({"image": pa.array(contents, pa.binary()), "answer": answers, **more}))


def prepare(folder: Path, table: pa.Table, feature: Any = "image", **given: Any) -> Path:
    return prepared(folder, table, pipeline(folder, {"image": feature}), **given)[1]


def test_digits_keep_their_size_and_every_pixel(tmp_path: Path) -> None:
    with zipfile.ZipFile(CARRIED / "digits" / "digits.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".png")]
        contents: list[bytes | None] = [archive.read(name) for name in names]
    table = gallery(contents, file=names)
    folder = prepare(tmp_path, table)
    transform = transform_of(folder)
    feature = transform.features[0]
    assert (feature.size, feature.channels, feature.pixels) == ((8, 8), 1, None)
    got = batches.read(folder / "train", transform).load(())
    source = dict(zip(table["keepfit_row"].to_pylist(), contents, strict=True))
    for row, picture in zip(read_ids(folder / "train"), got.inputs["image"].numpy(), strict=True):
        assert (images.decode(source[row.tobytes()] or b"", [8, 8], 1) == picture).all()
    pixels = got.inputs["image"].numpy() / 255
    np.testing.assert_allclose([feature.mean[0], feature.std[0]], [pixels.mean(), pixels.std()], rtol=1e-9)


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(8, 8, [8, 8]), (28, 28, [28, 28]), (24, 40, [24, 40]), (100, 100, [32, 32]), (300, 400, [64, 64])],
)
def test_the_size_follows_the_pictures(height: int, width: int, size: list[int]) -> None:
    assert fitted([height, width, 1], None).size == tuple(size)


def test_the_yaml_may_say_the_size() -> None:
    assert fitted([100, 100, 3], 48).size == (48, 48)


def fitted(pixels: list[int], side: int | None) -> Entry:
    """What is fitted on three raw pictures of that shape."""
    fitter = ImageFitter(side, pixels)
    seen = Seen(np.ones(3, bool), None, np.arange(3), lambda places: [""] * len(places))
    fitter.add(pa.nulls(3, pa.binary()), seen)
    return fitter.entry("image", 0)


def test_one_giant_does_not_decide_the_size_and_one_colour_picture_decides_the_channels(tmp_path: Path) -> None:
    contents = [png(12, 12, grey=i % 5 > 0, seed=i) for i in range(60)] + [png(500, 400, grey=True, seed=99)]
    feature = transform_of(prepare(tmp_path, gallery(contents))).features[0]
    assert (feature.size, feature.channels) == ((12, 12), 3)


def test_raw_pixels_are_taken_as_they_are(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (100, 6, 5, 1), dtype=np.uint8)
    table = gallery([p.tobytes() for p in pixels])
    folder = prepare(tmp_path, table, pixels=[6, 5, 1])
    got = batches.read(folder / "test", transform_of(folder)).load(())
    place = {row: index for index, row in enumerate(table["keepfit_row"].to_pylist())}
    assert (got.inputs["image"].numpy() == pixels[[place[row.tobytes()] for row in read_ids(folder / "test")]]).all()


def test_raw_pixels_may_be_resized(tmp_path: Path) -> None:
    raw = [np.full((8, 8, 1), i, np.uint8).tobytes() for i in range(60)]
    folder = prepare(tmp_path, gallery(raw), {"kind": "image", "size": 4}, pixels=[8, 8, 1])
    got = batches.read(folder / "train", transform_of(folder)).load(())
    assert got.inputs["image"].shape[1:] == (4, 4, 1)
    assert (got.inputs["image"] == got.inputs["image"][:, :1, :1]).all()


@pytest.mark.parametrize("column", [{"file": [f"三/{i}.png" for i in range(60)]}, {}])
def test_a_truncated_picture_is_named(tmp_path: Path, column: dict[str, list[Any]]) -> None:
    contents: list[bytes | None] = [png(50, 50, grey=True, seed=i) for i in range(60)]
    contents[41] = (contents[41] or b"")[:900]
    with pytest.raises(
        DataError, match=r"三/41\.png cannot be read" if column else '^row 42 of "image" cannot be read'
    ):
        prepare(tmp_path, gallery(contents, **column))


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    contents: list[bytes | None] = [b"not a picture"] * 60
    with pytest.raises(DataError, match=r'\d+\.png is the text "not a picture", which is not read'):
        prepare(tmp_path, gallery(contents, file=[f"{i}.png" for i in range(60)]))


def test_a_missing_picture_is_grey_and_has_no_say_in_the_moments(tmp_path: Path) -> None:
    contents: list[bytes | None] = [png(8, 8, grey=True, seed=i) for i in range(60)]
    contents[::3] = [None] * 20
    folder = prepare(tmp_path, gallery(contents))
    transform = transform_of(folder)
    pixels = batches.read(folder / "train", transform).load(()).inputs["image"].numpy()
    lacking = (pixels == MISSING).all((1, 2, 3))
    assert 5 < lacking.sum() < 20
    (feature,) = transform.features
    known = pixels[~lacking] / 255
    np.testing.assert_allclose([feature.mean[0], feature.std[0]], [known.mean(), known.std()], rtol=1e-9)
