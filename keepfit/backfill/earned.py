"""What three ways of choosing a model would have earned on the rows that came next. N rows, A numbers an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keepfit.backfill.answered import NONE, Rows, answered, schema_of
from keepfit.backfill.periods import Ask, said
from keepfit.backfill.plan import Planned
from keepfit.backfill.served import Served, served
from keepfit.backfill.told import WAYS, Backfilled, Difference, Told, Way
from keepfit.config import Pipeline
from keepfit.errors import DataError
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.lookup import judge_of
from keepfit.store.artifacts import Bundle
from keepfit.store.records import Record
from keepfit.store.run import Run


def earned(run: Run, walk: Sequence[Planned], ask: Ask) -> Backfilled:
    """Ask every model about the rows that came next, and set the three ways side by side.

    Raises DataError where no period reached a verdict, with what the first one says.
    """
    models = list(served(run, walk))
    _refuse_none(models)
    schema = _newest(run, models)
    measure, pool, told = Measure(run.config, schema), Pool(), []
    for planned, one in zip(walk, models, strict=True):
        rows = answered(run, planned.coming, one.models.values(), schema) if one.ways else NONE
        if one.ways:
            pool.add(rows, one.ways)
        told.append(_told(planned, one, rows, pool, measure))
    return Backfilled(
        pipeline=run.config.name,
        metric=run.config.metric,
        every=ask.every,
        periods=tuple(told),
        rows=len(pool.labels),
        left_out=pool.gone,
        earned=told[-1].so_far,
        against=_against(pool, measure),
        confidence=1 - 2 * run.config.release.level,
    )


@dataclass
class Pool:
    """The rows of all periods so far, answered by each way's model of their period."""

    labels: Labels = field(default_factory=lambda: np.empty(0))
    answers: dict[Way, Answers] = field(default_factory=dict)
    gone: int = 0

    def add(self, rows: Rows, ways: dict[Way, Bundle]) -> None:
        """Put the rows of a period to them."""
        new = {way: rows.answers[model.id] for way, model in ways.items()}
        before = bool(self.answers)
        self.labels = np.concatenate([self.labels, rows.labels]) if before else rows.labels
        self.answers = {w: np.concatenate([self.answers[w], new[w]]) if before else new[w] for w in WAYS}
        self.gone += rows.gone


class Measure:
    """The pipeline's metric, and its paired test; `schema` says how labels and answers are written."""

    def __init__(self, config: Pipeline, schema: dict[str, Any]) -> None:
        self._schema = schema
        self._judge, self._metric, self._level = judge_of(config.problem.kind), config.metric, config.release.level

    def figures(self, labels: Labels, answers: dict[Way, Answers]) -> dict[Way, float]:
        """Of each way; none without rows, or where these do not define the metric, as a ranking of one class."""
        if not len(labels):
            return {}
        found = {way: self._judge.figures(labels, given, self._schema) for way, given in answers.items()}
        return {way: scores[self._metric] for way, scores in found.items() if self._metric in scores}

    def difference(self, labels: Labels, old: Answers, new: Answers) -> Difference | None:
        """How much better the new answers are; None without rows, or where these do not define the metric."""
        if not len(labels):
            return None
        try:
            found = self._judge.compare(labels, old, new, self._schema, self._metric, self._level)
        except DataError:
            return None
        return Difference(difference=found.difference, low=found.low, high=found.high, rows=found.rows)


def _told(planned: Planned, one: Served, rows: Rows, pool: Pool, measure: Measure) -> Told:
    answers = {way: rows.answers[model.id] for way, model in one.ways.items()}
    against = None
    if one.before and one.challenger:
        against = measure.difference(rows.labels, rows.answers[one.before.id], rows.answers[one.challenger.id])
    return Told(
        at=said(planned.period.at),
        until=said(planned.period.until),
        rows=planned.learned.rows,
        coming=planned.coming.rows,
        **_verdict(one.record),
        report=f"runs/{one.record.run}/report.html",
        earned=measure.figures(rows.labels, answers),
        so_far=measure.figures(pool.labels, pool.answers),
        challenger=against,
    )


def _verdict(record: Record) -> dict[str, Any]:
    if record.verdict is not None:
        found = record.verdict
        return {"outcome": found.outcome, "reason": found.reason, "sentence": found.sentence}
    assert record.failure is not None
    return {"outcome": "FAILED", "reason": record.failure.kind, "sentence": record.failure.message}


def _against(pool: Pool, measure: Measure) -> dict[Way, Difference]:
    others: tuple[Way, Way] = ("never", "always")
    if not pool.answers:
        return {}
    found = {way: measure.difference(pool.labels, pool.answers[way], pool.answers["followed"]) for way in others}
    return {way: difference for way, difference in found.items() if difference is not None}


def _newest(run: Run, models: Sequence[Served]) -> dict[str, Any]:
    """The schema of the newest model; empty where none came into service."""
    newest = models[-1].ways.get("always")
    return schema_of(run.store / newest.folder) if newest else {}


def _refuse_none(models: Sequence[Served]) -> None:
    failures = [one.record.failure for one in models if one.record.failure is not None]
    if len(failures) == len(models):
        raise DataError(f"none of the {len(models)} periods reached a verdict. The first: {failures[0].message}")
