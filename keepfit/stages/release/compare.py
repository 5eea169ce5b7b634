"""Champion and challenger on the same raw test rows, those that either was trained on left out. N rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.config import Pipeline
from keepfit.data.identity import ROW, hashes, ids
from keepfit.errors import DataError
from keepfit.metrics.paired import Paired
from keepfit.problems.judge import known
from keepfit.problems.lookup import judge_of
from keepfit.serving.bundle.model import ServedModel, open_bundle
from keepfit.stages.release.verdict import Incomparable


@dataclass(frozen=True)
class Compared:
    """Two models on the same rows."""

    paired: Paired
    champion: dict[str, float]
    """Its metrics on these rows, by name."""
    challenger: dict[str, float]
    otherwise: str
    """What the champion was measured by when it was judged, where that is something else now."""
    beside: str
    """How the challenger does where the champion cannot be compared, such as on rows of new classes."""
    seen_by_champion: int = 0
    """Test rows left out because it was trained on them."""
    seen_by_challenger: int = 0


def compare(champion: Path, challenger: Path, raw: Path, config: Pipeline) -> Compared | Incomparable:
    """The paired test between two bundles' folders on the raw rows in `raw`, or why there can be none.

    Raises MachineError for a bundle that is damaged: that is no verdict on either.
    """
    table = pq.read_table(raw)
    old, new = open_bundle(champion), open_bundle(challenger)
    changed = _changes(old, new)
    if changed:
        return Incomparable(changed)
    known = _known_as(table, old, {column["name"] for column in new.columns}, config.target)
    of_old, of_new = seen_rows(known, champion), seen_rows(table[ROW], challenger)
    table = table.filter(pa.array(~(of_old | of_new)))
    if table.num_rows == 0:
        return Incomparable("every test row was trained on by one of the two")
    found = _judged(old, new, table, config)
    if isinstance(found, Incomparable):
        return found
    return replace(found, seen_by_champion=int(of_old.sum()), seen_by_challenger=int(of_new.sum()))


def _judged(old: ServedModel, new: ServedModel, table: pa.Table, config: Pipeline) -> Compared | Incomparable:
    """The two on rows that neither was trained on, as far as both can give the truth of these."""
    answer, truth, now = new.answer, table[config.target], new.answers(table)
    both, schema = answer.common(truth, old.schema, new.schema), answer.shared(old.schema, new.schema)
    if not both.any():
        return Incomparable("the truth of no test row is one that both know")
    table, judge = table.filter(pa.array(both)), judge_of(config.problem.kind)
    labels = judge.labels(table[config.target], schema)
    after = now[both] if schema is new.schema else answer.aligned(now[both], new.schema, schema)
    try:
        before = answer.aligned(old.answers(table), old.schema, schema)
    except (DataError, pa.ArrowInvalid) as error:
        found = error.found if isinstance(error, DataError) else str(error)
        return Incomparable(f"the champion cannot score these rows: {found.rstrip('.')}")
    try:
        paired = judge.compare(labels, before, after, schema, config.metric, config.release.level)
    except DataError as error:
        return Incomparable(error.found.rstrip("."))
    return Compared(
        paired=paired,
        champion=judge.figures(labels, before, schema),
        challenger=judge.figures(labels, after, schema),
        otherwise=answer.otherwise(old.schema, new.schema),
        beside=answer.beside(truth, now, old.schema, new.schema),
    )


def unseen(champion: Path, raw: Path, config: Pipeline) -> tuple[int, dict[str, float]]:
    """How many of the raw rows a bundle was not trained on and can give the truth of, and its figures on these.

    Raises DataError where it was trained on all of them, or cannot answer them.
    """
    table, model = pq.read_table(raw), open_bundle(champion)
    table = table.filter(pa.array(~seen_rows(_known_as(table, model, {*config.features}, config.target), champion)))
    if table.num_rows == 0:
        raise DataError("the model in service was trained on every test row.", todo="Wait for new rows.")
    judge = judge_of(config.problem.kind)
    table = table.filter(pa.array(known(judge.labels(table[config.target], model.schema))))
    if table.num_rows == 0:
        raise DataError("the truth of no test row is one that the model in service knows.", todo="Train a new one.")
    labels = judge.labels(table[config.target], model.schema)
    return table.num_rows, judge.figures(labels, model.answers(table), {**model.schema, **config.judging})


def _known_as(table: pa.Table, old: ServedModel, columns: set[str], target: str) -> pa.ChunkedArray:
    """The rows' ids as they were when the old model was trained: of its columns, which may be others than these.

    Of equal rows the first one's, as their order is not known any more.
    """
    used = {column["name"] for column in old.columns}
    if used == columns or not used <= {*table.column_names}:
        return table[ROW]
    found = hashes(table, sorted(used), [target])
    return pa.chunked_array([ids(found.low, found.high)])


def seen_rows(rows: pa.ChunkedArray, bundle: Path) -> np.ndarray:
    """bool [N]: which row ids a bundle was trained on."""
    learned = _lanes(pq.read_table(bundle / "train_rows.parquet")[ROW])
    return np.isin(_lanes(rows), learned)


def _lanes(rows: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """The first 64 of 128 bits: two of 10 million ids are taken for one with probability 5e-13."""
    ids = rows.cast(pa.binary(16)).combine_chunks()
    chunks = ids.chunks if isinstance(ids, pa.ChunkedArray) else [ids]
    lanes = [np.frombuffer(c.buffers()[1], dtype="<u8")[2 * c.offset : 2 * (c.offset + len(c)) : 2] for c in chunks]
    return np.concatenate(lanes) if lanes else np.empty(0, dtype="<u8")


def _changes(old: ServedModel, new: ServedModel) -> str:
    """What makes two models' answers differ in meaning; empty when nothing does."""
    if type(old.answer) is not type(new.answer):
        return "the problem changed"
    if changes := new.answer.changes(old.schema, new.schema):
        return changes
    kinds = {column["name"]: column["kind"] for column in new.columns}
    for column in old.columns:
        now = kinds.get(column["name"], column["kind"])
        if now != column["kind"]:
            return f'column "{column["name"]}" was a {column["kind"]} and is now a {now}'
    return ""
