"""`keepfit bootstrap`: what a Prefect server needs before pipelines are deployed to it."""

from __future__ import annotations

from collections.abc import Iterator

from prefect.client.orchestration import get_client

from flows.operating import automations, dead_runs, pools
from flows.operating.deployments import of_pool
from flows.operating.registering import register
from flows.surroundings import check_named


def bootstrap(gpu_pool: str = "") -> Iterator[str]:
    """Make the pools and the automations that are not there, and bring the others up to date: a sentence each.

    Raises ConfigError where no server is named, MachineError where it does not answer.
    """
    check_named()
    with get_client(sync_client=True) as client:
        yield f"work pool {pools.POOL}: {pools.keep(client, pools.POOL, gpu=False)}"
        if gpu_pool:
            yield f"work pool {gpu_pool}: {pools.keep(client, gpu_pool, gpu=True)}"
            yield f"deployment train/{gpu_pool}: {register(client, of_pool(gpu_pool, gpu=True))}"
        for wanted in dead_runs.of_runs():
            yield f'automation "{wanted.name}": {automations.keep(client, wanted)}'
