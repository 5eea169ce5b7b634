"""How good the answers were, now that the truth is known, beside what the model could at its release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from keepfit.config import Pipeline
from keepfit.data.cells import spelled, without
from keepfit.metrics.naming import IN_UNITS, figure, gain, metric_name, span
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.judge import Judged, known
from keepfit.problems.lookup import judge_of, target_column
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.monitoring.recent import Recent
from keepfit.store import files

FEWEST = 30
"""Rows whose truth is known from which a figure is given."""
LEVEL = 0.01
"""How often a model that is as good as it was may be taken for worse."""


@dataclass(frozen=True)
class Live:
    """The pipeline's metric on rows whose truth is known, and on the test rows at release."""

    metric: str
    rows: int
    value: float
    released: float
    worse: bool
    sentence: str
    interval: tuple[float, float] | None = None
    released_interval: tuple[float, float] | None = None


def live(config: Pipeline, model: ServedModel, recent: Recent) -> Live | str | None:
    """The figures; as text, why there are none although some truth is known; None where none is."""
    if recent.truth is None or recent.answers is None:
        return None
    labels, answers = _known(config, model, recent.truth, recent.answers)
    if len(labels) < FEWEST:
        return f"the truth of {len(labels):,} rows is known; from {FEWEST} on their answers are judged."
    judged = judge_of(config.problem.kind).judged(
        labels, answers, model.transform.target, config.evaluation, config.problem
    )
    return _beside(config, judged, files.read_json(model.folder / "metrics.json"), len(labels))


def _known(config: Pipeline, model: ServedModel, truth: pa.ChunkedArray, answers: Answers) -> tuple[Labels, Answers]:
    """The rows whose truth is one that the model can say; read as ingest reads it."""
    cells = spelled(truth.combine_chunks())
    cells = without(cells, model.missing) if model.missing else cells
    form = config.problem.form or model.schema.get("target_format", "")
    cells = target_column(config.problem.kind).read(cells, form=form)
    cells = cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells
    rows = np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False))
    labels = judge_of(config.problem.kind).labels(pa.chunked_array([cells.take(pa.array(rows))]), model.schema)
    sayable = known(labels)  # a class that the model does not know has no code
    kind = np.int64 if pa.types.is_string(cells.type) else np.float64
    return labels[sayable].astype(kind), answers[rows[sayable]]


def _beside(config: Pipeline, judged: Judged, released: dict[str, Any], rows: int) -> Live | str:
    metric, level = config.metric, config.evaluation.confidence
    now, before = judged.scores().get(metric), released["model"].get(metric)
    if now is None or before is None:
        return f"{metric_name(metric)} is not defined on {'these rows' if now is None else 'the test rows'}."
    ends, old = judged.intervals(level).get(metric), released["intervals"].get(metric)
    here = (ends.low, ends.high) if ends else None
    there = (old["low"], old["high"]) if old else None
    worse = False
    if here and there:
        spread = float(np.hypot(_error(here, level), _error(there, released["confidence"])))
        scale = abs(before) if metric in IN_UNITS and before else 1.0
        loss = -gain(metric, now, before)
        worse = loss > config.release.margin and loss * scale > -float(ndtri(LEVEL)) * spread
    around = f" ({span(metric, *here)})" if here else ""
    sentence = (
        f"{metric_name(metric)} {figure(metric, now)}{around} on {rows:,} rows whose truth is known, "
        f"{figure(metric, before)} at release."
    )
    return Live(metric, rows, float(now), float(before), worse, sentence, here, there)


def _error(ends: tuple[float, float], level: float) -> float:
    """The standard error that an interval was made of."""
    return float((ends[1] - ends[0]) / 2 / ndtri((1 + level) / 2))
