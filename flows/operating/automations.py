"""What the server does by itself for a pipeline: start runs on events, end a wait for an answer, tell of a crash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import ResumeFlowRun
from prefect.events.schemas.automations import AutomationCore

from flows.operating.dead_runs import ABANDONED
from flows.operating.triggers import ENDS, MOVES, RUN, absence, of_deployments, presence, said, starting
from keepfit.config import Pipeline
from keepfit.config.clock import duration

LOST = timedelta(seconds=120)
"""A run that crashed and shows nothing for so long does not go on by itself, however busy the server is."""
NEW_DATA = "keepfit.new-data"
"""The event by which another system says that a pipeline's source has new rows."""
_RUN = {"run": "{{ labels['prefect.resource.id'] }}"}
"""What alert/NAME is asked: the run that the event is about."""


def of_answer(config: Pipeline, deployment: str) -> AutomationCore:
    """The one that lets a run go on which has waited long enough for a person; the deployment by its id."""
    return AutomationCore(
        name=answer_name(config.name),
        description=f"Without an answer within {config.approval_within} the model in service stays.",
        trigger=absence({"Suspended"}, {*MOVES, *ENDS}, duration(config.approval_within), of_deployments(deployment)),
        actions=[ResumeFlowRun()],
    )


def of_alert(config: Pipeline, deployments: Sequence[str], alert: str) -> AutomationCore:
    """The one by which a run of these that crashed and does not go on is told; all deployments by their ids.

    Each try is waited for apart: one that crashes soon after the one before would else be taken for it.
    """
    trigger = absence({"Crashed"}, {*MOVES, *ENDS} - {"Crashed"}, LOST, of_deployments(*deployments))
    return AutomationCore(
        name=alert_name(config.name),
        description="A run that crashed, and goes on neither by itself nor by hand, is told to those in notify.",
        trigger=trigger.model_copy(update={"for_each": {*trigger.for_each, "prefect.run-count"}}),
        actions=[starting(alert, _RUN)],
    )


def of_given_up(config: Pipeline, deployments: Sequence[str], alert: str) -> AutomationCore:
    """The one by which a run of these is told that `dead_runs.GIVEN_UP` has ended; all deployments by their ids."""
    match = {"prefect.resource.id": f"{RUN}*", "prefect.state-message": ABANDONED}
    return AutomationCore(
        name=given_up_name(config.name),
        description="A run that died again and again before it began, and is given up, is told to those in notify.",
        trigger=presence({f"{RUN}Failed"}, match, of_deployments(*deployments)),
        actions=[starting(alert, _RUN)],
    )


def of_events(config: Pipeline, deployment: str) -> AutomationCore:
    """The one that starts a run when another system, or `monitor`, says that there is reason to."""
    drift = {f"keepfit.monitor.{outcome}" for outcome in ("drift", "worse")}
    wanted = drift if config.schedule is not None and config.schedule.on_drift else set()
    return AutomationCore(
        name=events_name(config.name),
        description=f"An event {NEW_DATA} of keepfit.pipeline.{config.name} starts a run.",
        trigger=said(config, {NEW_DATA, *wanted}),
        actions=[starting(deployment, None)],
    )


def of_scored(config: Pipeline, monitor: str) -> AutomationCore:
    """The one that has rows looked at whenever new ones were scored; the deployment monitor by its id."""
    given = config.monitoring
    return AutomationCore(
        name=scored_name(config.name),
        enabled=not (given and given.paused),
        description=f"Rows of {config.name} that were scored are looked at.",
        trigger=said(config, {"keepfit.score.scored"}),
        actions=[starting(monitor, given.asked if given else {})],
    )


def events_name(pipeline: str) -> str:
    """What the automation is called that starts runs by events."""
    return f"keepfit: events start {pipeline}"


def scored_name(pipeline: str) -> str:
    """What the automation is called that has scored rows looked at."""
    return f"keepfit: monitor {pipeline} after scoring"


def answer_name(pipeline: str) -> str:
    """What the automation is called that ends the wait for an answer."""
    return f"keepfit: no answer for {pipeline}"


def alert_name(pipeline: str) -> str:
    """What the automation is called that tells of a run which crashed and does not go on."""
    return f"keepfit: a crash of {pipeline} is told"


def given_up_name(pipeline: str) -> str:
    """What the automation is called that tells of a run which is given up."""
    return f"keepfit: that a run of {pipeline} is given up is told"


NAMES = (answer_name, events_name, scored_name, alert_name, given_up_name)
"""Of every automation that a pipeline may have here."""


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
