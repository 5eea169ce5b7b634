"""What the server does by itself when a run is dead, and when a person gave no answer.

All wait for the absence of an event (Prefect calls it proactive): on the presence of one they would act while a run is
still ending. What is expected is named and never `prefect.flow-run.*`, for a late heartbeat would match that.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, ResumeFlowRun, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from flows.operating.deployments import OURS
from keepfit.config import Pipeline
from keepfit.config.operation import duration

HEARTBEAT = 30
"""Seconds between two signs of life of a run; the least that Prefect takes."""
SILENCE = timedelta(seconds=100)
"""A run that gave no sign of life for so long is dead: three were missed, for a busy server loses one."""
PAUSE = timedelta(seconds=20)
"""Between a run's death and the next try: its process has ended by then, and its lock is free."""
LOST = timedelta(seconds=120)
"""A run that crashed and shows nothing for so long does not go on by itself, however busy the server is."""
TRIES = 3
NEW_DATA = "keepfit.new-data"
"""The event by which another system says that a pipeline's source has new rows."""
DEAD, AGAIN = "keepfit: runs that died", "keepfit: runs that died run again"
_AGAIN = ("retrain", "score", "backfill")
"""The flows that are run again. A training in another pool is started anew by the run that waits for it."""
_ALIVE = {"Running", "heartbeat"}
"""A run may die before its first heartbeat."""
_MOVES = (
    *("Scheduled", "Late", "AwaitingRetry", "AwaitingConcurrencySlot", "Resuming"),
    *("Pending", "Submitting", "Running", "Retrying"),
)
_ENDS = ("Completed", "Failed", "Cancelling", "Cancelled", "Crashed")
_RUN = "prefect.flow-run."


def of_runs(silence: timedelta = SILENCE, pause: timedelta = PAUSE) -> list[AutomationCore]:
    """The two that look after dead runs, for a whole server."""
    died = f"It gave no sign of life for {silence.total_seconds():.0f} seconds: its process, or its machine, is gone."
    dead = AutomationCore(
        name=DEAD,
        description="A run of keepfit without a sign of life is marked Crashed.",
        # A run may die before its first heartbeat.
        trigger=_absence(
            {"heartbeat", "Running"}, {"heartbeat", "Suspended", "Paused", *_MOVES, *_ENDS}, silence, _tag(OURS)
        ),
        actions=[_to(StateType.CRASHED, None, died)],
    )
    flows = ResourceSpecification.model_validate(
        {"prefect.resource.role": "flow", "prefect.resource.name": list(_AGAIN)}
    )
    again = AutomationCore(
        name=AGAIN,
        description=f"A run that crashed goes on from where it was, {TRIES - 1} times at most.",
        trigger=_absence(
            {"Crashed"},
            {*_MOVES, *_ENDS} - {"Crashed"},
            pause,
            _tag(OURS),
            flows,
            # Not 0: what dies before it is Running, as by a broken installation, would be tried for ever.
            match={"prefect.run-count": [str(tries) for tries in range(1, TRIES)]},
        ),
        actions=[_to(StateType.SCHEDULED, "AwaitingRetry", "It died, and goes on from where it was.")],
    )
    return [dead, again]


def of_answer(config: Pipeline, deployment: str) -> AutomationCore:
    """The one that lets a run go on which has waited long enough for a person; the deployment by its id."""
    return AutomationCore(
        name=answer_name(config.name),
        description=f"Without an answer within {config.approval_within} the model in service stays.",
        trigger=_absence(
            {"Suspended"}, {*_MOVES, *_ENDS}, duration(config.approval_within), _of_deployment(deployment)
        ),
        actions=[ResumeFlowRun()],
    )


def of_alert(config: Pipeline, deployment: str, alert: str) -> AutomationCore:
    """The one by which a run that crashed and does not go on is told; both deployments by their ids.

    Each try is waited for apart: one that crashes soon after the one before would else be taken for it.
    """
    trigger = _absence({"Crashed"}, {*_MOVES, *_ENDS} - {"Crashed"}, LOST, _of_deployment(deployment))
    return AutomationCore(
        name=alert_name(config.name),
        description="A run that crashed, and goes on neither by itself nor by hand, is told to those in notify.",
        trigger=trigger.model_copy(update={"for_each": {*trigger.for_each, "prefect.run-count"}}),
        actions=[starting(alert, {"run": "{{ labels['prefect.resource.id'] }}"})],
    )


def of_events(config: Pipeline, deployment: str) -> AutomationCore:
    """The one that starts a run when another system, or `monitor`, says that there is reason to."""
    drift = {f"keepfit.monitor.{outcome}" for outcome in ("drift", "worse")}
    wanted = drift if config.schedule is not None and config.schedule.on_drift else set()
    return AutomationCore(
        name=events_name(config.name),
        description=f"An event {NEW_DATA} of keepfit.pipeline.{config.name} starts a run.",
        trigger=EventTrigger(
            posture=Posture.Reactive,
            expect={NEW_DATA, *wanted},
            match=ResourceSpecification.model_validate({"prefect.resource.id": f"keepfit.pipeline.{config.name}"}),
            threshold=1,
            within=timedelta(0),
        ),
        actions=[starting(deployment, None)],
    )


def events_name(pipeline: str) -> str:
    """What the automation is called that starts runs by events."""
    return f"keepfit: events start {pipeline}"


def answer_name(pipeline: str) -> str:
    """What the automation is called that ends the wait for an answer."""
    return f"keepfit: no answer for {pipeline}"


def alert_name(pipeline: str) -> str:
    """What the automation is called that tells of a run which crashed and does not go on."""
    return f"keepfit: a crash of {pipeline} is told"


def keep(client: SyncPrefectClient, wanted: AutomationCore) -> str:
    """Put an automation on the server: "made", "changed" or "as it was". One that is switched off stays off."""
    there = client.read_automations_by_name(wanted.name)
    if not there:
        client.create_automation(wanted)
        return "made"
    first, *more = there
    for one in more:
        client.delete_automation(one.id)
    if _core(first) == _core(wanted):  # an update would forget which runs are being waited for
        return "as it was"
    client.update_automation(first.id, wanted.model_copy(update={"enabled": first.enabled}))
    return "changed"


def drop(client: SyncPrefectClient, name: str) -> None:
    """Take the automations of this name from the server."""
    for one in client.read_automations_by_name(name):
        client.delete_automation(one.id)


def _core(one: AutomationCore) -> Any:
    return AutomationCore.model_validate(one.model_dump(include={*AutomationCore.model_fields} - {"enabled"}))


def _to(state: StateType, name: str | None, message: str) -> ActionTypes:
    return ChangeFlowRunState(state=state, name=name, message=message, force=False)


def starting(deployment: str, parameters: dict[str, Any] | None) -> ActionTypes:
    """The action that starts a run of a deployment, by its id; None for the parameters that it has."""
    return RunDeployment(source="selected", deployment_id=UUID(deployment), parameters=parameters, job_variables=None)


def _of_deployment(id: str) -> ResourceSpecification:
    return ResourceSpecification.model_validate(
        {"prefect.resource.role": "deployment", "prefect.resource.id": f"prefect.deployment.{id}"}
    )


def _tag(tag: str) -> ResourceSpecification:
    return ResourceSpecification.model_validate(
        {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{tag}"}
    )


def _absence(
    after: set[str], expected: set[str], within: timedelta, *related: ResourceSpecification, match: Any = None
) -> EventTrigger:
    """Fires for a run that showed one of `after` and then, `within` this time, none of the `expected`."""
    return EventTrigger(
        posture=Posture.Proactive,
        after={_RUN + name for name in after},
        expect={_RUN + name for name in expected},
        for_each={"prefect.resource.id"},
        match=ResourceSpecification.model_validate({"prefect.resource.id": [f"{_RUN}*"], **(match or {})}),
        match_related=list(related),
        within=within,
        threshold=1,
    )
