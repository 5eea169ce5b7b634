"""Compressed files as streams of bytes; a truncated one is said to be so."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, cast

import pyarrow as pa

from keepfit.errors import DataError

RATIO, FREE = 500, 1 << 30
"""A packed file that unpacks to more than a GiB and so many times its size is refused: tables shrink to a hundredth."""
_MAGIC = {
    "gzip": rb"\x1f\x8b",
    "zstd": rb"\x28\xb5\x2f\xfd",
    "bzip2": rb"BZh[1-9](1AY&SY|\x17rE8P\x90)",
    "xz": rb"\xfd7zXZ\0",
}
_XZ_BYTES = 256 << 20
"""Memory that unpacking an xz file may take; its strongest setting takes 65 MB."""


def packing(path: Path) -> str | None:
    """gzip, zstd, bzip2, xz or None, by the first bytes and not by the name."""
    with path.open("rb") as file:
        start = file.read(10)
    return next((kind for kind, magic in _MAGIC.items() if re.match(magic, start)), None)


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, decompressed while they are read; raises DataError where they end too early."""
    kind = packing(path)
    try:
        with _stream(path, kind) as stream:
            yield io.BufferedReader(_Bounded(stream, path), 1 << 20) if kind else stream
    except (EOFError, zlib.error, lzma.LZMAError, pa.ArrowException) as error:
        raise _damaged(path, kind, error) from error
    except OSError as error:
        if kind is None or error.errno is not None:
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


class _Xz(io.RawIOBase):
    """An xz file unpacked within bounded memory; `lzma.open` has no such bound."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._decoder = lzma.LZMADecompressor(memlimit=_XZ_BYTES)

    def close(self) -> None:
        self._file.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        while True:
            if self._decoder.eof:
                rest = self._decoder.unused_data.lstrip(b"\0") or self._file.read(1 << 16).lstrip(b"\0")
                if not rest:
                    return b""
                self._decoder = lzma.LZMADecompressor(memlimit=_XZ_BYTES)  # several files, one behind the other
            else:
                rest = self._file.read(1 << 16) if self._decoder.needs_input else b""
                if not rest and self._decoder.needs_input:
                    raise EOFError("it ends before its end mark")
            if content := self._decoder.decompress(rest, size):
                return content


def head(path: Path, size: int) -> bytes:
    """The first bytes of what is in the file, decompressed."""
    with unpacked(path) as stream:
        return stream.read(size)


@contextmanager
def plain_file(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes with a way to jump about in them: a packed one is unpacked beside the others first."""
    if packing(path) is None:
        with path.open("rb") as file:
            yield file
        return
    with TemporaryFile() as copy:
        with unpacked(path) as stream:
            shutil.copyfileobj(stream, copy, 1 << 20)
        copy.seek(0)
        yield cast(IO[bytes], copy)


def _stream(path: Path, kind: str | None) -> Any:
    if kind == "gzip":
        return gzip.open(path, "rb")
    if kind == "bzip2":
        return bz2.open(path, "rb")
    if kind == "xz":
        return _Xz(path)
    if kind == "zstd":
        return cast(Any, pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    return path.open("rb")


def _damaged(path: Path, kind: str | None, error: Exception) -> DataError:
    return DataError(
        f"this {kind} file is truncated or damaged ({str(error).rstrip('.')}).",
        todo="Copy or download it again.",
        where=str(path),
    )
