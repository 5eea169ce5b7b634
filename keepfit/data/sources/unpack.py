"""Compressed files as streams of bytes; a truncated one is said to be so."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from keepfit.errors import DataError

RATIO, FREE = 500, 1 << 30
"""A packed file that unpacks to more than a GiB and so many times its size is refused: tables shrink to a hundredth."""
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


def packing(path: Path) -> str | None:
    """gzip, zstd or None, by the first bytes and not by the name."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, decompressed while they are read; raises DataError where they end too early."""
    kind = packing(path)
    try:
        with _stream(path, kind) as stream:
            yield io.BufferedReader(_Bounded(stream, path), 1 << 20) if kind else stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, kind, error) from error
    except OSError as error:
        if kind != "zstd" or error.errno is not None:
            raise
        raise _damaged(path, kind, error) from error


class _Bounded(io.RawIOBase):
    """What a packed file unpacks to, until it is more than any table would: then it is a bomb."""

    def __init__(self, stream: Any, path: Path) -> None:
        self._stream, self._path = stream, path
        self._left = max(FREE, RATIO * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._stream.read(len(buffer))
        self._left -= len(content)
        if self._left < 0:
            raise DataError(
                f"this file unpacks to more than {RATIO} times its size: it looks like a bomb.",
                todo="Unpack it, look at it, and name what you find.",
                where=str(self._path),
            )
        buffer[: len(content)] = content
        return len(content)


def head(path: Path, size: int) -> bytes:
    """The first bytes of what is in the file, decompressed."""
    with unpacked(path) as stream:
        return stream.read(size)


def _stream(path: Path, kind: str | None) -> Any:
    if kind == "gzip":
        return gzip.open(path, "rb")
    if kind == "zstd":
        return cast(Any, pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    return path.open("rb")


def _damaged(path: Path, kind: str | None, error: Exception) -> DataError:
    return DataError(
        f"this {kind} file is truncated or damaged ({str(error).rstrip('.')}).",
        todo="Copy or download it again.",
        where=str(path),
    )
