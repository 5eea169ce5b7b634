"""Score a batch: tables or the rows of a query into Parquet or a database table, on every core, in bounded memory.

A batch is cut into parts, each of which is put in place at one instant with a note of what it holds. Killed at any
moment, the same command goes on with the first part that is not there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.serving import model_of
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.scoring.asked import Asked, Rows
from keepfit.serving.scoring.kept import keeping
from keepfit.serving.scoring.part import Note, answered, parts
from keepfit.serving.scoring.place import Place, place_of
from keepfit.serving.scoring.summary import Summary, remember, summary_of
from keepfit.serving.scoring.workers import in_order
from keepfit.store import files
from keepfit.store.store import Store

__all__ = ["Asked", "Summary", "score"]

_VERSIONS = [version("keepfit"), pa.__version__]
"""How rows are cut into parts may change with them, and then a killed batch begins anew."""


def score(config: Pipeline, asked: Asked) -> Summary:
    """Answer every row by the model in service and put the answers where they were asked for.

    A line has `row` (from 1), the columns that are kept, prediction, what else the problem says of it, model_version
    and bundle. What was asked before of the same rows and the same model is not done again. Raises ConfigError where
    no model is in service or the answers cannot go there, DataError for rows of which none can be read, or that lack a
    feature column.
    """
    began = time.perf_counter()
    model, store = model_of(config, asked.bundle), Store(config.resolve(config.store))
    place = place_of(config, asked, store)
    with place.locked(), Rows(config, asked, store) as rows:
        job = files.digest_of({"rows": rows.digest, "bundle": model.id, "keep": asked.keep, "by": _VERSIONS})
        notes, said = place.begin(job), list[str]()
        there = {*notes}
        if not place.is_whole():
            for note in _scored(config, model, asked, rows.path, place, there, said):
                notes[note.part] = note
            rows.check()
        summary = summary_of(config, model, place, notes, said, job, len(there))
        remember(store, summary, notes, model)
        place.finish(notes)
    fresh = sum(note.lines for part, note in notes.items() if part not in there)
    return summary.timed(time.perf_counter() - began, fresh)


def _scored(
    config: Pipeline, model: ServedModel, asked: Asked, rows: Path, place: Place, there: set[int], said: list[str]
) -> Iterator[Note]:
    """The parts that are not there yet, put in place."""
    model.hurry()
    keep = keeping(model, asked.keep, said)
    with TemporaryDirectory() as scratch:
        missing = (p for p in parts(model, rows, config, Path(scratch), said, keep) if p.number not in there)
        yield from in_order(missing, lambda part: place.put(*answered(model, part)))
