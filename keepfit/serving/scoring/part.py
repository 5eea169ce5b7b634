"""A batch in parts: cut by the reader, answered by whichever core is free, each with a note of what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.data.unread import Unread
from keepfit.errors import DataError
from keepfit.quoting import NAMED
from keepfit.serving.bundle.fallen import fallen_of
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.bundle.remarks import Remarks
from keepfit.serving.prediction.lines import Piece, lines_of, pieces
from keepfit.serving.prediction.questions import Keeping, questions
from keepfit.serving.scoring.kept import BUNDLE, NUMBER

ROWS, BYTES = 131_072, 64 << 20
"""A part ends with the piece that has it reach so many rows or bytes: a second of one core's work on a table."""


@dataclass(frozen=True)
class Part:
    """Some pieces of the source, one after the other."""

    number: int
    pieces: tuple[Piece, ...]
    is_last: bool = False


@dataclass(frozen=True)
class Note:
    """What a part that is in place holds."""

    part: int
    is_last: bool
    lines: int
    bad: int
    """Lines that are empty, as their rows could not be read; `named` are the first of them: row, where, why."""
    named: tuple[tuple[int, str, str], ...]
    kept: tuple[str, ...]
    """The columns of the rows that stand beside the answers."""
    told: dict[str, Any]
    """`Remarks`."""
    fallen: dict[str, Any]
    """Where its rows fall; see `keepfit.serving.bundle.fallen`."""

    def json(self) -> dict[str, Any]:
        """The note as plain values."""
        return asdict(self)


def note_of(content: dict[str, Any]) -> Note:
    """What `Note.json` gave, read again."""
    named = tuple((row, where, why) for row, where, why in content["named"])
    return Note(**{**content, "named": named, "kept": tuple(content["kept"])})


def parts(
    model: ServedModel, rows: Path, config: Pipeline, scratch: Path, notes: list[str], keeping: Keeping
) -> Iterator[Part]:
    """The rows in parts, the same ones whenever the same rows are read; what a person should read goes into `notes`."""
    unread: list[Unread] = []
    asked = pieces(questions(rows, model, config, scratch, unread, notes, keeping), unread)
    before: Part | None = None
    for number, held in enumerate(_cut(asked)):
        if before is not None:
            yield before
        before = Part(number, held)
    if before is not None:
        yield replace(before, is_last=True)


def _cut(asked: Iterator[Piece]) -> Iterator[tuple[Piece, ...]]:
    held, size, kinds = list[Piece](), 0, None
    for piece in asked:
        kinds = kinds or piece.kept.schema
        held.append(_alike(piece, kinds))
        size += piece.features.nbytes + piece.kept.nbytes
        if size >= BYTES or held[-1].last - held[0].first >= ROWS - 1:
            yield tuple(held)
            held, size = [], 0
    if held:
        yield tuple(held)


def _alike(piece: Piece, kinds: pa.Schema) -> Piece:
    """With what is kept in the types of the first rows, as the lines of all parts make one table."""
    if piece.kept.schema.equals(kinds):
        return piece
    try:
        return Piece(piece.features, piece.kept.cast(kinds), piece.places, piece.first, piece.last, piece.unread)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        name = next(name for name in kinds.names if piece.kept[name].type != kinds.field(name).type)
        raise DataError(
            f'the column "{name}" is {kinds.field(name).type} in the first rows and {piece.kept[name].type} later.',
            todo="Name the columns to keep beside the answers with --keep, or write it in one type.",
            where=f"row {piece.first:,}",
        ) from error


def answered(model: ServedModel, part: Part) -> tuple[Note, pa.Table]:
    """The lines of a part: row, what is kept, prediction, what else is said of it, model_version, bundle."""
    told, fallen, bad, tables = Remarks(), fallen_of(model), list[Unread](), []
    for piece in part.pieces:
        scored = model.score(piece.features, fallen)
        lines = lines_of(piece, scored, model)
        told.add(scored.told)
        bad += lines.bad
        tables.append(lines.columns)
    columns = pa.concat_tables(tables)
    first, last = part.pieces[0].first, part.pieces[-1].last
    versions = columns.column_names.index("model_version")
    columns = columns.set_column(versions, "model_version", pa.repeat(model.version, columns.num_rows))
    columns = columns.add_column(0, NUMBER, pa.array(np.arange(first, last + 1)))
    columns = columns.append_column(BUNDLE, pa.repeat(model.id, columns.num_rows))
    named = tuple((one.row, one.where, one.reason) for one in bad[:NAMED])
    kept = tuple(part.pieces[0].kept.column_names)
    return Note(part.number, part.is_last, columns.num_rows, len(bad), named, kept, told.json(), fallen.json()), columns
