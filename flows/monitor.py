"""A look at recent rows, and at how good the model in service is now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import State, flow
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed

from flows.notifying import failures_told, tell
from flows.outcome import artifact_key, mark, run_name
from flows.server import with_server
from keepfit import config
from keepfit.serving.monitoring import Watching
from keepfit.store.events import logger
from tasks.service import monitor as look


@with_server
@flow(name="monitor", flow_run_name=run_name, persist_result=False)
def monitor(pipeline: Path = Path("pipeline.yaml"), rows: str = "", labels: str = "", key: str = "") -> State[Any]:
    """See whether recent rows still look like those that the model in service learned from, and how good it is now.

    The outcome is ok, drift or worse: it is in the run's name, its tag (monitor:drift) and an event
    (keepfit.monitor.drift), by which an automation can start a retraining or tell a person.

    Args:
        pipeline: The pipeline's YAML file, as the worker sees it.
        rows: Recent rows: a file, folder, glob or zip, relative to the YAML. Empty: the newest batch that the model in
            service scored, or where there is none the source of the YAML.
        labels: A table with the true values of the target, for rows that do not hold them; relative to the YAML.
        key: The column by which the labels find their rows.
    """
    settings = config.load(pipeline)
    looked = Watching(
        rows=settings.resolve(rows) if rows else None,
        labels=settings.resolve(labels) if labels else None,
        key=key or None,
    )
    with failures_told(settings):
        found = look(settings, looked)
    if found.outcome != "ok":
        for failure in tell(settings, found.outcome, found.sentence):
            logger.info(failure)
    mark(settings.name, found.outcome, found.json(), tag="monitor")
    create_markdown_artifact(found.markdown(), key=artifact_key(settings.name, "monitor"), description=found.sentence)
    return Completed(message=found.sentence, data=found)
