"""Pictures or recordings whose labels stand in a table beside them: a row of the table, and the file that it names, are
a row."""

from __future__ import annotations

import os
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from keepfit.data.media import ENDINGS, Medium
from keepfit.data.sources.archive import listed, told_others
from keepfit.data.sources.locate import format_of
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.sources.pictures import BATCH, BATCH_BYTES
from keepfit.data.sources.tables import members
from keepfit.data.unread import FILE, RowPlaces, Unread
from keepfit.errors import DataError
from keepfit.quoting import NAMED, shown, some


def ours(medium: Medium) -> tuple[str, str]:
    """The columns that the files themselves give."""
    return FILE, medium.column


class Named:
    """The pictures or recordings of folders or zips, found by what a table calls them.

    That is their path in the folder or longer, or the end of it, down to the bare name; with the ending or without.
    """

    def __init__(
        self, roots: tuple[Path, ...], medium: Medium, stack: ExitStack, beside: tuple[Path, ...] = ()
    ) -> None:
        self.medium = medium
        every = (*roots, *beside)
        above = Path(os.path.commonpath([root.parent for root in every]))
        self.others: list[tuple[Path, list[PurePosixPath]]] = []
        self.read: dict[str, Callable[[], bytes]] = {}
        """Path of each file → how to get its bytes."""
        self.known: dict[str, Callable[[], bytes]] = {}
        """The same with those of the folders beside, which a name may mean too."""
        for root in every:
            entries, others = stack.enter_context(listed(root, medium))
            before = PurePosixPath(root.relative_to(above)) if len(every) > 1 else PurePosixPath()
            found = {str(before / entry.name): entry.read for entry in entries}
            self.known |= found
            if root in roots:
                self.read |= found
                self.others.append((root, others))
        self._whole: dict[str, list[str]] = {}
        self._ends: dict[str, list[str]] = {}
        for path in self.known:
            parts = path.split("/")
            for start in range(len(parts)):
                end = "/".join(parts[start:])
                for called in {end, _without_ending(end)}:
                    self._ends.setdefault(called, []).append(path)
                    if not start:
                        self._whole.setdefault(called, []).append(path)

    def called(self, cell: object) -> list[str]:
        """The paths of the files that a cell may mean; those it names exactly before those it names in part."""
        parts = [part for part in str(cell).strip().replace("\\", "/").split("/") if part not in ("", ".")]
        whole = "/".join(parts)
        if whole in self.known:
            return [whole]
        return self._whole.get(whole) or self._ends.get(whole) or self._common(parts)

    def _common(self, parts: list[str]) -> list[str]:
        """Those that share the longest end with a path: all of theirs, or a folder and the name at least."""
        for start in range(1, len(parts)):
            end = "/".join(parts[start:])
            if found := self._whole.get(end) or (self._ends.get(end) if start < len(parts) - 1 else None):
                return found
        return []

    def lacks(self, cell: object) -> str:
        """Why a cell means no file, in a clause; empty where it means one."""
        if cell is None or not str(cell).strip():
            return f"it names no {self.medium.one}"
        found = self.called(cell)
        if len(found) > 1:
            return f"{shown(str(cell))} may be {found[0]} or {found[1]}"
        return "" if found else f"there is no {self.medium.one} {shown(str(cell))}"

    def of_another(self, cell: object) -> bool:
        """Whether a cell means one file, and that of a folder beside."""
        found = self.called(cell)
        return len(found) == 1 and found[0] not in self.read

    def bytes_of(self, file: str) -> tuple[bytes, str]:
        """A file's bytes, or why they cannot be had."""
        try:
            return self.read[file](), ""
        except DataError as error:
            return b"", error.found.rstrip(".")


def _without_ending(path: str) -> str:
    before, point, ending = path.rpartition(".")
    return before if point and "/" not in ending else path


@contextmanager
def named(roots: tuple[Path, ...], medium: Medium, beside: tuple[Path, ...] = ()) -> Iterator[Named]:
    """The files, which can be read within the block; the same table may name those in the folders `beside` too."""
    with ExitStack() as stack:
        yield Named(roots, medium, stack, beside)


def tables_in(path: Path, scratch: Path) -> tuple[Path, ...]:
    """The table of labels that a path names: a file, or the one that lies in a folder or zip of pictures or
    recordings.

    Raises DataError where several do.
    """
    if format_of(path) not in ENDINGS:
        return (path,)
    found, _ = members(path, None, scratch)
    if len(found) > 1:
        raise DataError(
            f"several tables lie in it: {some([PurePosixPath(one.place).name for one in found])}.",
            allowed="Beside the files lies one table of their names and labels.",
            todo="Take the one of the labels out of it, and name that in source.labels.",
            where=str(path),
        )
    return (found[0].file,)


def open_labelled(files: tuple[Path, ...], table: Opened, reading: Reading, medium: Medium) -> Opened:
    """Open the files that a table of labels names. Columns: `file`, that of the medium, and the table's others.

    A row whose file is not there is unread; files that no row names are told. Raises DataError where no column of the
    table names files, or two name different ones.
    """
    with named(files, medium, reading.beside) as there:
        names, _ = names_column(table, there, reading.target)
        notes = [
            note for root, others in there.others for note in told_others(root, _unused(root, others, table), medium)
        ]
    if reading.target in (*ours(medium), names):
        role = medium.many if reading.target == medium.column else "file names"
        raise DataError(
            f'the target is called "{reading.target}", which is the column of the {role}.',
            todo="Name the column of the labels in target.",
            where=str(table.files[0]),
        )
    columns = (*ours(medium), *(name for name in table.columns if name not in (*ours(medium), names)))
    lost = [name for name in table.columns if name in ours(medium) and name != names]
    notes += [f'{table.files[0].name}: its column "{name}" is left, as one of ours is called so.' for name in lost]
    opened = Opened(columns, files, lambda: iter(()), notes=(*table.notes, *notes))
    return replace(opened, batches=partial(_batches, opened, table, names, reading, medium))


def names_column(table: Opened, there: Named, target: str) -> tuple[str, int]:
    """The column of a table that names the most files, and how many. Raises DataError for none, or two in doubt."""
    found: dict[str, list[str]] = {name: [] for name in table.columns if name != target}
    for batch in table.batches():
        for name, paths in found.items():
            paths += [called[0] for cell in texts(batch, name) if len(called := there.called(cell)) == 1]
    counts = {name: len(set(paths)) for name, paths in found.items()}
    best = max(counts, key=lambda name: counts[name], default="")
    if not counts.get(best):
        raise DataError(
            f"no column of it names a {there.medium.one}, such as {next(iter(there.known), 'a.png')}.",
            allowed=f"One column holds the {there.medium.many}' file names, with or without folder and ending.",
            todo="Name the table of the labels in source.labels.",
            where=str(table.files[0]),
        )
    other = next((name for name in counts if counts[name] == counts[best] and found[name] != found[best]), None)
    if other:
        raise DataError(
            f'both "{best}" and "{other}" name {counts[best]:,} {there.medium.many}, and not the same ones in each '
            "row.",
            todo="Leave only the column of those to learn from in the table of the labels.",
            where=str(table.files[0]),
        )
    return best, counts[best]


def _unused(root: Path, others: list[PurePosixPath], table: Opened) -> list[PurePosixPath]:
    """What is neither a file of the medium nor the labels, which were unpacked where they lay in a zip."""
    packed = {file.name for file in table.files} if root.is_file() else set()
    return [name for name in others if root / name not in table.files and name.name not in packed]


def texts(batch: pa.RecordBatch, name: str) -> list[Any]:
    """The cells of a column of names; JSON's numbers are floating."""
    cells = batch[name].to_pylist()
    return [str(int(cell)) if isinstance(cell, float) and cell.is_integer() else cell for cell in cells]


def _batches(opened: Opened, table: Opened, names: str, reading: Reading, medium: Medium) -> Iterator[pa.RecordBatch]:
    opened.unread.clear()
    opened.later.clear()
    used: set[str] = set()
    with named(opened.files, medium, reading.beside) as there:
        for batch, files, contents in _Rows(opened, table, names, there, reading.counted):
            used.update(files)
            cells = [pa.array(files, pa.string()), pa.array(contents, pa.binary())]
            cells += [batch[name] for name in opened.columns[len(ours(medium)) :]]
            yield pa.record_batch(cells, names=[*opened.columns])
        opened.later.extend(table.later)
        opened.later.extend(_without_label(there, used, table))


class _Rows:
    """The table's rows whose files can be had, with those; before them, what is unread up to there.

    Rows that mean files of another part are none here, and count for no place.
    """

    def __init__(self, opened: Opened, table: Opened, names: str, there: Named, counted: bool) -> None:
        self._opened, self._table, self._names, self._there = opened, table, names, there
        self._counted = counted
        self._elsewhere: list[int] = []
        """The table's rows that are none here."""
        self._mine: list[Unread] = []
        self._told = 0
        """So many of the table's unread rows were dealt with."""

    def __iter__(self) -> Iterator[tuple[pa.RecordBatch, list[str], list[bytes]]]:
        places = RowPlaces(self._table.unread)
        for batch in self._table.batches():
            numbers = places.next(len(batch))
            if self._counted:
                self._tell(None)
            rows, files, contents, size = list[int](), list[str](), list[bytes](), 0
            for row, cell in enumerate(texts(batch, self._names)):
                found = self._file(cell, int(numbers[row]))
                if found is None:
                    continue
                rows.append(row)
                files.append(found[0])
                contents.append(found[1])
                size += len(found[1])
                if len(rows) == BATCH or size > BATCH_BYTES:
                    self._tell(int(numbers[row]))
                    yield batch.take(pa.array(rows)), files, contents
                    rows, files, contents, size = [], [], [], 0
            self._tell(int(numbers[-1]) if len(numbers) else 0)
            if rows:
                yield batch.take(pa.array(rows)), files, contents
        self._tell(None)

    def _file(self, cell: object, row: int) -> tuple[str, bytes] | None:
        """Path and bytes of the file that a row means; None where it is unread, or none here."""
        why, file, content = self._there.lacks(cell), "", b""
        if self._there.of_another(cell) or (why and self._counted):
            insort(self._elsewhere, row)
            return None
        if not why:
            file = self._there.called(cell)[0]
            content, why = self._there.bytes_of(file)
        if why:
            self._mine.append(Unread(self._place(row), f"{self._table.files[0].name}, row {row:,}", why))
            return None
        return file, content

    def _place(self, row: int) -> int:
        return row - bisect_left(self._elsewhere, row)

    def _tell(self, upto: int | None) -> None:
        """Put what is unread up to a row, of the table and of the files, into the source's, in order."""
        theirs = [one for one in self._table.unread[self._told :] if upto is None or one.row <= upto]
        self._told += len(theirs)
        if self._counted:
            self._elsewhere = sorted([*self._elsewhere, *(one.row for one in theirs)])
            theirs = []
        theirs = [replace(one, row=self._place(one.row)) for one in theirs]
        self._opened.unread.extend(sorted([*self._mine, *theirs], key=lambda one: one.row))
        self._mine.clear()


def _without_label(there: Named, used: set[str], table: Opened) -> Iterator[str]:
    left = [path for path in there.read if path not in used]
    if left:
        named = ", ".join(left[:NAMED]) + (" …" if len(left) > NAMED else "")
        what = f"1 {there.medium.one} is" if len(left) == 1 else f"{len(left):,} {there.medium.many} are"
        yield f"{what} in no row of {table.files[0].name} and left: {named}."
