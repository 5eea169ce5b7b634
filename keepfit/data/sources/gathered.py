"""Tables that lie in folders and zips, read as one: their rows in the files' order, and columns from folders' names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from keepfit.data.media import ENDINGS
from keepfit.data.sources.copies import telling, told_of
from keepfit.data.sources.locate import format_of
from keepfit.data.sources.opening import Opened, Reading, together
from keepfit.data.sources.tables import Partition, TableFile, members, partition_of
from keepfit.data.unread import Unread
from keepfit.errors import DataError

Open = Callable[[str, tuple[Path, ...], Reading], Opened]
"""Opens files of one format."""
_Group = tuple[Partition, Opened]


def open_gathered(files: tuple[Path, ...], form: str, reading: Reading, opener: Open) -> Opened:
    """Open folders, zips and files of tables. Raises DataError where they are not tables of one format."""
    found: list[TableFile] = []
    notes: list[str] = []
    for file in files:
        if file.is_dir() or file.suffix.lower() == ".zip" or format_of(file) == "tables":
            inside, told = members(file, None if form == "auto" else form, reading.scratch)
            found, notes = found + inside, notes + told
        else:
            found.append(TableFile(file, str(file), partition_of(str(file)) if len(files) > 1 else ()))
    form = _form(found) if form == "auto" else form
    places = {member.file: Path(member.place) for member in found if str(member.file) != member.place}
    with told_of(places):
        groups = [
            (partition, opener(form, tuple(member.file for member in group), reading))
            for partition, group in groupby(found, lambda member: member.partition)
        ]
    joined, told = _joined(groups, reading.names)
    return replace(joined, batches=partial(telling, joined.batches, places), files=files, notes=(*notes, *told))


def _form(found: list[TableFile]) -> str:
    forms = {format_of(member.file): member for member in found}
    packed = next((member for form, member in forms.items() if form == "tables" or form in ENDINGS), None)
    if packed is not None:
        raise DataError("this is a zip or folder inside another.", todo="Unpack it.", where=packed.place)
    if "idx" in forms:
        raise DataError(
            "this is an idx file.", todo="Name the file of pictures, not its folder.", where=forms["idx"].place
        )
    if len(forms) > 1:
        raise DataError(
            f"these are of several formats: {', '.join(sorted(forms))}.",
            todo="Name files of one format.",
            where=found[0].place,
        )
    return next(iter(forms))


def _joined(groups: list[_Group], declared: frozenset[str]) -> tuple[Opened, list[str]]:
    """The groups of files as one source; the columns that the folders' names give stand last."""
    first = groups[0][1]
    notes = list(dict.fromkeys(note for _, opened in groups for note in opened.notes))
    own, drift = together([(_called(partition), opened.columns) for partition, opened in groups], declared)
    notes += drift
    keys = list(dict.fromkeys(key for partition, _ in groups for key, _ in partition))
    twice = [key for key in keys if key in own]
    added = [key for key in keys if key not in own]
    if added:
        notes.append(f"Columns from the folders' names: {', '.join(added)}.")
    if twice:
        notes.append(f"The folders' names also say \"{twice[0]}\"; the files' own column is read.")
    if len(groups) == 1 and not added:
        return first, notes
    joined = replace(first, columns=(*own, *added), unread=[], later=[])
    return replace(joined, batches=partial(_batches, groups, joined)), notes


def _batches(groups: list[_Group], joined: Opened) -> Iterator[pa.RecordBatch]:
    joined.unread.clear()
    joined.later.clear()
    before = 0
    for partition, opened in groups:
        said, known, rows = dict(partition), len(joined.unread), 0
        for batch in opened.batches():
            joined.unread[known:] = _after(opened, before)
            rows += len(batch)
            there = set(batch.schema.names)
            cells = [batch[n] if n in there else _said(said.get(n), len(batch)) for n in joined.columns]
            yield pa.RecordBatch.from_arrays(cells, names=list(joined.columns))
        joined.unread[known:] = _after(opened, before)
        joined.later.extend(opened.later)
        before += rows + len(opened.unread)


def _after(opened: Opened, rows: int) -> list[Unread]:
    """What could not be read, its places counted from so many rows on."""
    return [replace(one, row=one.row + rows) for one in opened.unread]


def _called(partition: Partition) -> str:
    return "/".join(f"{key}={value}" for key, value in partition) or "the other files"


def _said(value: str | None, rows: int) -> pa.Array:
    code = pa.array([0 if value is not None else None], pa.int32()).take(pa.repeat(0, rows))
    return pa.DictionaryArray.from_arrays(code, pa.array([value or ""], pa.string()))
