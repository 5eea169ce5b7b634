"""A run of a deployed pipeline, asked for by something else than its schedule."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from flows.surroundings import check_answers
from keepfit.errors import ConfigError, MachineError

LOOK = 1.0
"""Seconds between two looks at a run that is waited for."""


def start(pipeline: str, by: str, parameters: dict[str, Any] | None = None) -> FlowRun:
    """Ask for a run of retrain/<pipeline>; `by` becomes a tag of it.

    Raises ConfigError where no server is named, or it has no such deployment or refuses the parameters, MachineError
    where it does not answer.
    """
    if not PREFECT_API_URL.value():
        raise ConfigError(
            "no Prefect server is named, so nothing is deployed.",
            todo="Set PREFECT_API_URL, or run here: keepfit run PIPELINE.",
        )
    check_answers()
    with get_client(sync_client=True) as client:
        try:
            client.read_deployment_by_name(f"retrain/{pipeline}")
        except ObjectNotFound as error:
            raise ConfigError(
                f"the Prefect server has no deployment retrain/{pipeline}.", todo="keepfit deploy PIPELINE makes it."
            ) from error
    started: Any = run_deployment(
        f"retrain/{pipeline}",
        parameters=parameters or {},
        timeout=0,
        as_subflow=False,
        tags=[f"by:{by}"],
        flow_run_name=pipeline,
    )
    run: FlowRun = started
    return run


def ended(id: UUID) -> dict[str, str]:
    """Wait until a run has ended: its name, its state and that state's message, which of a verdict is its sentence.

    Raises MachineError for one that did not reach its end.
    """
    with get_client(sync_client=True) as client:
        while True:
            run = client.read_flow_run(id)
            if run.state is not None and run.state.is_final():
                break
            time.sleep(LOOK)
    told = {"name": run.name, "state": run.state.name or "", "message": run.state.message or ""}
    if not run.state.is_completed():
        raise MachineError(f"{told['name']}, {told['state']}: {told['message']}", todo="See the run in Prefect's UI.")
    return told
