"""The work pools: one for what runs on CPUs, one for training on GPUs."""

from __future__ import annotations

import json
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from flows.operating.dead_runs import HEARTBEAT
from keepfit.errors import ConfigError

POOL = "keepfit"
"""The pool where pipelines run unless another is named."""
RUNS = 4
"""Runs at once in the pool of CPUs, when it is made; one that waits for its training counts."""
TRAININGS = 1
"""Trainings at once in the pool of GPUs, when it is made."""


def keep(client: SyncPrefectClient, name: str, *, gpu: bool) -> str:
    """Put a pool of processes on the server: "made", "changed" or "as it was".

    Its limit is set when it is made, and is a person's from then on.
    Raises ConfigError for a pool of this name that starts no processes, as that of Docker's or Kubernetes' workers.
    """
    template = process_template()
    try:
        there = client.read_work_pool(name)
    except ObjectNotFound:
        limit = TRAININGS if gpu else RUNS
        told = "Trainings, on GPUs." if gpu else "Runs of pipelines, on CPUs."
        client.create_work_pool(
            WorkPoolCreate(
                name=name, type="process", description=told, base_job_template=template, concurrency_limit=limit
            )
        )
        return "made"
    if there.type != "process":
        raise ConfigError(
            f"the work pool {name} is of the type {there.type}, which bootstrap does not make.",
            todo="Leave it out here; keepfit deploy --gpu-pool takes pools of any type.",
        )
    if there.base_job_template == template:
        return "as it was"
    client.update_work_pool(name, WorkPoolUpdate(base_job_template=template))
    return "changed"


def process_template() -> dict[str, Any]:
    """How a process worker starts a run: with a heartbeat, and with logs that do not end when the worker does."""
    template: dict[str, Any] = json.loads(json.dumps(ProcessWorker.get_default_base_job_template()))
    variables = template["variables"]["properties"]
    variables["env"]["default"] = environment()
    variables["stream_output"]["default"] = False  # over a pipe a run dies at its next line when its worker is gone
    return template


def environment() -> dict[str, str]:
    """What every run needs in its environment, whatever starts it."""
    return {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT)}
