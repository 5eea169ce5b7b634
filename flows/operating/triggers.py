"""What the server may wait for, and what it then does, in the words of Prefect's automations.

What is expected is named and never `prefect.flow-run.*`, for a late heartbeat would match that.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from keepfit.config import Pipeline

MOVES = (
    *("Scheduled", "Late", "AwaitingRetry", "AwaitingConcurrencySlot", "Resuming"),
    *("Pending", "Submitting", "Running", "Retrying"),
)
"""The states of a run that begins or goes on, as its events name them."""
ENDS = ("Completed", "Failed", "Cancelling", "Cancelled", "Crashed")
"""Those of a run that ends."""
RUN = "prefect.flow-run."


def absence(
    after: set[str], expected: set[str], within: timedelta, *related: ResourceSpecification, match: Any = None
) -> EventTrigger:
    """Fires for a run that showed one of `after` and then, `within` this time, none of the `expected`."""
    return EventTrigger(
        posture=Posture.Proactive,
        after={RUN + name for name in after},
        expect={RUN + name for name in expected},
        for_each={"prefect.resource.id"},
        match=ResourceSpecification.model_validate({"prefect.resource.id": [f"{RUN}*"], **(match or {})}),
        match_related=list(related),
        within=within,
        threshold=1,
    )


def said(config: Pipeline, events: set[str]) -> EventTrigger:
    """Fires for each of these events of a pipeline."""
    return presence(events, {"prefect.resource.id": f"keepfit.pipeline.{config.name}"})


def presence(events: set[str], match: dict[str, Any], *related: ResourceSpecification) -> EventTrigger:
    """Fires for each of these events of what has such labels."""
    return EventTrigger(
        posture=Posture.Reactive,
        expect=events,
        for_each={"prefect.resource.id"},  # or an action cannot name it
        match=ResourceSpecification.model_validate(match),
        match_related=list(related),
        threshold=1,
        within=timedelta(0),
    )


def of_deployments(*ids: str) -> ResourceSpecification:
    """The runs of these deployments."""
    return _related("deployment", *(f"prefect.deployment.{id}" for id in ids))


def tagged(tag: str) -> ResourceSpecification:
    """The runs with this tag."""
    return _related("tag", f"prefect.tag.{tag}")


def _related(role: str, *ids: str) -> ResourceSpecification:
    return ResourceSpecification.model_validate({"prefect.resource.role": role, "prefect.resource.id": [*ids]})


def becomes(state: StateType, message: str, name: str | None = None) -> ActionTypes:
    """The action that puts a run into a state."""
    return ChangeFlowRunState(state=state, name=name, message=message, force=False)


def starting(deployment: str, parameters: dict[str, Any] | None) -> ActionTypes:
    """The action that starts a run of a deployment, by its id; None for the parameters that it has."""
    return RunDeployment(source="selected", deployment_id=UUID(deployment), parameters=parameters, job_variables=None)
