"""metrics.json: everything the report, the bundle and the release want to know of a model on its test rows.

model, trivial, classical     scalar metrics; null where undefined, and `undefined` says why
intervals                     metric → value, low, high at `confidence`
slices                        column, value (null: missing), rows, small, metrics, and the interval of the first of them
answers                       where the answers fall: the problem's bins of them, with the rows in each
worst, typical                row number in test_raw, and what the problem tells of it; `rests_on` of cells with parts
importance                    how much answers rest on each column: see `keepfit.stages.evaluation.importance`
dependence                    how answers change with a column: see `keepfit.stages.evaluation.dependence`
telling                       what in such columns answers rest on: see `keepfit.stages.evaluation.telling`

What else there is comes from the problem: see its `judge` module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keepfit.config import Evaluation
from keepfit.problems.judge import Judged
from keepfit.stages.evaluation.slices import Slice

FORMAT = 2
TYPICAL = 6
"""Rows that are shown of those which are answered neither well nor badly."""
SMALL = 30
"""A slice of fewer rows is marked: its figures are mostly chance."""


def document(
    rows: int, model: Judged, others: Mapping[str, Judged], groups: list[Slice], rules: Evaluation
) -> dict[str, Any]:
    """The content of metrics.json; `others` are the baselines' answers on the same rows."""
    missing = model.undefined()
    return {
        "format": FORMAT,
        "rows": rows,
        "confidence": rules.confidence,
        "model": {**model.scores(), **dict.fromkeys(missing)},
        "undefined": missing,
        "intervals": {name: ends.model_dump() for name, ends in model.intervals(rules.confidence).items()},
        **{name: {**judged.scores(), **dict.fromkeys(missing)} for name, judged in others.items()},
        **model.details(),
        "slices": [_slice(model, group, rules.confidence) for group in groups],
        "worst": model.worst(rules.worst),
        "typical": model.typical(TYPICAL),
    }


def _slice(model: Judged, group: Slice, confidence: float) -> dict[str, Any]:
    part = model.part(group.rows)
    scores, ends = part.scores(), part.intervals(confidence).get(model.sliced[0])
    return {
        "column": group.column,
        "value": group.value,
        "rows": len(group.rows),
        "small": len(group.rows) < SMALL,
        "interval": ends.model_dump() if ends else None,
        **{name: scores.get(name) for name in model.sliced},
    }
