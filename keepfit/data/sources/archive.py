"""The picture files of a folder or a zip, listed and read within bounds; nothing is unpacked to disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from keepfit.data.sources.locate import PICTURES, walk
from keepfit.errors import DataError

_FILE_BYTES = 64 << 20
"""A picture file larger than this is refused."""
_RATIO = 100
"""An entry over 1 MB that unpacks to this many times its size is a bomb: pictures are compressed already."""


@dataclass(frozen=True)
class Entry:
    """One picture file: its path inside the folder or zip, and how to get its bytes."""

    name: PurePosixPath
    read: Callable[[], bytes]


@contextmanager
def listed(root: Path) -> Iterator[list[Entry]]:
    """The picture files of a folder or zip, by name. Raises DataError for what may not be read."""
    if root.is_dir():
        paths = [p for p in walk(root) if _is_picture(PurePosixPath(p.relative_to(root)))]
        yield [Entry(PurePosixPath(p.relative_to(root)), partial(read_file, p)) for p in paths]
        return
    try:
        with zipfile.ZipFile(root) as archive:
            infos = sorted((i for i in archive.infolist() if not i.filename.endswith("/")), key=lambda i: i.filename)
            for info in infos:
                _check_entry(info, root)
            names = [(PurePosixPath(i.filename), i) for i in infos]
            yield [Entry(name, partial(_read_entry, archive, i, root)) for name, i in names if _is_picture(name)]
    except zipfile.BadZipFile as error:
        raise DataError(
            f"this is not a whole zip file ({str(error).rstrip('.')}).", todo="Copy it again.", where=str(root)
        ) from error


def place(root: Path, name: PurePosixPath) -> str:
    """A picture's place in messages."""
    return str(root / name) if root.is_dir() else f"{root}, {name}"


def _is_picture(name: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in name.parts)
    return name.suffix.lower() in PICTURES and not hidden


def read_file(path: Path) -> bytes:
    """A picture file's bytes. Raises DataError for one too large."""
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
    return DataError(
        f"this file has {size >> 20} MB.", allowed=f"A picture file may have {_FILE_BYTES >> 20}.", where=where
    )
