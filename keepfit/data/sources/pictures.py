"""Pictures in a folder or a zip, one folder a class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import pyarrow as pa

from keepfit.data import images
from keepfit.data.sources.archive import listed, place
from keepfit.data.sources.opening import Opened, Reading
from keepfit.errors import DataError

PICTURE = "image"
"""The column that holds them."""
_BATCH = 1024
_BATCH_BYTES = 32 << 20

_Row = tuple[str, bytes, str]


def open_pictures(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open one folder or zip. Columns: `file`, `image` (the file's bytes), and the target: the folder's name."""
    root = files[0]
    if len(files) > 1:
        raise DataError(
            "several folders of pictures were named.",
            todo="Name the one folder that holds a folder for each class.",
            where=str(root),
        )
    with listed(root) as pictures:
        _class_depth([p.name for p in pictures], root)
    return Opened(("file", PICTURE, reading.target), files, partial(_batches, root, reading.target))


@dataclass(frozen=True)
class Overview:
    """What a folder or zip of pictures holds, from names and a few headers."""

    labels: list[str]
    """The class of each picture."""
    sizes: list[tuple[int, int]]
    """Width and height of some of the pictures."""


def overview(root: Path) -> Overview:
    """Look at all names, and into the headers of some fifty pictures."""
    with listed(root) as pictures:
        depth = _class_depth([p.name for p in pictures], root)
        some = pictures[:: max(1, len(pictures) // 50)]
        sizes = [_size(picture.read(), place(root, picture.name)) for picture in some]
        return Overview([p.name.parts[depth] for p in pictures], sizes)


def _size(content: bytes, where: str) -> tuple[int, int]:
    images.check(content, where)
    shape = images.shape(content, where)
    return shape.width, shape.height


def _batches(root: Path, target: str) -> Iterator[pa.RecordBatch]:
    with listed(root) as pictures:
        depth = _class_depth([p.name for p in pictures], root)
        rows: list[_Row] = []
        size = 0
        for picture in pictures:
            content = picture.read()
            images.check(content, place(root, picture.name))
            rows.append((str(picture.name), content, picture.name.parts[depth]))
            size += len(content)
            if len(rows) == _BATCH or size > _BATCH_BYTES:
                yield _batch(rows, target)
                rows, size = [], 0
        if rows:
            yield _batch(rows, target)


def _batch(rows: list[_Row], target: str) -> pa.RecordBatch:
    names, contents, labels = zip(*rows, strict=True)
    arrays = [pa.array(names, pa.string()), pa.array(contents, pa.binary()), pa.array(labels, pa.string())]
    return pa.record_batch(arrays, names=["file", PICTURE, target])


def _class_depth(names: list[PurePosixPath], root: Path) -> int:
    """Which part of the paths is the class: the first that differs, such as `0` in `Dataset/0/a.png`."""
    if not names:
        raise DataError(
            "there is no picture in it.", todo="Give a folder with a folder for each class.", where=str(root)
        )
    folders = [name.parts[:-1] for name in names]
    for depth in range(min(len(parts) for parts in folders)):
        if len({parts[depth] for parts in folders}) > 1:
            return depth
    loose = next((name for name in names if len(name.parts) == 1), names[0])
    raise DataError(
        "the pictures do not lie in at least two folders, one for each class.",
        todo=f'Make a folder for each class and put the pictures into them; "{loose}" lies in none.',
        where=str(root),
    )
