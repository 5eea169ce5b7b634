"""A pipeline's store made small again: what retention in the YAML does not keep, and nothing needs, goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import State, flow
from prefect.states import Completed

from flows.outcome import run_name
from flows.server import with_server
from keepfit import config
from keepfit.errors import MachineError
from keepfit.serving.prune import prune as take_away
from keepfit.store.locks import is_held


@with_server
@flow(name="prune", flow_run_name=run_name, persist_result=False)
def prune(pipeline: Path = Path("pipeline.yaml")) -> State[Any]:
    """Take from the store of a pipeline what nothing needs any more; retention in its YAML says what stays.

    While a run is under way nothing is taken away: the next time does it.

    Args:
        pipeline: The pipeline's YAML file, as the worker sees it.
    """
    settings = config.load(pipeline)
    try:
        return Completed(message=take_away(settings).sentence)
    except MachineError:
        if is_held(settings.resolve(settings.store) / "run.lock"):
            return Completed(message="A run is under way, so nothing was taken away; the next time does it.")
        raise
