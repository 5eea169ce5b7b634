"""A person is asked before a model goes into service: the run suspends itself, and goes on with the answer.

It frees its worker meanwhile. Resumed, it starts from the top in a new process, as the same run of the store: every
stage is reused, and the question is answered.
"""

from __future__ import annotations

import time
from typing import Literal
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.input.actions import read_flow_run_input
from prefect.input.run_input import Keyset, keyset_from_base_key
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
from keepfit.store.records import Asked, Record
from keepfit.store.run import Run, give_up

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

    @classmethod
    def save(cls, keyset: Keyset, flow_run_id: UUID | None = None) -> None:
        """Give the form to the server, unless it has it."""
        if read_flow_run_input(keyset["schema"], flow_run_id=flow_run_id) is None:
            super().save(keyset, flow_run_id)


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
    return (earlier and _said_to(run, earlier)) or _answer(run, bundle, verdict)


def _asks(approval: str, verdict: Verdict) -> bool:
    return verdict.enters_service or (approval == "always" and verdict.reason not in _SETTLED)


def _asks_already(run: Run, bundle: Bundle) -> Record | None:
    """The newest other run that asked about a model which answers as this one, and did not go on."""
    others = (one for one in run.store.records if one.waiting and one.asked and one.run != run.id)
    return next((one for one in others if one.asked and one.asked.of == bundle.answers), None)


def _said_to(run: Run, earlier: Record) -> Decision | None:
    """What an earlier run was answered, or that it waits for the answer; None where it can wait no more.

    One that is answered while this one is under way is cancelled, as any second run is: its answer counts here.
    """
    assert earlier.asked is not None
    answer = _given_to(earlier.request, earlier.asked.times)
    if answer is None and earlier.asked.until > time.time() and _may_go_on(earlier.request):
        return Decision(kind="asked", reason=f"the run {earlier.run} waits for the answer")
    give_up(run.store, earlier, f"the run {run.id} {'carried out its answer' if answer else 'asks again'}")
    return _decision(answer) if answer else None


def _given_to(flow_run: str, times: int) -> Approval | None:
    """The answer to a run's last question; None where there is none, or the server knows nothing of it."""
    given = read_flow_run_input(_keys(times)["response"], flow_run_id=UUID(flow_run))
    answer = Approval.model_validate(given) if given else None
    return answer if answer and answer.answer != "unanswered" else None


def _may_go_on(flow_run: str) -> bool:
    """Whether a run has not ended: one that waits, or has just been answered."""
    with get_client(sync_client=True) as client:
        try:
            state = client.read_flow_run(UUID(flow_run)).state
        except ObjectNotFound:
            return False
    return state is not None and not state.is_final()


def _answer(run: Run, bundle: Bundle, verdict: Verdict) -> Decision:
    """Suspend, or take the answer of a run that was resumed; one that goes on too early without one asks again."""
    asked = _question(run, bundle, verdict)
    question = Approval.with_initial_data(
        description=f"**{verdict.outcome}**: {verdict.sentence}\n\nThe figures and charts stand in the run's artifact. "
        f"Without an answer within {run.config.approval_within}, the model in service stays."
    )
    # Prefect would do so once the run is suspended: a server that fails right then leaves one that nobody can answer.
    question.save(_keys(asked.times))
    left = max(1, round(asked.until - time.time()))
    answer = suspend_flow_run(wait_for_input=question, timeout=left + GRACE, key=_key(asked.times))
    run.add(waiting="")
    if answer.answer == "unanswered" and time.time() < asked.until:
        run.add(asked=asked.model_copy(update={"times": asked.times + 1}))
        return _answer(run, bundle, verdict)
    return _decision(answer)


def _key(times: int) -> str:
    """What Prefect keeps the answer by; each time that a run asks has its own."""
    return f"approval-{times}"


def _keys(times: int) -> Keyset:
    """Where Prefect keeps form and answer of a question."""
    return keyset_from_base_key(f"suspended-{_key(times)}")


def _decision(answer: Approval) -> Decision:
    return Decision(kind=answer.answer, reason=answer.reason.strip(), who=answer.name.strip())


def _question(run: Run, bundle: Bundle, verdict: Verdict) -> Asked:
    """What is asked, noted in the record; those who want to know are told once."""
    asked = run.record().asked
    if asked is None or asked.of != bundle.answers:
        asked = Asked(of=bundle.answers, until=time.time() + duration(run.config.approval_within).total_seconds())
        notify(run, "asked", f"Shall this model go into service? {verdict.sentence}")
        publish(run, f"A person is asked: {verdict.sentence}")
    run.add(asked=asked, waiting=verdict.sentence)
    return asked
