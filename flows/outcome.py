"""How a run shows in Prefect: its name, the verdict as state, message and tag, and the report as an artifact."""

from __future__ import annotations

from pathlib import Path

from prefect import State
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run
from prefect.states import Completed

from keepfit import report
from keepfit.artifacts import Released
from keepfit.run import Run

STATES = {"FIRST": "First", "PROMOTE": "Promoted", "HOLD": "Hold", "REJECT": "Rejected"}


def run_name() -> str:
    """What a run is called in the UI: the folder its pipeline lies in."""
    return Path(flow_run.parameters["pipeline"]).absolute().parent.name


def conclude(run: Run, released: Released) -> State[Released]:
    """The state a run ends in. The UI can filter by tag but not by a state's own name, so it is tagged as well."""
    name = STATES[released.verdict.outcome]
    _tag(f"verdict:{name.lower()}")
    _publish(run, released.verdict.sentence)
    return Completed(name=name, message=released.verdict.sentence, data=released)


def failed(run: Run) -> None:
    """The report of a run that did not reach its end, in its folder and as an artifact."""
    report.write(run)
    _publish(run, "This run did not reach its end.")


def _publish(run: Run, sentence: str) -> None:
    key = f"{run.config.name}-report".replace("_", "-")  # Prefect takes lowercase letters, digits and dashes
    create_markdown_artifact(report.markdown(run), key=key, description=sentence)


def _tag(tag: str) -> None:
    with get_client(sync_client=True) as client:
        client.update_flow_run(flow_run.id, tags=sorted({*flow_run.tags, tag}))
