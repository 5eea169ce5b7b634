"""How a run shows in Prefect: the verdict in its name, message, tag and event, and the report as an artifact."""

from __future__ import annotations

from pathlib import Path

from prefect import State
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.runtime import flow_run
from prefect.states import Completed

from keepfit import report
from keepfit.errors import ours
from keepfit.store.artifacts import Released
from keepfit.store.events import Event
from keepfit.store.run import Run


def run_name() -> str:
    """What a run is called in the UI: the folder its pipeline lies in."""
    return Path(flow_run.parameters["pipeline"]).absolute().parent.name


def conclude(run: Run, released: Released) -> State[Released]:
    """The state a run ends in, with the verdict as its message, a tag, the run's name and an event.

    The state is a plain Completed: a deployment's page lists runs by a filter of fixed names and hides all others.
    """
    try:
        _show(run, released)
    except Exception as error:  # the verdict stands, and the command that waits for it must be told it
        run.tell(Event("", "note", f"Prefect was not told the verdict: {ours(error)}"))
    return Completed(message=released.verdict.sentence, data=released)


def _show(run: Run, released: Released) -> None:
    outcome = released.verdict.outcome.lower()
    with get_client(sync_client=True) as client:
        tags = sorted({*flow_run.tags, f"verdict:{outcome}"})
        client.update_flow_run(flow_run.id, tags=tags, name=f"{run.config.name}: {outcome}")
    pipeline = {"prefect.resource.id": f"keepfit.pipeline.{run.config.name}"}
    emit_event(f"keepfit.verdict.{outcome}", resource=pipeline, payload=released.verdict.model_dump(mode="json"))
    _publish(run, released.verdict.sentence)


def failed(run: Run) -> None:
    """The report of a run that did not reach its end, in its folder and as an artifact."""
    report.write(run)
    _publish(run, "This run did not reach its end.")


def _publish(run: Run, sentence: str) -> None:
    key = f"{run.config.name}-report".replace("_", "-")  # Prefect takes lowercase letters, digits and dashes
    create_markdown_artifact(report.markdown(run), key=key, description=sentence)
