"""Cells that are pictures, as bytes of a file or as raw pixels.

n rows; h, w, c: height, width and channels of a picture as a network sees it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.config import Feature, Preprocessing
from keepfit.data import images
from keepfit.data.cells import is_text
from keepfit.errors import DataError
from keepfit.features.image import Entry, Settings, levels
from keepfit.features.kind import EDGES, Binned, Bins, ClassicalColumns, Finisher, Fitter, Kind, Seen, ServedColumn

KEPT, SMALL, LARGE = 40, 32, 64
"""Up to 40 pixels a picture keeps its size; up to 128 it is brought to 32, at which sign-language digits of 100 pixels
reached 99.0 % on unseen persons; larger ones, which hold finer things, to 64."""
_SIDE = 32
"""Classical models see at most so many pixels a side: a linear model gains nothing by more."""
_NONE = "it has no picture"
_ALLOWED = "A picture is bytes of a file, a path, a data URL, a PIL picture, or a uint8 array [h, w] or [h, w, c]."
_ROWS = 256
"""Pictures a call of the runtime."""

Pixels = NDArray[np.uint8]


class ImageFitter(Fitter):
    """The size and channels, from the headers of some pictures."""

    def __init__(self, side: int | None, pixels: Sequence[int] | None) -> None:
        self._side, self._pixels = side, pixels
        self._shapes: list[images.Shape] = []

    def add(self, cells: pa.Array, seen: Seen) -> None:
        """Look into a few headers."""
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
        """Size and channels, and the bins."""
        return {"size": entry.size, "channels": entry.channels, "bins": levels.of_train(entry)}


class ImageFinisher(Finisher):
    """Mean and standard deviation of pictures a channel, exact: from the counts of each byte value; and of how many
    pictures which mean and deviation are."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._counts = np.zeros((entry.channels, 256), np.int64)
        self._light = levels.counted(np.zeros((0, *entry.shape), np.uint8))

    def add(self, values: NDArray[Any]) -> None:
        """Count the byte values of pictures [n, h, w, c] a channel."""
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


class Image(Kind):
    """A picture."""

    name: ClassVar[str] = "image"
    is_raw: ClassVar[bool] = True
    whole_file: ClassVar[bool] = True
    coded: ClassVar[bool] = False

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """The bytes of files, in whatever form Arrow holds them: what a picture is shows when it is decoded."""
        return contents(cells)

    def unfit(self, cells: pa.Array, pixels: Sequence[int] | None) -> dict[int, str]:
        """The pictures that are missing, damaged, too large, or none."""
        found = {int(row): _NONE for row in np.flatnonzero(cells.is_null().to_numpy(zero_copy_only=False))}
        if pixels is not None:
            return found
        for row, content in enumerate(cells):
            if content.is_valid and (why := images.fault(content.as_py())):
                found[row] = why
        return dict(sorted(found.items()))

    def taken(self, cells: Any) -> pa.Array:
        """Pictures of a frame as files: bytes, paths, data URLs, PIL pictures, uint8 arrays, or dicts with `bytes`."""
        if isinstance(cells, pa.Array | pa.ChunkedArray) and not is_text(cells.type):
            return _taken(cells)
        values = cells.to_pylist() if isinstance(cells, pa.Array | pa.ChunkedArray) else list(cells)
        return pa.array([_content(value, row) for row, value in enumerate(values, 1)], pa.binary())

    def fitter(self, feature: Feature, _settings: Preprocessing, source: dict[str, Any]) -> Fitter:
        """The size that the YAML says or the pictures suggest."""
        assert isinstance(feature, Settings)
        return ImageFitter(feature.size, source.get("pixels"))

    def finisher(self, entry: Any) -> Finisher:
        """The pixels' moments."""
        return ImageFinisher(entry)

    def encode(self, cells: pa.Array, entry: Any, called: Callable[[], list[str]]) -> Pixels:
        """uint8 [n, h, w, c]; raw pixels of the right size are only reshaped.

        Raises DataError naming the picture that is missing or cannot be decoded.
        """
        if cells.null_count:
            row = int(np.flatnonzero(cells.is_null().to_numpy(zero_copy_only=False))[0])
            todo = "Leave that row out, or expect the column to be not null."
            raise DataError(f"{called()[row]} is missing.", todo=todo)
        if entry.pixels is not None and entry.shape == entry.pixels:
            return _reshaped(cells, (len(cells), *entry.shape))
        out, names = np.empty((len(cells), *entry.shape), np.uint8), called()
        for index, content in enumerate(cells):
            out[index] = images.decode(content.as_py(), entry.size, entry.channels, entry.pixels, name=names[index])
        return out

    def plain(self, values: NDArray[Any]) -> ClassicalColumns:
        """Every pixel a column, of a picture of at most 32 pixels a side."""
        small = shrunk(values)
        return ClassicalColumns(small.reshape(len(small), -1), what=f"{small.shape[1]}×{small.shape[2]} pixels")

    def schema(self, entry: Any, _form: str | None) -> dict[str, Any]:
        """Bytes of decoded pixels, and how a file becomes such."""
        return {"type": "uint8", **entry.model_dump(include={"size", "channels", "pixels", "resample"})}

    def feed(self, cells: pa.Array, column: ServedColumn, unfit: dict[int, str]) -> Pixels:
        """uint8 [n, h, w, c]; black for a picture that is missing or cannot be read."""
        height, width = column["size"]
        pictures = np.zeros((len(cells), height, width, column["channels"]), np.uint8)
        for row, cell in enumerate(cells):
            content = cell.as_py()
            if content is None:
                unfit[row] = _NONE
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


def contents(cells: pa.Array) -> pa.Array:
    """Files in cells, in whatever form Arrow holds them, as binary; a struct is Hugging Face's, with a field `bytes`.

    A text is a data URL, or a file in base64; any other is given as it is, and is no picture.

    Raises ArrowNotImplementedError where the cells are something else.
    """
    if isinstance(cells, pa.ExtensionArray):
        return contents(cells.storage)
    if is_text(cells.type):
        texts = cells.cast(pa.large_string()).to_pylist()
        return pa.array([None if text is None else images.of_text(text) for text in texts], pa.binary())
    if pa.types.is_struct(cells.type) and cells.type.get_field_index("bytes") >= 0:
        inner = cells.field("bytes") if not cells.null_count else pc.struct_field(cells, "bytes")
        return contents(inner)
    return cells if pa.types.is_binary(cells.type) else cells.cast(pa.binary())


def _taken(cells: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    try:
        if isinstance(cells, pa.ChunkedArray):
            return pa.chunked_array([contents(chunk) for chunk in cells.chunks], pa.binary())
        return contents(cells)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise DataError(f"its cells are {cells.type}, and pictures are asked for.", allowed=_ALLOWED) from error


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


def _content(value: Any, row: int) -> bytes | None:
    """The bytes of a picture file for whatever a person may put into a frame as a picture."""
    if isinstance(value, dict):  # as Hugging Face's data sets hold pictures
        value = value.get("bytes") or value.get("path")
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, float) and math.isnan(value):  # how pandas writes a missing object
        return None
    if isinstance(value, str) and value[:64].lstrip().lower().startswith("data:"):
        return images.of_text(value)
    if isinstance(value, str | Path):
        return _file(Path(value), row)
    from PIL import Image as Pillow

    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim in (2, 3):
        value = Pillow.fromarray(value[:, :, 0] if value.ndim == 3 and value.shape[2] == 1 else value)
    if not isinstance(value, Pillow.Image):
        raise DataError(
            f"row {row} has a {type(value).__name__} for a picture.",
            allowed=_ALLOWED,
        )
    buffer = io.BytesIO()
    value.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _file(path: Path, row: int) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"the picture of row {row} cannot be read: {error.strerror}.",
            todo="Give a path from the working folder, or an absolute one.",
            where=str(path),
        ) from error
