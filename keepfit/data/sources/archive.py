"""The pictures or recordings of a folder or a zip, listed and read within bounds; nothing is unpacked to disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from keepfit.data.media import Medium
from keepfit.data.sources.locate import misnamed, walk
from keepfit.errors import DataError

_FILE_BYTES = 64 << 20
"""A larger file is refused."""
_RATIO = 100
"""An entry over 1 MB that unpacks to this many times its size is a bomb: pictures are compressed already, and
sound shrinks to a half."""


@dataclass(frozen=True)
class Entry:
    """One file: its path inside the folder or zip, and how to get its bytes."""

    name: PurePosixPath
    read: Callable[[], bytes]


class FolderFiles(NamedTuple):
    """The files of a folder or zip, by name."""

    rows: list[Entry]
    """By their ending or, where that is of no format, by how they begin."""
    others: list[PurePosixPath]
    """What is none of the medium, hidden files apart."""


@contextmanager
def listed(root: Path, medium: Medium) -> Iterator[FolderFiles]:
    """The files of a folder or zip, those of a medium apart. Raises DataError for what may not be read."""
    if root.is_dir():
        paths = [(PurePosixPath(p.relative_to(root)), p) for p in walk(root)]
        files = [(name, partial(_start, path), partial(read_file, path)) for name, path in paths]
        strange = [(PurePosixPath(name), bytes, _misnamed) for name in misnamed(root)]
        yield _listing([*files, *strange], medium)
        return
    try:
        with zipfile.ZipFile(root) as archive:
            infos = sorted((i for i in archive.infolist() if not i.filename.endswith("/")), key=lambda i: i.filename)
            for info in infos:
                _check_entry(info, root)
            names = [(PurePosixPath(i.filename), partial(_read_entry, archive, i, root)) for i in infos]
            yield _listing([(name, read, read) for name, read in names], medium)
    except zipfile.BadZipFile as error:
        raise DataError(
            f"this is not a whole zip file ({str(error).rstrip('.')}).", todo="Copy it again.", where=str(root)
        ) from error


def place(root: Path, name: PurePosixPath) -> str:
    """A file's place in messages."""
    return str(root / name) if root.is_dir() else f"{root}, {name}"


def told_others(root: Path, others: list[PurePosixPath], medium: Medium) -> list[str]:
    """The files that are none of a medium, in a sentence; empty where there are none."""
    if not others:
        return []
    named = ", ".join(str(name) for name in others[:3]) + (" …" if len(others) > 3 else "")
    several = f"{len(others):,} files are no {medium.many} and are"
    count = f"1 file is no {medium.one} and is" if len(others) == 1 else several
    return [f"{root.name}: {count} left: {named}."]


def _listing(
    files: list[tuple[PurePosixPath, Callable[[], bytes], Callable[[], bytes]]], medium: Medium
) -> FolderFiles:
    """Sort out (name, how to get its first bytes, how to get all)."""
    found = FolderFiles([], [])
    for name, start, read in files:
        if any(part.startswith(".") or part == "__MACOSX" for part in name.parts):
            continue
        if name.suffix.lower() in (*medium.endings, *medium.meant) or medium.begins(start()):
            found.rows.append(Entry(name, read))
        else:
            found.others.append(name)
    return found


def _misnamed() -> bytes:
    raise DataError("its name is not UTF-8.", todo="Rename it.")


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def read_file(path: Path) -> bytes:
    """A file's bytes. Raises DataError for one too large."""
    if path.stat().st_size > _FILE_BYTES:
        raise _too_large(str(path), path.stat().st_size)
    return path.read_bytes()


def _read_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, root: Path) -> bytes:
    try:
        return archive.read(info)
    except (
        zlib.error,
        EOFError,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
    ) as error:  # unknown packing too
        raise DataError(
            f"this entry of the zip is damaged ({str(error).rstrip('.')}).",
            todo="Make the zip again.",
            where=f"{root}, {info.filename}",
        ) from error


def _check_entry(info: zipfile.ZipInfo, root: Path) -> None:
    where = f"{root}, {info.filename}"
    path = PurePosixPath(info.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in info.filename.partition("/")[0]:
        raise DataError("this entry points outside the zip.", todo="Make the zip from inside its folder.", where=where)
    if info.flag_bits & 1:
        raise DataError("this entry is encrypted.", todo="Make the zip without a password.", where=where)
    if info.file_size > _FILE_BYTES:
        raise _too_large(where, info.file_size)
    if info.file_size > 1 << 20 and info.file_size > _RATIO * max(1, info.compress_size):
        raise DataError(
            f"this entry of {info.compress_size} bytes unpacks to {info.file_size}: it looks like a zip bomb.",
            todo="Leave it out.",
            where=where,
        )


def _too_large(where: str, size: int) -> DataError:
    return DataError(f"this file has {size >> 20} MB.", allowed=f"A file may have {_FILE_BYTES >> 20}.", where=where)
