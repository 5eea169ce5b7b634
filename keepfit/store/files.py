"""Writing so that a reader never sees half a file: temporary name, flush to disk, rename."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keepfit.errors import MachineError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_OURS = {*_FULL, errno.EROFS, errno.EACCES, errno.EPERM}


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values, equal bytes. Refuses NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest_of(value: Any) -> str:
    """A 24-digit hexadecimal hash of a plain value."""
    return hashlib.sha256(canonical(value)).hexdigest()[:24]


def sha256(path: Path) -> str:
    """The hash of a file's content, read in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file at one instant; a crash leaves the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with machine_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """`write_bytes` of readable JSON with sorted keys."""
    write_bytes(path, _readable(value))


def sha256_of(value: Any) -> str:
    """The hash of the file that `write_json` makes of a value."""
    return hashlib.sha256(_readable(value)).hexdigest()


def _readable(value: Any) -> bytes:
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def read_json(path: Path) -> Any:
    """The value in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def append_line(path: Path, value: Any) -> None:
    """Add one JSON line, on disk before this returns. A torn last line, from a crash, is cut off first."""
    with machine_errors(path), path.open("ab+") as file:
        _cut_torn_line(file)
        file.write(canonical(value) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _cut_torn_line(file: Any) -> None:
    file.seek(0)
    content = file.read()
    if content and not content.endswith(b"\n"):
        file.truncate(content.rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Delete a folder, whether or not it is there."""
    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def machine_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission under `path` into a MachineError that says which."""
    try:
        yield
    except OSError as error:
        if error.errno not in _OURS:
            raise
        full = error.errno in _FULL
        todo = "Free some room" if full else "Make it writable"
        raise MachineError(
            f"cannot write: {error.strerror}.",
            todo=f"{todo}, or name another folder with store: in the YAML, and run again.",
            where=str(error.filename or path),
        ) from error
