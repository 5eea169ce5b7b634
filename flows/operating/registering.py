"""Deployments on the server: made, brought up to date, and taken away when they are gone.

What a person switched stays so: a schedule that is there keeps its switch, and schedules that a person added stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowFilter,
    FlowFilterName,
)
from prefect.client.schemas.objects import WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from flows.operating.deployments import OURS, Deployment
from flows.operating.pools import environment
from keepfit.config import Pipeline
from keepfit.errors import ConfigError

SLUG = "keepfit"
"""Marks the schedule that the YAML gives, beside those that a person added."""
_PAGE = 200
_BEAT = " and ".join(f"{name}={value}" for name, value in environment().items())


def register(client: SyncPrefectClient, wanted: Deployment) -> str:
    """Put one deployment on the server: "made", "changed" or "as it was".

    Raises ConfigError where its pool is not there.
    """
    _check_pool(client, wanted.pool)
    try:
        there = client.read_deployment_by_name(f"{wanted.flow}/{wanted.name}")
    except ObjectNotFound:
        _make(client, wanted)
        return "made"
    changed = differs(there, wanted)
    if changed:  # an update that changes nothing would take away the runs that are scheduled
        path = {"id": there.id}
        client.request("PATCH", "/deployments/{id}", path_params=path, json=_payload(wanted))
    return "changed" if _reschedule(client, there, wanted) or changed else "as it was"


def _check_pool(client: SyncPrefectClient, name: str) -> None:
    try:
        pool = client.read_work_pool(name)
    except ObjectNotFound as error:
        known = ", ".join(sorted(found.name for found in client.read_work_pools()))
        raise ConfigError(
            f"the Prefect server has no work pool {name}.",
            allowed=f"There are: {known}." if known else "",
            todo="keepfit bootstrap makes the pool keepfit, and --gpu-pool NAME one of GPUs.",
        ) from error
    if not beats(pool):
        raise ConfigError(
            f"the work pool {name} does not set {_BEAT} for its runs, which would be taken for dead.",
            allowed="It stands in the pool's base job template, under variables, properties, env, default.",
            todo="keepfit bootstrap sets it in a pool of processes; deployments/pools has templates for others.",
        )


def beats(pool: WorkPool) -> bool:
    """Whether the runs of a pool give a sign of life as often as the automations expect it."""
    variables = pool.base_job_template.get("variables", {}).get("properties", {})
    given = variables.get("env", {}).get("default") or {}
    return all(given.get(name) == value for name, value in environment().items())


def _payload(wanted: Deployment) -> dict[str, Any]:
    limit = {"concurrency_limit": 1, "concurrency_options": {"collision_strategy": wanted.strategy}}
    return {
        "entrypoint": wanted.entrypoint,
        "pull_steps": [],  # keepfit is installed where the worker runs
        "work_pool_name": wanted.pool,
        "parameters": wanted.parameters,
        "parameter_openapi_schema": wanted.schema,
        "enforce_parameter_schema": True,
        "description": wanted.description,
        "tags": list(wanted.tags),
        "version": version("keepfit"),
        **(limit if wanted.one else {}),
    }


def _make(client: SyncPrefectClient, wanted: Deployment) -> None:
    flow = client.create_flow_from_name(wanted.flow)
    schedules = [_schedule(wanted).model_dump(mode="json")] if wanted.schedule else []
    given = {"flow_id": str(flow), "name": wanted.name, "schedules": schedules}
    client.request("POST", "/deployments/", json={**_payload(wanted), **given})


def differs(there: DeploymentResponse, wanted: Deployment) -> bool:
    """Whether a deployment that is there is not as it shall be, its schedules apart."""
    told = there.model_dump(mode="json")
    told["concurrency_limit"] = (told.get("global_concurrency_limit") or {}).get("limit")
    told["concurrency_options"] = {"collision_strategy": (told["concurrency_options"] or {}).get("collision_strategy")}
    return any(told.get(name) != value for name, value in _payload(wanted).items())


def _schedule(wanted: Deployment) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate.model_validate(
        {"schedule": wanted.schedule, "active": wanted.active, "slug": SLUG, "parameters": wanted.scheduled}
    )


def _reschedule(client: SyncPrefectClient, there: DeploymentResponse, wanted: Deployment) -> bool:
    """Give the schedule of the YAML to a deployment that is there; whether anything changed."""
    ours = next((one for one in there.schedules if one.slug == SLUG), None)
    if wanted.schedule is None:
        if ours is not None:
            client.delete_deployment_schedule(there.id, ours.id)
        return ours is not None
    new = _schedule(wanted)
    if ours is None:
        client.create_deployment_schedules(there.id, [new])
        return True
    if ours.schedule == new.schedule and ours.parameters == new.parameters:
        return False
    client.update_deployment_schedule(there.id, ours.id, schedule=new.schedule, parameters=new.parameters)
    return True


def ours(client: SyncPrefectClient, flow: str = "") -> Iterator[DeploymentResponse]:
    """Every deployment that keepfit made, or those of one flow."""
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[OURS]))
    named = FlowFilter(name=FlowFilterName(any_=[flow])) if flow else None
    offset = 0
    while page := client.read_deployments(deployment_filter=tagged, flow_filter=named, limit=_PAGE, offset=offset):
        yield from page
        offset += len(page)


def check_names(client: SyncPrefectClient, pipelines: Sequence[Pipeline]) -> None:
    """Raise ConfigError for two pipelines of one name, here or on the server."""
    files: dict[str, Path] = {}
    for one in pipelines:
        if files.setdefault(one.name, one.file) != one.file:
            raise _two(one, files[one.name])
    for there in ours(client, "retrain"):
        file = Path(there.parameters.get("pipeline", ""))
        for one in pipelines:
            if one.name == there.name and one.file != file and file.is_file():
                raise _two(one, file)


def _two(one: Pipeline, other: Path) -> ConfigError:
    return ConfigError(
        f'the pipeline {other} has the name "{one.name}" too.',
        allowed="A name stands for one pipeline: deployments and runs are found by it.",
        todo="Give one of them another name.",
        where=str(one.file),
    )


def gone(
    client: SyncPrefectClient, wanted: Iterable[Deployment], pipelines: Sequence[Pipeline], folders: Sequence[Path]
) -> list[tuple[DeploymentResponse, str]]:
    """Deployments of these pipelines, or of files that lay in these folders, that are not wanted any more.

    Each with its name on the server, such as retrain/people.
    """
    kept = {(one.flow, one.name) for one in wanted}
    files = {str(one.file) for one in pipelines}
    found = []
    flows = {flow.id: flow.name for flow in client.read_flows(limit=_PAGE)}
    for there in ours(client):
        file = there.parameters.get("pipeline", "")
        left = Path(file)
        lost = any(left.is_relative_to(folder) for folder in folders) and not left.is_file()
        flow = flows.get(there.flow_id, "")
        if file and (flow, there.name) not in kept and (file in files or lost):
            found.append((there, f"{flow}/{there.name}"))
    return found
