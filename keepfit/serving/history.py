"""What was live when and why, and how good models were over time: the journal, told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from pydantic import BaseModel, ConfigDict

from keepfit.config import Pipeline
from keepfit.serving import journal
from keepfit.store import files
from keepfit.store.artifacts import Outcome
from keepfit.store.records import Record
from keepfit.store.store import Store

How = Literal["first", "better", "forced", "rolled back"]
"""What put a model in service."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True)


class Term(_Told):
    """One stretch of time in which one model was in service."""

    bundle: str
    version: str
    """In the registry."""
    began: str
    """ISO 8601, as is `ended`."""
    ended: str | None
    """None for the model in service now."""
    how: How
    run: str
    """The run that put it in service; empty for a rollback."""
    sentence: str
    """The verdict's sentence, or why the model before was rolled back."""
    who: str
    """The person who forced, approved or rolled back, where a name was given."""
    why: str
    """What that person gave as reason."""
    score: float | None
    """Its figure in the pipeline's metric when it was judged; None where nobody knows it any more."""


class Decided(_Told):
    """One decision, whether or not it changed what is in service."""

    time: str
    action: Literal["release", "rollback"]
    run: str
    """The run that decided; empty for a rollback."""
    bundle: str
    """The bundle that was judged, or taken out of service."""
    version: str | None
    before: str | None
    """The bundle in service before."""
    after: str | None
    """The bundle in service afterwards."""
    outcome: Outcome | None
    """None for a rollback."""
    reason: str
    """The verdict's code, such as better or gate_failed; empty for a rollback."""
    sentence: str
    who: str
    why: str
    score: float | None

    @property
    def enters_service(self) -> bool:
        """Whether the bundle came into service by it."""
        return self.action == "release" and self.outcome in ("FIRST", "PROMOTE")


class Score(_Told):
    """How good a model was, once."""

    time: str
    of: Literal["test", "live"]
    """The test rows of a run, or rows of which the truth was known later."""
    bundle: str
    run: str
    """The run whose test rows; empty for live rows."""
    value: float


class History(_Told):
    """All that `keepfit history` tells."""

    pipeline: str
    metric: str
    """What the scores are of."""
    terms: tuple[Term, ...]
    """The newest first, as are the others."""
    decisions: tuple[Decided, ...]
    scores: tuple[Score, ...]


def history_of(config: Pipeline) -> History:
    """What the journal of a pipeline tells, with the scores that its store still knows; nothing is changed.

    Raises MachineError where the journal cannot be read.
    """
    store, metric = Store(config.resolve(config.store)), config.metric
    measured = [record for record in store.records if metric in record.metrics]
    decisions = list(_decisions(journal.read(store), {one.run: one.metrics[metric] for one in measured}, metric))
    scores = [*_on_test_rows(decisions, measured, metric), *_on_live_rows(store, metric)]
    scores.sort(key=lambda score: score.time)
    return History(
        pipeline=config.name,
        metric=metric,
        terms=tuple(reversed([*_terms(decisions)])),
        decisions=tuple(reversed(decisions)),
        scores=tuple(reversed(scores)),
    )


def _decisions(told: journal.State, known: dict[str, float], metric: str) -> Iterator[Decided]:
    """The lines, the oldest first; `known` has the scores of runs whose line does not hold them."""
    state = journal.State()
    for line in told.lines:
        before, state = state.champion, journal.after(state, line)
        if line.action == "retire":  # nothing was decided on what is in service
            continue
        yield Decided(
            time=line.time, action=line.action, run=line.run, bundle=line.bundle, version=line.version or None,
            before=before.bundle if before else None, after=state.champion.bundle if state.champion else None,
            outcome=line.outcome, reason=line.reason, sentence=line.sentence or _rolled_back(line),
            who=line.who, why=line.why, score=line.metrics.get(metric, known.get(line.run)),
        )  # fmt: skip


def _rolled_back(line: journal.Line) -> str:
    by = f" by {line.who}" if line.who else ""
    because = f", because: {line.why.rstrip('.')}" if line.why else ""
    return f"Version {line.version} was rolled back{by}{because}."


def _terms(decisions: list[Decided]) -> Iterator[Term]:
    """Who served from which change to the next."""
    entered = {one.bundle: one for one in decisions if one.enters_service}
    changes = [one for one in decisions if one.enters_service or one.action == "rollback"]
    for change, following in zip(changes, [*changes[1:], None], strict=False):
        served = entered.get(change.after or "")
        if served is not None:
            yield Term(
                bundle=served.bundle, version=served.version or "", began=change.time,
                ended=following.time if following else None, how=_how(change),
                run=change.run, sentence=change.sentence, who=change.who, why=change.why, score=served.score,
            )  # fmt: skip


def _how(change: Decided) -> How:
    if change.action == "rollback":
        return "rolled back"
    return "forced" if change.reason == "forced" else "first" if change.outcome == "FIRST" else "better"


def _on_test_rows(decisions: list[Decided], measured: list[Record], metric: str) -> Iterator[Score]:
    """Of every model that was judged, and of the one in service where a run only measured it."""
    for one in decisions:
        if one.score is not None:
            yield Score(time=one.time, of="test", bundle=one.bundle, run=one.run, value=one.score)
    for run in measured:
        if run.verdict is None and run.champion:
            time, value = run.ended or run.started, run.metrics[metric]
            yield Score(time=time, of="test", bundle=run.champion, run=run.run, value=value)


def _on_live_rows(store: Store, metric: str) -> Iterator[Score]:
    """What `keepfit monitor` found; a damaged record is passed over."""
    for path in sorted((store / "monitored").glob("*.json")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found = files.read_json(path)
            live = found["live"]
            if live and live["metric"] == metric:
                yield Score(time=found["time"], of="live", bundle=found["bundle"], run="", value=live["value"])
