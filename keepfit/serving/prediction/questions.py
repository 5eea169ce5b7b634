"""The rows to predict, whatever they lie in, as tables of the model's columns, some thousands of rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.config.sections import Source
from keepfit.data.sources.archive import Entry, listed, read_file
from keepfit.data.sources.locate import PICTURES, format_of, locate
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.errors import DataError
from keepfit.features.lookup import kind_of
from keepfit.serving.bundle.frames import table_of
from keepfit.serving.bundle.model import ServedModel

PICTURE_ROWS = 256


def questions(rows: Path, model: ServedModel, config: Pipeline, scratch: Path) -> Iterator[pa.Table]:
    """Tables of the model's columns in the rows' order; for pictures also `file`, each picture's path.

    Raises DataError for what is not there, cannot be read, or lacks a feature column.
    """
    files = locate((rows,))
    loose = [file for file in files if file.suffix.lower() in PICTURES]
    folders = [file for file in files if file not in loose and format_of(file) == "images"]
    others = tuple(file for file in files if file not in loose and file not in folders)
    if others and (loose or folders):
        raise DataError(
            f"pictures and other files were named, {(loose or folders)[0].name} and {others[0].name}.",
            todo="Ask for the one or the other.",
            where=str(rows),
        )
    if others:
        yield from _rows(others, model, config, scratch)
    base = Path(os.path.commonpath([file.parent for file in files]))
    yield from _pictures([Entry(_below(base, file), partial(read_file, file)) for file in loose], model)
    for folder in folders:
        with listed(folder) as entries:
            if not entries:
                allowed = f"Read are {', '.join(PICTURES)}."
                raise DataError("there is no picture in it.", allowed=allowed, where=str(folder))
            above = _below(base, folder) if len(files) > 1 else PurePosixPath()
            yield from _pictures([replace(entry, name=above / entry.name) for entry in entries], model)


def _below(base: Path, file: Path) -> PurePosixPath:
    return PurePosixPath(file.relative_to(base))


def _rows(files: tuple[Path, ...], model: ServedModel, config: Pipeline, scratch: Path) -> Iterator[pa.Table]:
    opened = _opened(files, model, config, scratch)
    model.require(list(opened.columns))
    for batch in opened.batches():
        if batch.num_rows:
            yield table_of(batch, model.columns)


def _opened(files: tuple[Path, ...], model: ServedModel, config: Pipeline, scratch: Path) -> Opened:
    """The files, read as the YAML says its source is.

    Its names hold for rows without a header, with or without the target's, and for a header that lacks what is needed.
    """
    source = config.source
    reading = Reading(
        scratch=scratch,
        target=config.target,
        needed=frozenset(column["name"] for column in model.columns),
        uncoded=frozenset(c["name"] for c in model.columns if not kind_of(c["kind"]).coded),
        format=source.format if _named_alike(files[0], source) else "auto",
        columns=source.columns,
        delimiter=source.delimiter,
        encoding=source.encoding,
        missing=source.missing,
        sheet=source.sheet,
    )
    return open_source(files, reading)


def _named_alike(rows: Path, source: Source) -> bool:
    """Whether the rows' file ends as the source's does, so that the format given for one holds for the other."""
    first = source.path[0] if isinstance(source.path, tuple) else source.path
    return first is not None and Path(first).suffix.lower() == rows.suffix.lower()


def _pictures(entries: list[Entry], model: ServedModel) -> Iterator[pa.Table]:
    picture = _one_picture(model) if entries else ""
    for start in range(0, len(entries), PICTURE_ROWS):
        part = entries[start : start + PICTURE_ROWS]
        cells = pa.array([entry.read() for entry in part], pa.binary())
        names = pa.array([str(entry.name) for entry in part], pa.string())
        yield pa.table({"file": names, picture: cells})


def _one_picture(model: ServedModel) -> str:
    """The only column of the model. Raises DataError where a picture alone does not make a row."""
    names = [str(column["name"]) for column in model.columns]
    if len(names) == 1 and kind_of(model.columns[0]["kind"]).whole_file:
        return names[0]
    raise DataError(
        f"these are pictures, and a row of this model is: {', '.join(names[:20])}.",
        allowed="Files of pictures are rows for a model of one picture alone.",
        todo="Give a table with these columns; Parquet can hold pictures too, as the bytes of their files.",
    )
