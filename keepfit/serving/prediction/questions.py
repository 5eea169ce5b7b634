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
from keepfit.config.sections import Source
from keepfit.data.cells import is_text
from keepfit.data.composed import open_composed
from keepfit.data.images import starts_as_picture
from keepfit.data.sources.archive import Entry, listed, read_file, told_others
from keepfit.data.sources.locate import PICTURES, format_of, locate, walk
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.data.unread import FILE, Unread
from keepfit.errors import DataError
from keepfit.features.lookup import kind_of
from keepfit.serving.bundle.cells import composed_of, parts_of
from keepfit.serving.bundle.frames import table_of
from keepfit.serving.bundle.model import ServedModel

PICTURE_ROWS = 256


class Question(NamedTuple):
    """Some rows."""

    features: pa.Table
    """The model's columns."""
    kept: pa.Table
    """The columns to stand beside the answers; of pictures `file`, each picture's path."""


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
    loose = [file for file in files if file.is_file() and (file.suffix.lower() in PICTURES or _begins_so(file))]
    folders = [file for file in files if file not in loose and _is_gallery(file, model)]
    others = tuple(file for file in files if file not in loose and file not in folders)
    if others and (loose or folders):
        raise DataError(
            f"pictures and other files were named, {(loose or folders)[0].name} and {others[0].name}.",
            todo="Ask for the one or the other.",
            where=str(rows),
        )
    if others:
        yield from _rows(others, model, config, scratch, unread, notes, keeping)
        return
    picture = _one_picture(model)
    base = Path(os.path.commonpath([file.parent for file in files]))
    entries = [Entry(_below(base, file), partial(read_file, file)) for file in loose]
    with ExitStack() as stack:
        for folder in folders:
            found, left = stack.enter_context(listed(folder))
            notes += told_others(folder, left)
            above = _below(base, folder) if len(files) > 1 else PurePosixPath()
            entries += [replace(entry, name=above / entry.name) for entry in found]
        yield from _pictures(entries, picture, unread)


def _below(base: Path, file: Path) -> PurePosixPath:
    return PurePosixPath(file.relative_to(base))


def _is_gallery(file: Path, model: ServedModel) -> bool:
    """Whether pictures lie in a folder or zip; an empty folder is one without pictures to whom pictures are rows."""
    if file.is_dir() and _is_pictured(model) and not walk(file):
        return True
    return format_of(file) == "images"


def _is_pictured(model: ServedModel) -> bool:
    return len(model.columns) == 1 and kind_of(model.columns[0]["kind"]).whole_file


def _begins_so(file: Path) -> bool:
    with file.open("rb") as content:
        return starts_as_picture(content.read(16))


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
    names, found = keeping(opened.columns), 0
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
    source = config.source
    reading = Reading(
        scratch=scratch,
        target=config.target,
        needed=frozenset(part for column in model.columns for part in parts_of(column)),
        uncoded=frozenset(c["name"] for c in model.columns if not kind_of(c["kind"]).coded),
        format=source.format if _named_alike(files[0], source) else "auto",
        columns=source.columns,
        delimiter=source.delimiter,
        encoding=source.encoding,
        missing=source.missing,
        sheet=source.sheet,
        piece=source.piece,
    )
    return open_composed(open_source(files, reading), composed_of(model.columns))


def _named_alike(rows: Path, source: Source) -> bool:
    """Whether the rows' file ends as the source's does, so that the format given for one holds for the other."""
    first = source.path[0] if isinstance(source.path, tuple) else source.path
    return first is not None and Path(first).suffix.lower() == rows.suffix.lower()


def _pictures(entries: list[Entry], picture: str, unread: list[Unread]) -> Iterator[Question]:
    """One question at least; a file whose bytes cannot be had is in none, and in `unread`."""
    for start in range(0, max(1, len(entries)), PICTURE_ROWS):
        names, cells = [], []
        for row, entry in enumerate(entries[start : start + PICTURE_ROWS], start + 1):
            try:
                cells.append(entry.read())
                names.append(str(entry.name))
            except DataError as error:
                unread.append(Unread(row, str(entry.name), error.found.rstrip(".")))
        features = pa.table({picture: pa.array(cells, pa.binary())})
        yield Question(features, pa.table({FILE: pa.array(names, pa.string())}))


def _one_picture(model: ServedModel) -> str:
    """The only column of the model. Raises DataError where a picture alone does not make a row."""
    names = [str(column["name"]) for column in model.columns]
    if _is_pictured(model):
        return names[0]
    raise DataError(
        f"these are pictures, and a row of this model is: {', '.join(names[:20])}.",
        allowed="Files of pictures are rows for a model of one picture alone.",
        todo="Give a table with these columns; Parquet can hold pictures too, as the bytes of their files.",
    )
