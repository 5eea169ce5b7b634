"""A folder or zip of tables as the files that are one table: those of one format, and what their folders' names say."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from urllib.parse import unquote

from keepfit.data.media import ENDINGS, medium_of
from keepfit.data.sources.locate import FORMS, PLAIN, RANKS, is_hidden, misnamed, suffix_of, walk
from keepfit.data.sources.signature import not_whole
from keepfit.data.sources.unpack import FREE, RATIO
from keepfit.errors import DataError
from keepfit.quoting import some

Partition = tuple[tuple[str, str | None], ...]
"""Column and value that the names of the folders above a file give it, as in `month=2024-01/part.csv`."""
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_MOST = 1_000_000
"""Files in one zip."""


@dataclass(frozen=True)
class TableFile:
    """One table file of a folder or zip."""

    file: Path
    place: str
    """What messages call it."""
    partition: Partition


def members(root: Path, form: str | None, scratch: Path) -> tuple[list[TableFile], list[str]]:
    """The table files of a folder or zip, sorted by name, those of a zip unpacked into `scratch`; and what to tell.

    `form` is the format that the YAML names. Raises DataError where there is none, where there are several formats,
    or where training and test files lie side by side.
    """
    if root.is_dir():
        files = {p.relative_to(root).as_posix(): p for p in walk(root)}
        chosen, notes = _chosen(list(files), form, root)
        if odd := misnamed(root):
            notes.append(f"{root.name}: left unread, as the names are not UTF-8, {len(odd):,} in all: {some(odd)}.")
        return [TableFile(files[name], str(files[name]), partition_of(name)) for name in chosen], notes
    with _opened(root) as archive:
        infos = {info.filename: info for info in archive.infolist() if not info.filename.endswith("/")}
        chosen, notes = _chosen(list(infos), form, root)
        folder = Path(mkdtemp(dir=scratch))
        taken = _Unpacking(archive, root, folder)
        return [TableFile(taken(infos[n], i), f"{root}, {n}", partition_of(n)) for i, n in enumerate(chosen)], notes


def partition_of(name: str) -> Partition:
    """`key=value` folders as columns; both may be percent-encoded, as Hive and Spark write them."""
    pairs = (part.partition("=") for part in PurePosixPath(name).parts[:-1] if re.match(r"[^=]+=", part))
    return tuple((unquote(key), None if value == _NO_VALUE else unquote(value)) for key, _, value in pairs)


def _chosen(names: list[str], form: str | None, root: Path) -> tuple[list[str], list[str]]:
    """The names that are meant, and sentences on those that are not."""
    seen = sorted(name for name in names if not is_hidden(PurePosixPath(name)))
    found = _of_form(seen, form) if form else _of_rank(seen, root)
    if not found:
        raise DataError(
            f"there is no {form or 'table and no picture'} in it; it holds {_endings(seen) or 'nothing'}.",
            todo="Name a file, a folder or zip with tables in it, or one with a folder of pictures for each class.",
            where=str(root),
        )
    _check_roles(found, root)
    passed = [name for name in seen if name not in set(found)]
    notes = [f"{root.name}: {len(found):,} files are read as one table."] if len(found) > 1 else []
    if passed:
        notes.append(f"{root.name}: passed over, as no part of the table: {_endings(passed)}.")
    return found, notes


def _of_form(names: list[str], form: str) -> list[str]:
    endings = PLAIN if form == "text" else tuple(ending for ending, known in FORMS.items() if known == form)
    return [name for name in names if suffix_of(PurePosixPath(name)) in endings]


def _of_rank(names: list[str], root: Path) -> list[str]:
    """Files with the endings that most surely are those of tables; `README.txt` is one only where nothing else is."""
    for rank, endings in enumerate(RANKS):
        found = [name for name in names if suffix_of(PurePosixPath(name)) in endings]
        kinds = {suffix_of(PurePosixPath(name)) for name in found}
        if len({FORMS[kind] for kind in kinds} if rank == 0 else kinds) > 1:
            raise DataError(
                f"it holds several kinds of tables: {_endings(found)}.",
                todo=f"Name those that are meant, such as '{root.name}/*{min(kinds)}'{_unzip(root)}.",
                where=str(root),
            )
        if found:
            return found
    return []


def _check_roles(names: Sequence[str], root: Path) -> None:
    """Raise DataError for training and test files side by side: read as one table, the test would be learned from."""
    words = {name: set(re.split(r"[^a-z]+", name.lower())) for name in names}
    train = [name for name in names if words[name] & {"train", "training"}]
    test = [name for name in names if words[name] & {"test", "testing"}]
    if train and test:
        raise DataError(
            f"it holds training and test files, {train[0]} and {test[0]}, which are not one table.",
            todo=f"keepfit init {root.name}/{train[0]} --test {root.name}/{test[0]}{_unzip(root)}.",
            where=str(root),
        )


def _unzip(root: Path) -> str:
    return "" if root.is_dir() else ", when it is unpacked"


def _endings(names: list[str]) -> str:
    """How many files of which endings, the most frequent first."""
    counted = Counter(suffix_of(PurePosixPath(name)) or "no ending" for name in names).most_common(6)
    told = ", ".join(f"{count:,} {ending[:20]}" for ending, count in counted)
    found = {suffix_of(PurePosixPath(name)) for name in names}
    many = next((medium_of(form).many for form, endings in ENDINGS.items() if found and found <= {*endings}), "")
    return f"{told} ({many})" if many else told


def _opened(root: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(root)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, UnicodeDecodeError) as error:
        raise not_whole(root, error) from error
    if len(archive.infolist()) > _MOST:
        raise DataError(f"it holds more than {_MOST:,} files.", todo="Name a folder of fewer.", where=str(root))
    return archive


class _Unpacking:
    """Takes files out of a zip, each under a number of its own: what an entry is called decides nothing."""

    def __init__(self, archive: zipfile.ZipFile, root: Path, folder: Path) -> None:
        self._archive, self._root, self._folder = archive, root, folder
        self._left = max(FREE, RATIO * root.stat().st_size)

    def __call__(self, info: zipfile.ZipInfo, number: int) -> Path:
        where = f"{self._root}, {info.filename}"
        if info.flag_bits & 1:
            raise DataError("this file has a password.", todo="Make the zip without one.", where=where)
        out = self._folder / str(number) / PurePosixPath(info.filename.replace("\\", "/")).name
        try:
            out.parent.mkdir()
            self._copy(info, out, where)
        except _DAMAGED as error:
            raise DataError(
                f"this file of the zip cannot be unpacked ({str(error).rstrip('.')[:200]}).",
                todo="Make the zip again, with the usual packing.",
                where=where,
            ) from error
        return out

    def _copy(self, info: zipfile.ZipInfo, out: Path, where: str) -> None:
        with self._archive.open(info) as file, out.open("wb") as copy:
            while part := file.read(1 << 20):
                self._left -= len(part)
                if self._left < 0:
                    raise DataError(
                        f"the zip unpacks to more than {RATIO} times its size: it looks like a bomb.",
                        todo="Unpack it, look at it, and name what you find.",
                        where=where,
                    )
                copy.write(part)


_DAMAGED: tuple[type[Exception], ...] = (
    zipfile.BadZipFile, zlib.error, LZMAError, EOFError, NotImplementedError, RuntimeError, OSError, ValueError,
)  # fmt: skip
