"""Walk forward through a dated source, one retrain a period, and tell what following the verdicts would have earned."""

from __future__ import annotations

import time as clock
from datetime import date
from pathlib import Path
from typing import Any

from prefect import State, flow
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed

from flows.outcome import run_name
from flows.server import with_server
from keepfit import config, report
from keepfit.backfill.periods import Ask
from keepfit.backfill.plan import Planned, apart, begin_anew, planned
from keepfit.config import Pipeline
from keepfit.errors import InputError
from keepfit.stages.training import possible
from keepfit.store.artifacts import Released, Snapshot
from keepfit.store.events import Event, heard_by
from keepfit.store.locks import walk_lock
from keepfit.store.run import Request, Run, begin
from tasks.periods import ingest_before, skipped
from tasks.stages import evaluate, export, ingest, preprocess, release, train, validate
from tasks.wrapper import do


@with_server
@flow(name="backfill", flow_run_name=run_name, persist_result=False)
def backfill(
    pipeline: Path = Path("pipeline.yaml"),
    every: str = "month",
    start: date | None = None,
    end: date | None = None,
    time: str = "",
) -> State[Any]:
    """Tell what retraining would have been worth: retrain as of each past date, judge by the rows that came next.

    Nothing in service is touched. Periods that are done are skipped, so running again is always safe.

    Args:
        pipeline: The pipeline's YAML file, as the worker sees it.
        every: How often it retrains: month, or a length of time such as 1w or 30d.
        start: The first retrain. Empty: when a tenth of the rows was there.
        end: No retrain after this day. Empty: as long as there are rows.
        time: The column with the dates. Empty: that of a split by time, or the only column of dates.
    """
    settings, ask = apart(possible(config.load(pipeline))), Ask(every, start, end, time)
    with walk_lock(settings.resolve(settings.store)):
        with begin(settings) as run:
            whole = do(ingest, run)
            walk = planned(run, whole, ask)
        for number, one in enumerate(begin_anew(settings, walk), 1):
            heard_by()(Event(one.period.name, "start", f"{number} of {len(walk)}"))
            _walked(settings, whole, one)
        with begin(settings) as run:
            return _concluded(run, walk, ask)


def _retrained(settings: Pipeline, whole: Snapshot, one: Planned) -> Released:
    """Retrain as of a date, as a flow run of its own. Raises what a retrain raises; a run that was killed is taken up.

    What it needs is in the closure: a flow's parameters go to the server, and may not be large.
    """

    @flow(name="period", flow_run_name=one.period.name, persist_result=False)
    def period() -> State[Any]:
        with begin(settings, _failed, Request(one.name)) as run:
            snapshot = do(ingest_before, run, whole, one.when, one.before)
            validated = do(validate, run, snapshot)
            prepared = do(preprocess, run, validated)
            trained = do(train, run, prepared.learnable)
            evaluated = do(evaluate, run, trained, prepared)
            bundle = do(export, run, trained, prepared, evaluated)
            released = do(release, run, bundle, evaluated, prepared)
        return Completed(message=str(released.verdict), data=released)

    released: Any = period()
    return released  # type: ignore[no-any-return]


def _walked(settings: Pipeline, whole: Snapshot, one: Planned) -> None:
    """Retrain as of one date, unless that is done. A fault of the rows or of the YAML ends this period alone."""
    at, began, tell = one.period.name, clock.perf_counter(), heard_by()
    if one.done is not None:
        skipped(at, one.done.came_to, return_state=True)
        tell(Event(at, "reused", one.done.came_to))
        return
    try:
        came_to = str(_retrained(settings, whole, one).verdict)
    except InputError as error:
        came_to = f"FAILED: {error}"
    tell(Event(at, "done", came_to, 1.0, {"seconds": clock.perf_counter() - began}))


def _failed(run: Run) -> None:
    report.write(run)


def _concluded(run: Run, walk: tuple[Planned, ...], ask: Ask) -> State[Any]:
    """The state it ends in; page and artifact tell the whole."""
    from keepfit.backfill.earned import earned
    from keepfit.backfill.page import markdown, write

    found = write(earned(run, walk, ask), run.store.root)
    key = f"{found.pipeline}-backfill".replace("_", "-")  # Prefect takes lowercase letters, digits and dashes
    create_markdown_artifact(markdown(found), key=key, description=found.sentence)
    return Completed(message=found.sentence, data=found)
