"""The rows to predict, whatever they lie in, as tables of the model's columns, some thousands of rows at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.config.source import Source
from keepfit.data.cells import is_text
from keepfit.data.composed import open_composed
from keepfit.data.media import ENDINGS, Medium, medium_of
from keepfit.data.sources.archive import Entry, listed, read_file, told_others
from keepfit.data.sources.locate import format_of, locate, walk
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.data.unread import FILE, Unread
from keepfit.errors import DataError
from keepfit.features.lookup import kind_of
from keepfit.features.points import open_points
from keepfit.features.series import Asked
from keepfit.features.windows import open_windows
from keepfit.serving.bundle.cells import composed_of, parts_of
from keepfit.serving.bundle.frames import table_of
from keepfit.serving.bundle.model import ServedModel

FILE_ROWS = 256


class Question(NamedTuple):
    """Some rows."""

    features: pa.Table
    """The model's columns."""
    kept: pa.Table
    """The columns to stand beside the answers; of pictures and recordings `file`, the path of each."""


Keeping = Callable[[Sequence[str]], Sequence[str]]
"""From the columns of a source to those that are kept beside the answers."""


def nothing(_columns: Sequence[str]) -> Sequence[str]:
    """No column."""
    return ()


def questions(
    rows: Path,
    model: ServedModel,
    config: Pipeline,
    scratch: Path,
    unread: list[Unread],
    notes: list[str],
    keeping: Keeping = nothing,
) -> Iterator[Question]:
    """The rows in their order, in one question at least.

    Rows that no question holds are put into `unread` before the one that follows them is given, and what a person
    should read into `notes`. Raises DataError for what is not there, cannot be read, or lacks a feature column.
    """
    files = locate((rows,))
    loose = {file: form for file in files if file.is_file() and (form := _form_of_one(file))}
    forms = {file: loose.get(file) or _form_of_folder(file, model) for file in files}
    if len(sorts := sorted({*forms.values()}, reverse=True)) > 1:
        one, other = (next(file for file in files if forms[file] == form) for form in sorts[:2])
        raise DataError(
            f"{medium_of(forms[one]).many} and other files were named, {one.name} and {other.name}.",
            todo="Ask for the one or the other.",
            where=str(rows),
        )
    if not (form := forms[files[0]]):
        yield from _rows(files, model, config, scratch, unread, notes, keeping)
        return
    medium = medium_of(form)
    column = _one_file(model, medium)
    base = Path(os.path.commonpath([file.parent for file in files]))
    entries = [Entry(_below(base, file), partial(read_file, file)) for file in loose]
    with ExitStack() as stack:
        for folder in (file for file in files if file not in loose):
            found, left = stack.enter_context(listed(folder, medium))
            notes += told_others(folder, left, medium)
            above = _below(base, folder) if len(files) > 1 else PurePosixPath()
            entries += [replace(entry, name=above / entry.name) for entry in found]
        yield from _files(entries, column, unread)


def _below(base: Path, file: Path) -> PurePosixPath:
    return PurePosixPath(file.relative_to(base))


def _form_of_folder(file: Path, model: ServedModel) -> str:
    """images or sounds where such lie in a folder or zip, else empty; an empty folder is one without files to whom
    files are rows."""
    if file.is_dir() and not walk(file):
        return _form_of_rows(model)
    form = format_of(file)
    return form if form in ENDINGS else ""


def _form_of_rows(model: ServedModel) -> str:
    """images or sounds where one such file makes a row of the model, else empty."""
    return kind_of(model.columns[0]["kind"]).whole_file if len(model.columns) == 1 else ""


def _form_of_one(file: Path) -> str:
    """images or sounds where a file is one such, by its ending or by how it begins; else empty."""
    with file.open("rb") as content:
        start = content.read(16)
    media = map(medium_of, ENDINGS)
    return next((m.form for m in media if file.suffix.lower() in m.endings or m.begins(start)), "")


def _rows(
    files: tuple[Path, ...],
    model: ServedModel,
    config: Pipeline,
    scratch: Path,
    unread: list[Unread],
    notes: list[str],
    keeping: Keeping,
) -> Iterator[Question]:
    opened = _opened(files, model, config, scratch)
    model.require(list(opened.columns))
    notes += opened.notes
    names, found = keeping(opened.columns) or _named_by(model), 0
    for batch in opened.batches():
        unread += opened.unread[len(unread) :]
        if batch.num_rows:
            yield Question(table_of(_with_files(batch, model), model.columns), _kept(batch, names))
            found += batch.num_rows
    unread += opened.unread[len(unread) :]
    notes += opened.later
    if not found:
        features = pa.table({column["name"]: pa.nulls(0, pa.string()) for column in model.columns})
        yield Question(features, pa.table({name: pa.nulls(0, pa.string()) for name in names}))


def _kept(batch: pa.RecordBatch, names: Sequence[str]) -> pa.Table:
    """Text in one type, whatever a reader made of it."""
    cells = [batch[name].cast(pa.string()) if is_text(batch[name].type) else batch[name] for name in names]
    return pa.Table.from_arrays(cells, names=[*names])


def _with_files(batch: pa.RecordBatch, model: ServedModel) -> pa.RecordBatch:
    """With pictures as bytes: a text in a file spells one, and is no path on this machine as in a caller's frame."""
    for column in model.columns:
        place, kind = batch.schema.get_field_index(column["name"]), kind_of(column["kind"])
        if kind.whole_file and is_text(batch.schema.field(place).type):
            batch = batch.set_column(place, column["name"], kind.read(batch.column(place)))
    return batch


def _opened(files: tuple[Path, ...], model: ServedModel, config: Pipeline, scratch: Path) -> Opened:
    """The files, read as the YAML says its source is.

    Its names hold for rows without a header, with or without the target's, and for a header that lacks what is needed.
    """
    source, window, points = config.source, model.window, model.points
    made = window or points
    needed = frozenset(part for column in model.columns for part in parts_of(column))
    reading = Reading(
        scratch=scratch,
        target=config.target,
        needed=made.source_columns(needed) if made else needed,
        uncoded=frozenset(c["name"] for c in model.columns if not kind_of(c["kind"]).coded),
        format=source.format if _named_alike(files[0], source) else "auto",
        columns=source.columns,
        delimiter=source.delimiter,
        encoding=source.encoding,
        missing=source.missing,
        sheet=source.sheet,
        piece=source.piece,
    )
    opened = open_points(files, reading, points) if points else open_source(files, reading)
    opened = open_composed(opened, composed_of(model.columns))
    if window is None:
        return opened
    return open_windows(opened, Asked(window, model.schema["target"], config.problem.form or "", newest=True))


def _named_by(model: ServedModel) -> list[str]:
    """What tells which series an answer is of; of a forecast also the time of its newest point."""
    window = model.window
    if model.points is not None:
        return [model.points.id]
    return [] if window is None else [*([window.by] if window.by else []), window.time]


def _named_alike(rows: Path, source: Source) -> bool:
    """Whether the rows' file ends as the source's does, so that the format given for one holds for the other."""
    first = source.path[0] if isinstance(source.path, tuple) else source.path
    return first is not None and Path(first).suffix.lower() == rows.suffix.lower()


def _files(entries: list[Entry], column: str, unread: list[Unread]) -> Iterator[Question]:
    """One question at least; a file whose bytes cannot be had is in none, and in `unread`."""
    for start in range(0, max(1, len(entries)), FILE_ROWS):
        names, cells = [], []
        for row, entry in enumerate(entries[start : start + FILE_ROWS], start + 1):
            try:
                cells.append(entry.read())
                names.append(str(entry.name))
            except DataError as error:
                unread.append(Unread(row, str(entry.name), error.found.rstrip(".")))
        features = pa.table({column: pa.array(cells, pa.binary())})
        yield Question(features, pa.table({FILE: pa.array(names, pa.string())}))


def _one_file(model: ServedModel, medium: Medium) -> str:
    """The only column of the model. Raises DataError where such a file alone does not make a row."""
    names = [str(column["name"]) for column in model.columns]
    if _form_of_rows(model) == medium.form:
        return names[0]
    raise DataError(
        f"these are {medium.many}, and a row of this model is: {', '.join(names[:20])}.",
        allowed=f"Files of {medium.many} are rows for a model of one {medium.one} alone.",
        todo=f"Give a table with these columns; Parquet can hold {medium.many} too, as the bytes of their files.",
    )
