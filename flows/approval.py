"""A person is asked before a model goes into service: the run suspends itself, and goes on with the answer.

It frees its worker meanwhile. Resumed, it starts from the top in a new process, as the same run of the store: every
stage is reused, and the question is answered.
"""

from __future__ import annotations

import time
from typing import Literal

from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment
from pydantic import Field

from flows.notifying import notify
from flows.outcome import publish
from flows.server import is_own
from keepfit.config.clock import duration
from keepfit.stages.release import proposed
from keepfit.stages.release.decision import Decision
from keepfit.store.artifacts import Bundle, Evaluated, Prepared, Verdict
from keepfit.store.events import Event
from keepfit.store.records import Asked
from keepfit.store.run import Run

GRACE = 24 * 3600
"""Seconds after the time for an answer in which the server may say that there was none; then the run has failed."""
_SETTLED = ("check_failed", "barred", "nothing_new", "in_service")
"""Verdicts that no person is asked about: the model cannot serve, or nothing is new."""


class Approval(RunInput):
    """The answer to whether a model goes into service."""

    answer: Literal["unanswered", "approve", "decline"] = Field(
        default="unanswered", title="Answer", description="approve puts the model in service, decline keeps it out."
    )
    reason: str = Field(default="", title="Reason", description="Why; it is journalled.")
    name: str = Field(default="", title="Your name", description="It is journalled beside the answer.")


def decided(run: Run, decision: Decision, bundle: Bundle, evaluated: Evaluated, prepared: Prepared) -> Decision:
    """What a person says of this model: what the form said, or the answer where the YAML says that one is asked.

    Suspends the run until there is an answer, or the time for it is over. Without a server of the team's there is
    nobody to ask, and the model waits for `keepfit run --force`.
    """
    approval = run.config.approval
    if approval == "never" or decision.kind != "auto":
        return decision
    verdict = proposed(run, bundle, evaluated, prepared)
    if verdict is None or not _asks(approval, verdict):
        return decision
    if is_own() or not deployment.id:
        run.tell(Event("release", "note", "Nobody can be asked here; keepfit run --force REASON approves it."))
        return Decision(kind="unanswered")
    earlier = _asks_already(run, bundle)
    if earlier:
        return Decision(kind="asked", reason=f"the run {earlier} waits for the answer")
    return _answer(run, bundle, verdict)


def _asks(approval: str, verdict: Verdict) -> bool:
    return verdict.enters_service or (approval == "always" and verdict.reason not in _SETTLED)


def _asks_already(run: Run, bundle: Bundle) -> str:
    """The run that waits for an answer about a model which answers as this one; empty where none does."""
    for one in run.store.records:
        asked = one.asked if one.waiting and one.run != run.id else None
        if asked is not None and asked.of == bundle.answers and asked.until > time.time():
            return one.run
    return ""


def _answer(run: Run, bundle: Bundle, verdict: Verdict) -> Decision:
    """Suspend, or take the answer of a run that was resumed; one that goes on too early without one asks again."""
    asked = _question(run, bundle, verdict)
    question = Approval.with_initial_data(
        description=f"**{verdict.outcome}**: {verdict.sentence}\n\nThe figures and charts stand in the run's artifact. "
        f"Without an answer within {run.config.approval_within}, the model in service stays."
    )
    left = max(1, round(asked.until - time.time()))
    answer = suspend_flow_run(wait_for_input=question, timeout=left + GRACE, key=f"approval-{asked.times}")
    run.add(waiting="")
    if answer.answer == "unanswered" and time.time() < asked.until:
        run.add(asked=asked.model_copy(update={"times": asked.times + 1}))
        return _answer(run, bundle, verdict)
    kind: Literal["unanswered", "approve", "decline"] = answer.answer
    return Decision(kind=kind, reason=answer.reason.strip(), who=answer.name.strip())


def _question(run: Run, bundle: Bundle, verdict: Verdict) -> Asked:
    """What is asked, noted in the record; those who want to know are told once."""
    asked = run.record().asked
    if asked is None or asked.of != bundle.answers:
        asked = Asked(of=bundle.answers, until=time.time() + duration(run.config.approval_within).total_seconds())
        notify(run, "asked", f"Shall this model go into service? {verdict.sentence}")
        publish(run, f"A person is asked: {verdict.sentence}")
    run.add(asked=asked, waiting=verdict.sentence)
    return asked
