"""What is taken away leaves its place at one instant, by a rename, and is deleted afterwards.

Killed in between, all that is left lies in trash/, where nobody looks for it, until the next time.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

from keepfit.store import files

FOLDER = "trash"


def away(root: Path, path: Path) -> None:
    """Move a file or folder of the store at `root` into its trash; one that is gone already is no error.

    On another disk than the store, by a link, it is deleted where it lies.
    """
    trash = root / FOLDER
    with files.machine_errors(path), suppress(FileNotFoundError):
        trash.mkdir(exist_ok=True)
        try:
            path.replace(trash / f"{secrets.token_hex(8)}-{path.name}")
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            files.remove(path)


def empty(root: Path) -> None:
    """Delete what lies in the trash."""
    files.remove(root / FOLDER)


def size_of(path: Path) -> int:
    """Bytes in a file, or in all files of a folder; links count for themselves."""
    if path.is_symlink() or not path.is_dir():
        with suppress(OSError):
            return path.lstat().st_size
        return 0
    with suppress(OSError), os.scandir(path) as found:
        return sum(size_of(Path(one)) for one in found)
    return 0
