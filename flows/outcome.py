"""How a run shows in Prefect: the verdict in its name, message, tag and event, and the report as an artifact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import State
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.form import Form
from flows.notifying import notify
from keepfit import report
from keepfit.config.operation import Occasion
from keepfit.errors import ours
from keepfit.stages.release.standing import standing
from keepfit.store.artifacts import Outcome, Prepared, Released, Validated
from keepfit.store.events import Event, to_log
from keepfit.store.run import Request, Run

_OCCASIONS: dict[Outcome, Occasion] = {"FIRST": "first", "PROMOTE": "promote", "REJECT": "reject", "HOLD": "hold"}


def run_name() -> str:
    """What a run is called in the UI until it has ended: the folder its pipeline lies in."""
    return Path(flow_run.parameters["pipeline"]).absolute().parent.name


def request(form: Form) -> Request:
    """Who asked for this run: the flow run, which a retry, a re-run after a crash and an answer start again."""
    return Request(str(flow_run.id or ""), form.notes, form.mode if form.without_verdict else "")


def conclude(run: Run, released: Released) -> State[Released]:
    """The state a run ends in, with the verdict as its message, a tag, the run's name and an event.

    The state is a plain Completed: a deployment's page lists runs by a filter of fixed names and hides all others.
    """
    verdict = released.verdict
    to_log(Event("", "note", f"{verdict.outcome}. Report: {report.address(run)}"))
    _show(run, verdict.outcome.lower(), verdict.sentence, verdict.model_dump(mode="json"), tag="verdict")
    if verdict.reason != "nothing_new":
        notify(run, _OCCASIONS[verdict.outcome], verdict.sentence)
    return Completed(message=verdict.sentence, data=released)


def checked(run: Run, validated: Validated) -> State[Validated]:
    """The state of a dry run: what was found in the rows."""
    failed = f" Not met: {'; '.join(validated.failed)}" if validated.failed else ""
    sentence = f"{validated.rows:,} rows may be used, {validated.quarantined:,} are in quarantine.{failed}"
    run.add(found=sentence)
    report.write(run)
    _show(run, "dry run", sentence, validated.model_dump(mode="json"), tag="mode")
    return Completed(message=sentence, data=validated)


def measured(run: Run, prepared: Prepared) -> State[Any]:
    """The state of a run that only measures the model in service."""
    found = standing(run, prepared)
    run.add(found=found.sentence, metrics=found.metrics, champion=found.champion)
    report.write(run)
    _show(run, "evaluated", found.sentence, {"metrics": found.metrics}, tag="mode")
    return Completed(message=found.sentence, data=found)


def failed(run: Run) -> None:
    """The report of a run that did not reach its end, in its folder and as an artifact; and its name."""
    report.write(run)
    with get_client(sync_client=True) as client:
        client.update_flow_run(flow_run.id, name=f"{run.config.name}: not ended")
    failure = run.record().failure
    if failure is not None and not failure.stopped:
        notify(run, "failed", f"This run failed{f' in {failure.stage}' if failure.stage else ''}: {failure.message}")
    publish(run, "This run did not reach its end.")


def publish(run: Run, sentence: str) -> None:
    """The report's essentials as an artifact of the run."""
    key = artifact_key(run.config.name, "report")
    create_markdown_artifact(report.markdown(run), key=key, description=sentence)


def _show(run: Run, word: str, sentence: str, payload: dict[str, Any], *, tag: str) -> None:
    try:
        mark(run.config.name, word, payload, tag=tag)
        publish(run, sentence)
    except Exception as error:  # the outcome stands, and the command that waits for it must be told it
        run.tell(Event("", "note", f"Prefect was not told the verdict: {ours(error)}"))


def mark(pipeline: str, word: str, payload: dict[str, Any], *, tag: str) -> None:
    """Put the outcome of this flow run, in a word, into its name and tags, and send an event of it."""
    short = word.replace(" ", "-")
    with get_client(sync_client=True) as client:
        tags = sorted({*flow_run.tags, f"{tag}:{short}"})
        client.update_flow_run(flow_run.id, tags=tags, name=f"{pipeline}: {word}")
    resource = {"prefect.resource.id": f"keepfit.pipeline.{pipeline}"}
    emit_event(f"keepfit.{tag}.{short}", resource=resource, payload=payload)


def artifact_key(pipeline: str, what: str) -> str:
    """Prefect takes lowercase letters, digits and dashes."""
    return f"{pipeline}-{what}".replace("_", "-")
