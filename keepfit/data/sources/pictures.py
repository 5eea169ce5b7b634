"""Pictures in a folder or a zip, one folder a class."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import pyarrow as pa

from keepfit.data import images
from keepfit.data.sources.archive import listed, told_others
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.unread import Unread, sentence
from keepfit.errors import DataError

PICTURE = "image"
"""The column that holds them."""
_LOOKED_AT = 200
BATCH = 1024
BATCH_BYTES = 32 << 20

_ROLES = {
    **dict.fromkeys(("train", "training", "train_set", "trainset"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval"), "validation"),
    **dict.fromkeys(("test", "testing", "test_set", "testset", "holdout"), "test"),
}
_ORDER = ("train", "validation", "test")

_Row = tuple[str, bytes, str]


def open_pictures(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open folders or zips. Columns: `file`, `image` (the file's bytes), and the target: the folder's name.

    Whether a picture can be decoded shows later: see the kind of its column. Here are unread what lies in no class's
    folder, and files whose bytes cannot be had.
    """
    unread: list[Unread] = []
    notes = [note for root in files for note in _checked(root)]
    batches = partial(_batches, files, reading.target, unread)
    return Opened(("file", PICTURE, reading.target), files, batches, notes=tuple(notes), unread=unread)


def _checked(root: Path) -> list[str]:
    """What is to be said of a folder. Raises DataError where its folders are no classes."""
    with listed(root) as (pictures, others):
        names = [picture.name for picture in pictures]
        depth = class_depth(names, root, others)
        if parts := parts_at(depth, names):
            raise parts_error(root, parts)
        return told_others(root, others)


def _batches(roots: tuple[Path, ...], target: str, unread: list[Unread]) -> Iterator[pa.RecordBatch]:
    unread.clear()
    rows: list[_Row] = []
    size = 0
    for number, (name, read, label) in enumerate(_entries(roots), 1):
        try:
            content = read() if label else b""
        except DataError as error:
            unread.append(Unread(number, name, error.found.rstrip(".")))
            continue
        if label is None:
            unread.append(Unread(number, name, "it lies in no class's folder"))
            continue
        rows.append((name, content, label))
        size += len(content)
        if len(rows) == BATCH or size > BATCH_BYTES:
            yield _batch(rows, target)
            rows, size = [], 0
    if rows:
        yield _batch(rows, target)


def _entries(roots: tuple[Path, ...]) -> Iterator[tuple[str, Callable[[], bytes], str | None]]:
    """Of each picture its name, with its root's where there are several; how to read it; and its class."""
    above = Path(os.path.commonpath([root.parent for root in roots]))
    for root in roots:
        with listed(root) as (pictures, others):
            depth = class_depth([picture.name for picture in pictures], root, others)
            before = PurePosixPath(root.relative_to(above)) if len(roots) > 1 else PurePosixPath()
            for picture in pictures:
                yield str(before / picture.name), picture.read, class_of(picture.name, depth)


def _batch(rows: list[_Row], target: str) -> pa.RecordBatch:
    names, contents, labels = zip(*rows, strict=True)
    arrays = [pa.array(names, pa.string()), pa.array(contents, pa.binary()), pa.array(labels, pa.string())]
    return pa.record_batch(arrays, names=["file", PICTURE, target])


def class_of(name: PurePosixPath, depth: int) -> str | None:
    """The class of a picture: the name of its folder at that depth; None where it lies in none."""
    return name.parts[depth] if len(name.parts) > depth + 1 else None


def class_depth(names: list[PurePosixPath], root: Path, others: list[PurePosixPath]) -> int:
    """Which part of the paths is the class: the first that differs, such as `0` in `Dataset/0/a.png`."""
    if not names:
        seen = f" The files in it are {', '.join(str(name) for name in others[:3])} …" if others else ""
        raise DataError(
            f"there is no picture in it.{seen}",
            allowed=f"Read are {images.NAMES}.",
            todo="Give a folder with a folder for each class.",
            where=str(root),
        )
    folders = [name.parts[:-1] for name in names]
    for depth in range(max(len(parts) for parts in folders)):
        if len({parts[depth] for parts in folders if len(parts) > depth}) > 1:
            return depth
    loose = next((name for name in names if len(name.parts) == 1), names[0])
    raise DataError(
        "the pictures do not lie in at least two folders, one for each class.",
        todo=f'Make a folder for each class and put the pictures into them; "{loose}" lies in none. Or name a table of '
        "file names and labels in source.labels.",
        where=str(root),
    )


def parts_at(depth: int, names: list[PurePosixPath], *, with_classes: bool = True) -> dict[str, list[PurePosixPath]]:
    """Role (train, validation, test) → the folders at that depth, where they are the parts of the data.

    Empty where they are classes: folders of other names, or with pictures right in them, if classes are meant.
    """
    folders = {PurePosixPath(*name.parts[: depth + 1]) for name in names if len(name.parts) > depth + 1}
    deep = all(len(name.parts) > depth + 2 for name in names if len(name.parts) > depth + 1) or not with_classes
    roles = {folder: _ROLES.get(folder.name.lower(), "") for folder in sorted(folders)}
    if not deep or "" in roles.values() or "train" not in roles.values():
        return {}
    return {role: [f for f, is_role in roles.items() if is_role == role] for role in _ORDER}


def parts_of(root: Path, *, with_classes: bool = True) -> dict[str, list[PurePosixPath]]:
    """The same of a folder or zip."""
    with listed(root) as (pictures, others):
        names = [picture.name for picture in pictures]
        return parts_at(class_depth(names, root, others), names, with_classes=with_classes)


def has_classes(root: Path) -> bool:
    """Whether the pictures of a folder or zip lie in folders of classes, be it in those of the data's parts."""
    with listed(root) as (pictures, others):
        names = [picture.name for picture in pictures]
        try:
            depth = class_depth(names, root, others)
        except DataError:
            return False
    classes = {found.lower() for name in names if (found := class_of(name, depth))}
    return not classes <= _ROLES.keys() or bool(parts_at(depth, names))


def shared_out(parts: dict[str, list[PurePosixPath]]) -> tuple[list[PurePosixPath], PurePosixPath | None]:
    """The folders to learn from, and the one that judges: the test part, or the validation part where there is none.

    A validation part beside a test part is learned from: what chooses the best epoch is drawn from all of those rows.
    """
    judged = next(iter(parts["test"] or parts["validation"]), None)
    return [folder for role in _ORDER for folder in parts[role] if folder != judged], judged


def parts_error(root: Path, parts: dict[str, list[PurePosixPath]]) -> DataError:
    """The error for a folder whose folders are no classes, with what to write."""
    learned, judged = shared_out(parts)
    path = ", ".join(str(root / folder) for folder in learned)
    source = f"source: {{path: [{path}]" + (f", test: {root / judged}}}" if judged else "}")
    unpacked = f"Unpack it, and name the folder: unzip {root} -d {root.with_suffix('')}; keepfit init "
    return DataError(
        f"the folders {listing(parts)} are parts of the data and no classes.",
        allowed="source.path names folders that hold a folder for each class, source.test the one that judges.",
        todo=f"{unpacked}{root.with_suffix('')}" if root.is_file() else f"Write into the YAML: {source}.",
        where=str(root),
    )


def listing(parts: dict[str, list[PurePosixPath]]) -> str:
    """The folders' names in a sentence."""
    return ", ".join(f'"{folder.name}"' for role in _ORDER for folder in parts[role])


@dataclass(frozen=True)
class Overview:
    """What folders or zips of pictures hold, from names and a few pictures."""

    labels: list[str]
    """The class of each picture."""
    sizes: list[tuple[int, int]]
    """Width and height of some of the pictures."""
    said: list[str]
    """What a person should know."""


def overview(roots: tuple[Path, ...]) -> Overview:
    """Look at all names, and into some of the pictures. Raises DataError where none of those can be read."""
    said = [note for root in roots for note in _checked(root)]
    labels, sizes, bad = [], [], []
    names = [(name, label) for name, _, label in _entries(roots)]
    step = max(1, len(names) // _LOOKED_AT)
    for place, (name, read, label) in enumerate(_entries(roots)):
        if label is None:
            bad.append(Unread(place + 1, name, "it lies in no class's folder"))
            continue
        labels.append(label)
        if place % step == 0:
            try:
                why = images.fault(content := read())
            except DataError as error:
                why = error.found.rstrip(".")
            if why:
                bad.append(Unread(place + 1, name, why))
            else:
                shape = images.shape(content)
                sizes.append((shape.width, shape.height))
    if not sizes:
        raise DataError(f"{sentence(bad, len(bad))}.", todo="Mend them, or name another folder.", where=str(roots[0]))
    looked = "" if step == 1 else f", of which some {len(sizes):,} were looked into"
    return Overview(
        labels, sizes, [*said, *([f"{sentence(bad, len(names))}{looked}; a run leaves such out."] if bad else [])]
    )
