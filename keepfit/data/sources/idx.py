"""The idx format of MNIST: pictures in one file, labels in another, each gzipped or not.

A file begins with two zero bytes, the type (8: uint8) and the number of dimensions, then each dimension as a
big-endian 32-bit integer. http://yann.lecun.com/exdb/mnist/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from itertools import islice
from math import prod
from pathlib import Path

import pyarrow as pa

from keepfit.data.images import MAX_PIXELS
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.sources.unpack import unpacked
from keepfit.errors import DataError

_BATCH_BYTES = 16 << 20
_PART = 1 << 20


def open_idx(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open idx pictures with their label files. Columns: `image` (raw pixels, H × W × C), and the target."""
    if len(reading.labels) != len(files):
        raise DataError(
            f"there are {len(files)} idx files of pictures and {len(reading.labels)} of labels.",
            todo="Name the label file in source.labels (source.test_labels for the test file).",
            where=str(files[0]),
        )
    pairs = tuple(zip(files, reading.labels, strict=True))
    shapes = [_checked(images, labels) for images, labels in pairs]
    if len({shape[1:] for shape in shapes}) > 1:
        raise DataError("the idx files hold pictures of several sizes.", where=str(files[0]))
    height, width, channels = (*shapes[0][1:], 1)[:3]
    return Opened(
        columns=("image", reading.target),
        files=files,
        batches=partial(_batches, pairs, reading.target, prod(shapes[0][1:])),
        pixels=(height, width, channels),
    )


def _checked(images: Path, labels: Path) -> tuple[int, ...]:
    shape, counted = _shape(images, (3, 4)), _shape(labels, (1,))
    if shape[0] != counted[0]:
        raise DataError(
            f"there are {shape[0]} pictures and, in {labels.name}, {counted[0]} labels.",
            todo="Name the two files that belong together.",
            where=str(images),
        )
    if shape[0] == 0:
        raise DataError("there is no picture in it.", where=str(images))
    if not 0 < prod(shape[1:]) <= 3 * MAX_PIXELS or (*shape[3:], 1)[0] not in (1, 3):
        raise DataError(
            f"each picture is said to be {' × '.join(map(str, shape[1:]))}.",
            allowed=f"Height, width and, where there are any, 1 or 3 channels; at most {MAX_PIXELS:,} pixels.",
            where=str(images),
        )
    return shape


def _shape(file: Path, dimensions: tuple[int, ...]) -> tuple[int, ...]:
    with unpacked(file) as stream:
        start = stream.read(4)
        if start[:3] != b"\0\0\x08" or start[3:] not in [bytes([d]) for d in dimensions]:
            wanted = "labels" if dimensions == (1,) else "pictures"
            raise DataError(
                f"this is no idx file of {wanted}: it begins with {start.hex(' ')}.",
                allowed=f"00 00 08 0{dimensions[0]} is expected.",
                where=str(file),
            )
        sizes = stream.read(4 * start[3])
        if len(sizes) < 4 * start[3]:
            raise _short(file)
        return struct.unpack(f">{start[3]}I", sizes)


def _batches(pairs: tuple[tuple[Path, Path], ...], target: str, size: int) -> Iterator[pa.RecordBatch]:
    for images, labels in pairs:
        classes = _labels(labels)
        rows = max(1, _BATCH_BYTES // size)
        with unpacked(images) as stream:
            stream.read(4 + 4 * len(_shape(images, (3, 4))))
            for start in range(0, len(classes), rows):
                part = classes[start : start + rows]
                content = stream.read(size * len(part))
                if len(content) < size * len(part):
                    raise _short(images)
                yield _batch(content, part, size, target)
            if stream.read(1):
                raise DataError("there are more bytes than its header says.", where=str(images))


def _labels(file: Path) -> bytes:
    (count,) = _shape(file, (1,))
    with unpacked(file) as stream:
        stream.read(8)
        parts = iter(lambda: stream.read(_PART), b"")  # not all at once: a header may claim four billion
        content = b"".join(islice(parts, count // _PART + 2))
    if len(content) != count:
        raise _short(file)
    return content


def _batch(content: bytes, labels: bytes, size: int, target: str) -> pa.RecordBatch:
    raw = pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), len(labels), [None, pa.py_buffer(content)])
    names = pa.array([str(label) for label in labels], pa.string())
    return pa.record_batch([raw.cast(pa.binary()), names], names=["image", target])


def _short(file: Path) -> DataError:
    return DataError("the file ends before the last picture or label.", todo="Copy it again.", where=str(file))
