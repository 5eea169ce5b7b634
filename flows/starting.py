"""A run of a deployed pipeline, asked for by something else than its schedule."""

from __future__ import annotations

from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from flows.surroundings import check_answers
from keepfit.errors import ConfigError


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
