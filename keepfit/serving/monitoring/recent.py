"""Recent rows: a batch that was scored, or rows that are scored for the purpose; with the truth, where it is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.errors import DataError
from keepfit.problems.answer import Answers
from keepfit.serving.bundle.fallen import Fallen, fallen_of
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.monitoring.asking import ask
from keepfit.serving.monitoring.truth import joined, known
from keepfit.serving.scoring.summary import Summary, newest
from keepfit.serving.scoring.to_files import lines_in
from keepfit.store.store import Store


@dataclass(frozen=True)
class Watching:
    """What is looked at."""

    rows: Path | None = None
    """A file, folder, glob or zip; the newest batch that the model in service scored when left out, or else the source
    of the YAML."""
    labels: Path | None = None
    """A table with the true values of the target, by `key`; needless where the rows hold them."""
    key: str | None = None
    """The column by which labels find their rows."""


@dataclass(frozen=True)
class Recent:
    """Rows that were answered."""

    named: str
    """Which, for a person."""
    fallen: Fallen
    truth: pa.ChunkedArray | None = None
    """The target of the rows, as it stands in them or in the labels; null where it is not known."""
    answers: Answers | None = None
    """[N, A] to the same rows."""
    notes: tuple[str, ...] = ()


def recent(config: Pipeline, model: ServedModel, store: Store, looked: Watching) -> Recent:
    """The rows that were named; else the newest batch that this model scored; else the source of the YAML."""
    truth = known(config, looked.labels, looked.key) if looked.labels and looked.key else None
    batch = newest(store, model.id) if looked.rows is None else None
    if batch is not None:
        return _of_batch(config, model, *batch, truth, looked.key)
    found = ask(config, model, store, looked.rows, looked.key)
    wanted = looked.key if truth is not None else config.target
    cells = found.column(wanted or "")
    if truth is not None and cells is None:
        raise _no_key(str(looked.labels), wanted, "the rows have")
    told = cells if truth is None or cells is None else joined(cells, truth)
    return Recent(found.named, found.fallen, told, found.answers if told is not None else None, tuple(found.notes))


def _of_batch(
    config: Pipeline,
    model: ServedModel,
    batch: Summary,
    counts: dict[str, Any],
    truth: pa.Table | None,
    key: str | None,
) -> Recent:
    fallen = fallen_of(model)
    fallen.take(counts)
    named = f"the batch scored on {batch.time[:16].replace('T', ' ')} UTC into {batch.out}"
    wanted = key if truth is not None and key else config.target
    if wanted not in batch.kept:
        if truth is not None:
            raise _no_key(named, wanted, "its lines have")
        return Recent(named, fallen)
    lines = lines_in(Path(batch.path), batch.job) if batch.path else None
    if lines is None:
        why = f"The lines of {named} are not there in a file or folder, so its answers are not judged"
        if truth is None:
            return Recent(named, fallen, notes=(f"{why}.",))
        raise DataError(f"{why}.", todo="Name the rows that the labels belong to, or score them again into a file.")
    lines = lines.filter(lines["prediction"].is_valid())
    told = lines[wanted] if truth is None else joined(lines[wanted], truth)
    return Recent(named, fallen, told, model.answer.read(lines, model.schema))


def _no_key(where: str, key: str | None, what: str) -> DataError:
    return DataError(
        f'{what} no column "{key}", by which labels would find them.',
        todo="Name a column that both have with --key; keepfit score keeps a feature with --keep.",
        where=where,
    )
