"""Several models on the same rows, in one writing of labels and answers. N rows, A numbers an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from keepfit.backfill.answers import answer, read
from keepfit.data.snapshot import SnapshotRows
from keepfit.problems import judge as judged
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.lookup import answer_of, judge_of
from keepfit.store import files
from keepfit.store.artifacts import Bundle, Snapshot
from keepfit.store.run import Run


@dataclass(frozen=True)
class Rows:
    """The rows of one period that all of its models answered, labels and answers as the newest model writes them."""

    labels: Labels
    answers: dict[str, Answers]
    """By the bundle's id, each [N, A]."""
    gone: int = 0
    """Rows left out."""


NONE = Rows(np.empty(0), {})


def answered(run: Run, coming: Snapshot, models: Iterable[Bundle], schema: dict[str, Any]) -> Rows:
    """The answers of some models to the rows of a snapshot; `schema` is the newest model's."""
    problem, judge = answer_of(schema), judge_of(run.config.problem.kind)
    found = {model.id: (read(run.store / answer(run, coming, model).path), model) for model in models}
    answers = {
        id: problem.aligned(given, schema_of(run.store / model.folder), schema) for id, (given, model) in found.items()
    }
    rows = SnapshotRows(run.store / coming.path)
    cells = _column(rows, run.config.target)
    known = judged.known(judge.labels(cells, schema))
    for given in answers.values():
        known &= np.isfinite(given).all(axis=1)
    labels = judge.labels(cells.filter(known), schema)
    return Rows(labels, {id: given[known] for id, given in answers.items()}, int((~known).sum()) if answers else 0)


def _column(rows: SnapshotRows, name: str) -> pa.ChunkedArray:
    return pa.chunked_array([batch[name] for _, batch in rows.read([name], coded=False)])


def schema_of(bundle: Path) -> dict[str, Any]:
    """What a bundle says of itself."""
    found: dict[str, Any] = files.read_json(bundle / "schema.json")
    return found
