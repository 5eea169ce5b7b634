"""A run that crashed and does not go on by itself is told: it was ended from outside, and could tell nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import State, flow
from prefect.client.orchestration import get_client
from prefect.states import Completed

from flows.notifying import tell
from flows.outcome import run_name
from keepfit import config
from keepfit.store.events import logger


@flow(name="alert", flow_run_name=run_name, persist_result=False)
def alert(run: str, pipeline: Path = Path("pipeline.yaml")) -> State[Any]:
    """Tell those in `notify` that a run crashed and does not go on. The server starts this: nothing is to be filled in.

    Args:
        run: The flow run, as events name it: prefect.flow-run.ID.
        pipeline: The pipeline's YAML file, as the worker sees it.
    """
    settings, id = config.load(pipeline), UUID(run.rpartition(".")[2])
    with get_client(sync_client=True) as client:
        dead = client.read_flow_run(id)
    if dead.state is None or not dead.state.is_crashed():
        return Completed(message=f"{dead.name} goes on; nobody is told.")
    sentence = f"This run crashed and does not go on by itself. {dead.state.message or ''}".strip()
    todo = "Press Retry when its cause is mended: what is finished is not done again."
    for failure in tell(settings, "failed", sentence, todo, of=id):
        logger.warning(failure)
    return Completed(message=sentence)
