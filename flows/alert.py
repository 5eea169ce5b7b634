"""What could tell nobody is told: a run that crashed and does not go on by itself, and a pool without a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import State, flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import WorkPoolStatus
from prefect.states import Completed

from flows.notifying import tell
from flows.operating.no_worker import apart, said
from flows.outcome import run_name
from keepfit import config
from keepfit.config import Pipeline
from keepfit.errors import ConfigError
from keepfit.store.events import logger


@flow(name="alert", flow_run_name=run_name, persist_result=False)
def alert(run: str = "", pool: str = "", pipeline: Path = Path("pipeline.yaml")) -> State[Any]:
    """Tell those in `notify` that a run crashed and does not go on, or that a pool has no worker.

    The server starts this: nothing is to be filled in.

    Args:
        run: The flow run, as events name it: prefect.flow-run.ID.
        pool: Or the work pool.
        pipeline: The pipeline's YAML file, as the worker sees it.
    """
    settings = config.load(pipeline)
    if pool:
        return _unattended(settings, pool)
    if not run:
        raise ConfigError("alert was given neither a run nor a pool.", todo="Leave it to the server's automations.")
    return _crashed(settings, UUID(run.rpartition(".")[2]))


def _crashed(settings: Pipeline, id: UUID) -> State[Any]:
    with get_client(sync_client=True) as client:
        dead = client.read_flow_run(id)
    if dead.state is None or not (dead.state.is_crashed() or dead.state.is_failed()):
        return Completed(message=f"{dead.name} goes on; nobody is told.")
    sentence = f"This run crashed and does not go on by itself. {dead.state.message or ''}".strip()
    todo = "Press Retry when its cause is mended: what is finished is not done again."
    return _told(settings, sentence, todo, of=id)


def _unattended(settings: Pipeline, pool: str) -> State[Any]:
    """Tell those that the server itself does not; this run may have waited for the worker that is told of."""
    with get_client(sync_client=True) as client:
        there = client.read_work_pool(pool)
    sentence, todo = said(pool)
    if there.status == WorkPoolStatus.READY:
        sentence, todo = f"The work pool {pool} had no worker: runs there did not begin.", "A worker is there again."
    others = settings.notify and settings.notify.model_copy(update={"to": apart(settings)[1]})
    return _told(settings.model_copy(update={"notify": others}), sentence, todo)


def _told(settings: Pipeline, sentence: str, todo: str, of: UUID | None = None) -> State[Any]:
    for failure in tell(settings, "failed", sentence, todo, of=of):
        logger.warning(failure)
    return Completed(message=sentence)
