"""Rows that are answered for the purpose of watching, and nowhere written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.data.unread import Unread, sentence, unfit_rows
from keepfit.errors import DataError
from keepfit.problems.answer import Answers
from keepfit.serving.bundle.fallen import Fallen, fallen_of
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.prediction.lines import Piece, pieces
from keepfit.serving.prediction.questions import questions
from keepfit.serving.scoring.asked import Asked, Rows
from keepfit.serving.scoring.workers import in_order
from keepfit.store.store import Store

_SOURCE = "the source of the YAML"
_OWN = (
    "no batch was scored by the model in service yet, so the source of the YAML is looked at; rows that the model "
    "learned from may be among these."
)


@dataclass(frozen=True)
class Judged:
    """Rows and their answers, in order; those that could not be answered are in neither."""

    named: str
    fallen: Fallen
    answers: Answers
    """[N, A]."""
    kept: list[pa.Table]
    """The target and the key, as far as the rows have them."""
    notes: list[str]

    def column(self, name: str) -> pa.ChunkedArray | None:
        """What was kept of a column; None where it was not there."""
        if not all(name in part.column_names for part in self.kept):
            return None
        chunks = [chunk.cast(pa.string()) for part in self.kept for chunk in part[name].chunks]
        return pa.chunked_array(chunks, pa.string())


def ask(config: Pipeline, model: ServedModel, store: Store, rows: Path | None, key: str | None) -> Judged:
    """Answer the rows, or those of the YAML's source. Raises DataError where none can be."""
    fallen, answers, kept, bad, notes = fallen_of(model), list[Answers](), list[pa.Table](), list[Unread](), list[str]()
    model.hurry()
    with TemporaryDirectory() as scratch:
        asked = _pieces(config, model, store, rows, Path(scratch), key, notes)
        for columns, counts, found, unread in in_order(asked, lambda piece: _answered(model, piece)):
            fallen.take(counts)
            answers.append(found)
            kept.append(columns)
            bad += unread
    named = str(rows) if rows else _SOURCE
    if bad:
        notes.append(f"{sentence(bad, fallen.rows + len(bad))}.")
    if not fallen.rows:
        raise DataError(*notes[-1:] or ["there is no row."], todo="Name other rows.", where=named)
    return Judged(named, fallen, np.concatenate(answers), kept, [*([] if rows else [_OWN]), *notes])


def _answered(model: ServedModel, piece: Piece) -> tuple[pa.Table, dict[str, Any], Answers, list[Unread]]:
    counts = fallen_of(model)
    scored = model.score(piece.features, counts)
    fit = np.delete(np.arange(len(scored.answers)), [*scored.unfit])
    bad = [*piece.unread, *unfit_rows(scored.unfit, piece.places, piece.kept)]
    return piece.kept.take(fit), counts.json(), scored.answers[fit], bad


def _pieces(
    config: Pipeline,
    model: ServedModel,
    store: Store,
    rows: Path | None,
    scratch: Path,
    key: str | None,
    notes: list[str],
) -> Iterator[Piece]:
    def keeping(columns: Sequence[str]) -> list[str]:
        return [name for name in columns if name in (config.target, key)]

    with ExitStack() as stack:
        for path in [rows] if rows else _source(config, store, stack):
            unread: list[Unread] = []
            yield from pieces(questions(path, model, config, scratch, unread, notes, keeping), unread)


def _source(config: Pipeline, store: Store, stack: ExitStack) -> list[Path]:
    if config.source.sql is not None:
        return [stack.enter_context(Rows(config, Asked(sql=config.source.sql), store)).path]
    paths = (config.source.path,) if isinstance(config.source.path, str) else config.source.path or ()
    return [config.resolve(path) for path in paths]
