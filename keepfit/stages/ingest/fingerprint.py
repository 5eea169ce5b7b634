"""What the source holds, told by content: an equal fingerprint means equal rows to read.

Stamps of all files are taken before the first is hashed and compared after the last row was read, so that whatever is
written in between is noticed: no rows are ever filed under the fingerprint of others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from keepfit.data.sources.locate import walk
from keepfit.errors import DataError, TransientError
from keepfit.store import files
from keepfit.store.artifacts import Artifact
from keepfit.store.hashes import is_racy, stamp_of

Roles = dict[str, tuple[Path, ...]]
"""train, test, labels, test_labels → the files, folders and zips, in reading order; test may be empty."""
Hash = Callable[[Path], str]


class SourceRows(Artifact):
    """The source's files by role and content. Where they lie does not count; a picture's folder does."""

    roles: dict[str, tuple[tuple[str, int, str], ...]]
    """Role → (name, bytes, sha256) of each file, in reading order."""
    paths: Roles
    """Where they lie; not in the digest."""
    stamps: dict[str, str]
    """File → its size, times and inode before it was hashed; not in the digest."""
    taken: float
    """When the stamps were taken, in seconds since 1970; not in the digest."""


def fingerprint(roles: Roles, sha256: Hash = files.sha256) -> SourceRows:
    """Hash every file of the source; `sha256` may know some already.

    Raises TransientError when the source changes meanwhile.
    """
    taken = time.time()
    try:
        stamps = _stamps(roles)
        found = {role: tuple(e for path in paths for e in _entries(path, sha256)) for role, paths in roles.items()}
    except FileNotFoundError as error:
        raise changed(roles) from error
    content = {role: [e if _names_count(roles[role]) else e[1:] for e in found[role]] for role in found}
    return SourceRows(roles=found, paths=roles, stamps=stamps, taken=taken, digest=files.digest_of(content))


def has_changed(rows: SourceRows) -> bool:
    """Whether someone wrote to the source since it was fingerprinted.

    A file that was written to shortly before is hashed again: a second write within one tick of the file system's
    clock leaves its stamp as it was.
    """
    try:
        if _stamps(rows.paths) != rows.stamps:
            return True
        racy = {Path(name) for name in rows.stamps if is_racy(Path(name), rows.taken)}
        return bool(racy) and any(
            (path.stat().st_size, files.sha256(path)) != entry[1:]
            for role, paths in rows.paths.items()
            for path, entry in zip((f for p in paths for f in _files(p)), rows.roles[role], strict=True)
            if path in racy
        )
    except (FileNotFoundError, ValueError):
        return True


def changed(roles: Roles) -> TransientError:
    """The error for a source that someone wrote to while it was read: what was read is no state it ever had."""
    return TransientError(
        "the source changed while it was read.",
        todo="It is read again; if someone is still writing to it, run again when it is complete.",
        where=str(next(path for paths in roles.values() for path in paths)),
    )


def _stamps(roles: Roles) -> dict[str, str]:
    return {str(file): stamp_of(file) for paths in roles.values() for path in paths for file in _files(path)}


def _names_count(paths: tuple[Path, ...]) -> bool:
    return any(path.is_dir() for path in paths)


def _entries(path: Path, sha256: Hash) -> list[tuple[str, int, str]]:
    root = path if path.is_dir() else path.parent
    return [(p.relative_to(root).as_posix(), p.stat().st_size, _hash(p, sha256)) for p in _files(path)]


def _hash(file: Path, sha256: Hash) -> str:
    try:
        return sha256(file)
    except PermissionError as error:
        raise DataError(
            "this user may not read it.", todo="Allow it, or run as another user.", where=str(file)
        ) from error


def _files(path: Path) -> list[Path]:
    return walk(path) if path.is_dir() else [path]
