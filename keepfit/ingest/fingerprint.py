"""What the source holds, told by content: an equal fingerprint means equal rows to read."""

from __future__ import annotations

from pathlib import Path

from keepfit import files
from keepfit.artifacts import Artifact
from keepfit.errors import DataError

Roles = dict[str, tuple[Path, ...]]
"""train, test, labels, test_labels → the files, folders and zips, in reading order; test may be empty."""


class SourceRows(Artifact):
    """The source's files by role and content. Where they lie does not count; a picture's folder does."""

    roles: dict[str, tuple[tuple[str, int, str], ...]]
    """Role → (name, bytes, sha256) of each file, in reading order."""


def fingerprint(roles: Roles) -> SourceRows:
    """Read every file of the source once."""
    found = {role: tuple(entry for path in paths for entry in _entries(path)) for role, paths in roles.items()}
    content = {role: [e if _names_count(roles[role]) else e[1:] for e in found[role]] for role in found}
    return SourceRows(roles=found, digest=files.digest_of(content))


def stamp(roles: Roles) -> list[tuple[int, int]]:
    """Size and time of change of every file: to see whether one changed while it was read."""
    stats = [p.stat() for paths in roles.values() for path in paths for p in _files(path)]
    return [(s.st_size, s.st_mtime_ns) for s in stats]


def check_unchanged(roles: Roles, before: list[tuple[int, int]]) -> None:
    """Raise DataError when someone wrote to the source since `before`: what was read is no state it ever had."""
    if stamp(roles) != before:
        raise DataError(
            "the source changed while it was read.",
            todo="Run again when it is complete.",
            where=str(roles["train"][0]),
        )


def _names_count(paths: tuple[Path, ...]) -> bool:
    return any(path.is_dir() for path in paths)


def _entries(path: Path) -> list[tuple[str, int, str]]:
    root = path if path.is_dir() else path.parent
    return [(p.relative_to(root).as_posix(), p.stat().st_size, _hash(p)) for p in _files(path)]


def _hash(file: Path) -> str:
    try:
        return files.sha256(file)
    except PermissionError as error:
        raise DataError(
            "this user may not read it.", todo="Allow it, or run as another user.", where=str(file)
        ) from error


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
