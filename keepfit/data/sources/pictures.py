"""Pictures or recordings in a folder or a zip, one folder a class, or with labels in their names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import pyarrow as pa

from keepfit.data.media import Medium, Size
from keepfit.data.sources.archive import Entry, listed, told_others
from keepfit.data.sources.file_names import FileNames
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.unread import FILE, Unread, sentence
from keepfit.errors import DataError

_LOOKED_AT = 200
BATCH = 1024
BATCH_BYTES = 32 << 20

_ROLES = {
    **dict.fromkeys(("train", "training", "train_set", "trainset"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval"), "validation"),
    **dict.fromkeys(("test", "testing", "test_set", "testset", "holdout"), "test"),
}
_ORDER = ("train", "validation", "test")

Cells = tuple[str, ...]
_Row = tuple[str, bytes, Cells]


def open_pictures(files: tuple[Path, ...], reading: Reading, medium: Medium) -> Opened:
    """Open folders or zips. Columns: `file`, that of the medium (the file's bytes), and those of the labels: the
    target, which is the folder's name, or what `reading.file_names` finds in a file's name.

    Whether a file can be decoded shows later: see the kind of its column. Here are unread what has no label, and files
    whose bytes cannot be had.
    """
    unread: list[Unread] = []
    labels = Labels(reading, medium)
    notes = [note for root in files for note in _checked(root, labels)]
    columns = (FILE, medium.column, *labels.columns)
    return Opened(columns, files, partial(_batches, files, labels, unread), notes=tuple(notes), unread=unread)


class Labels:
    """What is known of a file by where it lies, or by its name."""

    def __init__(self, reading: Reading, medium: Medium) -> None:
        self.medium = medium
        self.names = FileNames(reading.file_names, (FILE, medium.column)) if reading.file_names else None
        self.columns = self.names.columns if self.names else (reading.target,)
        self.lacks = f'its name is not like "{self.names.pattern}"' if self.names else "it lies in no class's folder"
        """Why a file has no label, in a clause."""
        self._tests = FileNames(reading.test_names) if reading.test_names else None
        self._tested = reading.tested

    def here(self, entries: list[Entry]) -> list[Entry]:
        """Those of the part that is read."""
        if self._tests is None:
            return entries
        return [entry for entry in entries if (self._tests.cells(entry.name) is not None) == self._tested]

    def of(self, entries: list[Entry], root: Path, others: list[PurePosixPath]) -> list[Cells | None]:
        """The cells of each file; None where it has no label. Raises DataError where the folders are no classes."""
        if self.names:
            return [self.names.cells(entry.name) for entry in entries]
        names = [entry.name for entry in entries]
        depth = class_depth(names, root, others, self.medium)
        return [(found,) if (found := class_of(name, depth)) else None for name in names]


def _checked(root: Path, labels: Labels) -> list[str]:
    """What is to be said of a folder. Raises DataError where its folders are no classes."""
    with listed(root, labels.medium) as (entries, others):
        if labels.names is None:
            names = [entry.name for entry in entries]
            if parts := parts_at(class_depth(names, root, others, labels.medium), names):
                raise parts_error(root, parts)
        return told_others(root, others, labels.medium)


def _batches(roots: tuple[Path, ...], labels: Labels, unread: list[Unread]) -> Iterator[pa.RecordBatch]:
    unread.clear()
    rows: list[_Row] = []
    size = 0
    for number, (name, read, cells) in enumerate(_entries(roots, labels), 1):
        if cells is None:
            unread.append(Unread(number, name, labels.lacks))
            continue
        try:
            content = read()
        except DataError as error:
            unread.append(Unread(number, name, error.found.rstrip(".")))
            continue
        rows.append((name, content, cells))
        size += len(content)
        if len(rows) == BATCH or size > BATCH_BYTES:
            yield _batch(rows, labels)
            rows, size = [], 0
    if rows:
        yield _batch(rows, labels)


def _entries(roots: tuple[Path, ...], labels: Labels) -> Iterator[tuple[str, Callable[[], bytes], Cells | None]]:
    """Of each file its name, with its root's where there are several; how to read it; and its cells."""
    above = Path(os.path.commonpath([root.parent for root in roots]))
    for root in roots:
        with listed(root, labels.medium) as (entries, others):
            cells = labels.of(entries, root, others)
            found = dict(zip((entry.name for entry in entries), cells, strict=True))
            before = PurePosixPath(root.relative_to(above)) if len(roots) > 1 else PurePosixPath()
            for entry in labels.here(entries):
                yield str(before / entry.name), entry.read, found[entry.name]


def _batch(rows: list[_Row], labels: Labels) -> pa.RecordBatch:
    names, contents, cells = zip(*rows, strict=True)
    columns = [pa.array(column, pa.string()) for column in zip(*cells, strict=True)]
    arrays = [pa.array(names, pa.string()), pa.array(contents, pa.binary()), *columns]
    return pa.record_batch(arrays, names=[FILE, labels.medium.column, *labels.columns])


def class_of(name: PurePosixPath, depth: int) -> str | None:
    """The class of a file: the name of its folder at that depth; None where it lies in none."""
    return name.parts[depth] if len(name.parts) > depth + 1 else None


def class_depth(names: list[PurePosixPath], root: Path, others: list[PurePosixPath], medium: Medium) -> int:
    """Which part of the paths is the class: the first that differs, such as `0` in `Dataset/0/a.png`."""
    if not names:
        seen = f" The files in it are {', '.join(str(name) for name in others[:3])} …" if others else ""
        raise DataError(
            f"there is no {medium.one} in it.{seen}",
            allowed=f"Read are {medium.names}.",
            todo="Give a folder with a folder for each class.",
            where=str(root),
        )
    folders = [name.parts[:-1] for name in names]
    for depth in range(max(len(parts) for parts in folders)):
        if len({parts[depth] for parts in folders if len(parts) > depth}) > 1:
            return depth
    loose = next((name for name in names if len(name.parts) == 1), names[0])
    raise DataError(
        f"the {medium.many} do not lie in at least two folders, one for each class.",
        todo=f'Make a folder for each class and put the {medium.many} into them; "{loose}" lies in none. Or name a '
        "table of file names and labels in source.labels, or say what the names hold: source.names: "
        '"{label}_{number}".',
        where=str(root),
    )


def parts_at(depth: int, names: list[PurePosixPath], *, with_classes: bool = True) -> dict[str, list[PurePosixPath]]:
    """Role (train, validation, test) → the folders at that depth, where they are the parts of the data.

    Empty where they are classes: folders of other names, or with files right in them, if classes are meant.
    """
    folders = {PurePosixPath(*name.parts[: depth + 1]) for name in names if len(name.parts) > depth + 1}
    deep = all(len(name.parts) > depth + 2 for name in names if len(name.parts) > depth + 1) or not with_classes
    roles = {folder: _ROLES.get(folder.name.lower(), "") for folder in sorted(folders)}
    if not deep or "" in roles.values() or "train" not in roles.values():
        return {}
    return {role: [f for f, is_role in roles.items() if is_role == role] for role in _ORDER}


def parts_of(root: Path, medium: Medium, *, with_classes: bool = True) -> dict[str, list[PurePosixPath]]:
    """The same of a folder or zip."""
    with listed(root, medium) as (entries, others):
        names = [entry.name for entry in entries]
        return parts_at(class_depth(names, root, others, medium), names, with_classes=with_classes)


def has_classes(root: Path, medium: Medium) -> bool:
    """Whether the files of a folder or zip lie in folders of classes, be it in those of the data's parts."""
    with listed(root, medium) as (entries, others):
        names = [entry.name for entry in entries]
        try:
            depth = class_depth(names, root, others, medium)
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
    """What folders or zips hold, from names and a few files."""

    labels: list[str]
    """The class of each file."""
    sizes: list[Size]
    """Of some of the files."""
    said: list[str]
    """What a person should know."""


def overview(roots: tuple[Path, ...], reading: Reading, medium: Medium) -> Overview:
    """Look at all names, and into some of the files. Raises DataError where none of those can be read."""
    labels = Labels(reading, medium)
    said = [note for root in roots for note in _checked(root, labels)]
    classes, sizes, bad = list[str](), list[Size](), list[Unread]()
    count = sum(1 for _ in _entries(roots, labels))
    step = max(1, count // _LOOKED_AT)
    for place, (name, read, cells) in enumerate(_entries(roots, labels)):
        if cells is None:
            bad.append(Unread(place + 1, name, labels.lacks))
            continue
        classes.append(cells[labels.columns.index(reading.target)])
        if place % step == 0:
            try:
                why = medium.fault(content := read())
            except DataError as error:
                why = error.found.rstrip(".")
            if why:
                bad.append(Unread(place + 1, name, why))
            else:
                sizes.append(medium.size(content))
    if not sizes:
        raise DataError(f"{sentence(bad, len(bad))}.", todo="Mend them, or name another folder.", where=str(roots[0]))
    looked = "" if step == 1 else f", of which some {len(sizes):,} were looked into"
    told = [f"{sentence(bad, count)}{looked}; a run leaves such out."] if bad else []
    return Overview(classes, sizes, [*said, *told])
