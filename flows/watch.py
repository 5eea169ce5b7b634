"""A look at a pipeline's source; a run is asked for where it holds rows that none has seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import State, flow
from prefect.states import Completed

from flows.outcome import run_name
from flows.starting import start
from keepfit import config
from keepfit.errors import TransientError
from keepfit.stages.ingest import asked_for, unseen


@flow(name="watch", flow_run_name=run_name, persist_result=False)
def watch(pipeline: Path = Path("pipeline.yaml")) -> State[Any]:
    """Look whether the source changed, and start a run of the pipeline if so.

    Only files that changed are read. The same rows start one run, whatever became of it.

    Args:
        pipeline: The pipeline's YAML file, as the worker sees it.
    """
    settings = config.load(pipeline)
    try:
        digest = unseen(settings)
    except TransientError:
        return Completed(message="The source is being written to; the next look tells.")
    if not digest:
        return Completed(message="Nothing new in the source.")
    run = start(settings.name, "new-data")
    asked_for(settings, digest)
    return Completed(message=f"The source changed: the run {run.name} was started.")
