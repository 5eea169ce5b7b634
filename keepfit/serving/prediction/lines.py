"""A line for every row of the source, in its order: with its answer, or empty where the row could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.unread import FILE, RowPlaces, Unread, unfit_rows
from keepfit.serving.bundle.model import Scored, ServedModel
from keepfit.serving.prediction.questions import Question


@dataclass(frozen=True)
class Piece:
    """Some rows of a source, and those just before or behind them that could not be read."""

    features: pa.Table
    kept: pa.Table
    places: NDArray[np.int64]
    """Where each of its n rows stands among all rows of the source, from 1."""
    first: int
    last: int
    """The lines that it makes; behind `first` where it makes none."""
    unread: tuple[Unread, ...]
    """The rows among these that no table holds."""


def pieces(questions: Iterator[Question], unread: list[Unread]) -> Iterator[Piece]:
    """The questions, each with the lines it makes; `unread` is what the source fills with the rows in none of them."""
    places_of, end, known = RowPlaces(unread), 0, 0
    question: Question | None = None
    for question in questions:
        places = places_of.next(question.features.num_rows)
        last = max(end, int(places[-1]) if len(places) else 0)
        here = tuple(one for one in unread[known:] if one.row <= last)
        yield Piece(*question, places, end + 1, last, here)
        end, known = last, known + len(here)
    if question is not None and known < len(unread):
        none = question.features.slice(0, 0), question.kept.slice(0, 0)
        yield Piece(*none, np.zeros(0, np.int64), end + 1, unread[-1].row, tuple(unread[known:]))


@dataclass(frozen=True)
class Lines:
    """What a piece became."""

    columns: pa.Table
    """What is kept, prediction, what else the problem says of it, model_version."""
    bad: list[Unread]
    """The rows whose lines are empty."""


def lines_of(piece: Piece, scored: Scored, model: ServedModel) -> Lines:
    """The lines of a piece, in order."""
    versions = pa.repeat(model.version, len(scored.answers))
    if scored.unfit:
        versions = pc.if_else(pa.array([row not in scored.unfit for row in range(len(versions))]), versions, None)
    columns = dict(zip(piece.kept.column_names, piece.kept.columns, strict=True)) | model.columns_of(scored)
    answered = pa.table({**columns, "model_version": versions})
    unfit = unfit_rows(scored.unfit, piece.places, piece.kept)
    bad = sorted([*piece.unread, *unfit], key=lambda one: one.row)
    return Lines(_with_gaps(answered, piece), bad)


def _with_gaps(lines: pa.Table, piece: Piece) -> pa.Table:
    """The lines, and empty ones between them for the rows that could not be read."""
    if not piece.unread:
        return lines
    here = np.full(piece.last - piece.first + 1, -1)
    here[piece.places - piece.first] = np.arange(len(piece.places))
    spread = lines.take(pa.array(here, mask=here < 0))
    return _named(spread, piece) if FILE in lines.column_names else spread


def _named(lines: pa.Table, piece: Piece) -> pa.Table:
    """With the file of each picture that could not be read."""
    names = lines[FILE].to_pylist()
    for one in piece.unread:
        names[one.row - piece.first] = one.where
    return lines.set_column(lines.column_names.index(FILE), FILE, pa.array(names, pa.string()))
