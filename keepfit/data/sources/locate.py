"""From what the YAML says (file, folder, glob, zip) to the files to read and their format."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath

from keepfit.data.media import ENDINGS
from keepfit.errors import DataError, nearest

PARQUET = (".parquet", ".pq")
_ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes of a name that are not UTF-8, as Python has them."""
PACKED = (".gz", ".zst", ".bz2", ".xz")
_SURE = {
    "csv": (".csv", ".tsv", ".tab"),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": PARQUET,
    "arrow": (".feather", ".arrow", ".arrows", ".ipc"),
    "excel": (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    "arff": (".arff",),
    "ts": (".ts",),
    "npz": (".npz",),
}
_LIKELY = {"csv": (".txt", ".data", ".dat", ".test"), "json": (".json",)}
FORMS = {ending: form for forms in (_SURE, _LIKELY, {"csv": ("",)}) for form in forms for ending in forms[form]}
"""The ending of a table file → its format."""
PLAIN = (".txt", ".text", ".md", "")
"""The endings of plain text."""
RANKS = (*(tuple(e for endings in forms.values() for e in endings) for forms in (_SURE, _LIKELY)), ("",))
"""The endings of table files, the surest first."""


def locate(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files, folders and zips that are meant, globs expanded and sorted; raises DataError where there is none."""
    return tuple(found for path in paths for found in _expand(path))


def format_of(path: Path) -> str:
    """What is read there, from names and first bytes: a table's format, idx, `images`, `sounds`, or `tables` packed
    together.

    A folder or zip of several holds what more of its files are. Raises DataError for a file known not to be read.
    """
    if path.is_dir():
        return _of_names([p.relative_to(path) for p in walk(path)])
    form = _by_content(path)
    if form == "zip":
        from keepfit.data.sources.signature import of_zip, zip_names

        form = of_zip(path)
        return _of_names([PurePosixPath(name) for name in zip_names(path)]) if form == "archive" else form
    return form


def is_hidden(name: PurePath) -> bool:
    """Whether a file in a folder or zip is left aside without a word: `.git`, `_temporary/0`, `__MACOSX/data.csv`."""
    return any(part[0] in "._" for part in name.parts)


def suffix_of(path: PurePath) -> str:
    """The ending that tells the format, that of the compression apart."""
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _of_names(names: Sequence[PurePath]) -> str:
    endings = [suffix_of(name) for name in names if not is_hidden(name)]
    counts = {form: sum(ending in known for ending in endings) for form, known in ENDINGS.items()}
    most = max(counts, key=lambda form: counts[form])
    return most if counts[most] > sum(ending in RANKS[0] for ending in endings) else "tables"


def walk(folder: Path) -> list[Path]:
    """The files in a folder and below, sorted, links followed; hidden ones are left out, and those of `misnamed`.

    Raises DataError for what is no regular file: it may never end, or lead nowhere.
    """
    return sorted(regular(path) for path in _walked(folder) if not _is_misnamed(path.relative_to(folder)))


def misnamed(folder: Path) -> list[str]:
    """The files in a folder and below whose names are not UTF-8, with escapes: no table could say them back."""
    names = (path.relative_to(folder) for path in _walked(folder))
    return sorted(os.fsencode(name).decode("utf-8", "backslashreplace") for name in names if _is_misnamed(name))


def _is_misnamed(name: Path) -> bool:
    return not str(name).isascii() and bool(_ESCAPED.search(str(name)))


def _walked(folder: Path) -> list[Path]:
    found: list[Path] = []
    above: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True, onerror=_raise):
        above.add(os.path.realpath(place))
        folders[:] = [name for name in folders if name[0] != "." and _is_new(Path(place, name), above)]
        found += [Path(place, name) for name in names if name[0] != "."]
    return found


def regular(path: Path) -> Path:
    """The path, if a regular file or a folder lies there that may be read. Raises DataError."""
    try:
        mode = path.stat().st_mode
        str(path).encode()
    except UnicodeEncodeError as error:
        raise DataError("its name is not UTF-8.", todo="Rename it.", where=ascii(str(path))) from error
    except OSError as error:
        raise DataError(f"{_reason(error)}.", todo="Mend or remove it.", where=str(path)) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(
            "this is no regular file.", allowed="Only files and folders are read.",
            todo="Copy what it gives into a file.", where=str(path),
        )  # fmt: skip
    if not os.access(path, os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)):
        raise DataError("this user may not read it.", todo="Allow it, or run as another user.", where=str(path))
    return path


def _is_new(folder: Path, above: set[str]) -> bool:
    """Whether a folder was not walked yet: a link may lead back to one that was."""
    return not folder.is_symlink() or os.path.realpath(folder) not in above


def _raise(error: OSError) -> None:
    raise DataError(
        f"{_reason(error)}.", todo="Allow it, or run as another user.", where=str(error.filename)
    ) from error


def _reason(error: OSError) -> str:
    return "this link leads nowhere" if error.errno == errno.ENOENT else f"it cannot be read: {error.strerror}"


def _expand(path: Path) -> list[Path]:
    try:
        if path.exists():
            return [regular(path)]
        if glob.has_magic(str(path)):
            if found := _matches(path):
                return [regular(one) for one in found]
            raise DataError("no file matches.", todo="Check the pattern in source.path.", where=str(path))
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, ValueError) as error:  # too long, or a part of it is no folder
        raise DataError(f"this names no file: {error}.", todo="Check the path.", where=str(path)[:200]) from error
    if path.is_symlink():
        return [regular(path)]
    hint = nearest(path.name, beside) if beside else f"There is no folder {path.parent} either."
    raise DataError("there is no such file or folder.", todo=hint or "Check source.path.", where=str(path))


def _matches(pattern: Path) -> list[Path]:
    """As a shell finds them: hidden ones only where the pattern says so itself, and so never our own store."""
    fixed = next(place for place, part in enumerate(pattern.parts) if glob.has_magic(part))
    meant = any(part[0] == "." for part in pattern.parts[fixed:])
    found = sorted(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))))
    return [path for path in found if meant or all(part[0] != "." for part in path.parts[fixed:])]


def _by_content(path: Path) -> str:
    from keepfit.data.sources.signature import HEAD, form_by
    from keepfit.data.sources.unpack import head

    start, suffix = head(path, HEAD), suffix_of(path)
    if form := form_by(start, path):
        return form
    if FORMS.get(suffix) in ("parquet", "jsonl", "arrow"):
        return FORMS[suffix]
    if re.match(rb"(\xef\xbb\xbf)?\s*[\[{]", start.replace(b"\0", b"").lstrip(b"\xff\xfe")) and suffix in (".json", ""):
        return "json"
    return "csv"
