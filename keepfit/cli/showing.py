"""`keepfit show`: a pipeline's runs and the model in service, for a person, or with --json for a program."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from keepfit import config
from keepfit.cli.saying import say
from keepfit.metrics.naming import figure, metric_name
from keepfit.serving.status import RunStatus, Status, status_of


def show_pipeline(pipeline: Path, *, as_json: bool) -> None:
    """Print the newest runs, the champion, the last verdict and the last rollback. Nothing is cut short."""
    told = status_of(config.load(pipeline))
    if as_json:
        say(told.model_dump_json(indent=2))
        return
    for line in lines(told, pipeline):
        say(line)


def lines(told: Status, pipeline: Path) -> Iterator[str]:
    """What a person reads."""
    for path in told.damaged:
        yield f"{path} is damaged, and that run is left out."
    if not told.runs and told.serving is None:
        yield f"{told.pipeline} has not been run yet. Next:  keepfit run {pipeline}"
        return
    yield f"Runs of {told.pipeline}, the newest first:"
    yield from _table([_cells(run, told.metric) for run in told.runs])
    yield ""
    yield from _serving(told)
    judged = next((run for run in told.runs if run.verdict), None)
    if judged is not None and judged.verdict is not None:
        yield f"Last verdict ({judged.run}): {judged.verdict.outcome}, {judged.verdict.sentence}"
    if told.runs:
        yield from _newest(told.runs[0])
        yield from _seen(told.runs[0])


def _serving(told: Status) -> Iterator[str]:
    if told.serving is None:
        yield "In service: nothing yet."
    else:
        found = told.serving
        yield f"In service: version {found.version}, bundle {found.bundle}, since {found.since[:19]} UTC."
        if found.problem:
            yield f"But: {found.problem}"
    if told.rolled_back is not None:
        back = told.rolled_back
        yield f"Rolled back: bundle {back.barred}, on {back.time[:19]} UTC, because: {back.why}"
    if told.barred:
        yield f"Barred until forced: {', '.join(told.barred)}"


def _newest(run: RunStatus) -> Iterator[str]:
    """What there is to say of the last run besides its verdict."""
    if run.found:
        yield f"The last run was asked for no verdict ({run.mode}): {run.found}"
    if run.failure is not None:
        where = f" in {run.failure.stage}" if run.failure.stage else ""
        yield f"The last run {'was stopped' if run.failure.stopped else 'failed'}{where}: {run.failure.message}"
    elif run.state == "under way":
        yield f"The last run is under way (process {run.pid} on {run.host}){_far(run)}."
    elif run.state == "waiting":
        yield f"The last run waits for a person's answer in Prefect's UI: {run.waiting}"
    elif run.state == "died":
        yield f"The last run died without a word{_far(run)}. keepfit run goes on from where it was."
    elif run.state == "silent":
        yield f"The last run, on {run.host}, has not been heard of since{_far(run)}."


def _seen(run: RunStatus) -> Iterator[str]:
    if run.seen:
        yield "Seen in the data of the last run:"
    for note in run.seen:
        yield f"- {note}"


def _far(run: RunStatus) -> str:
    if run.progress is None:
        return ""
    share = f" ({run.progress.done:.0%})" if run.progress.done else ""
    ago = max(0, round(time.time() - run.progress.time))
    return f": {run.progress.stage} {run.progress.message}{share}, {ago} s ago"


def _cells(run: RunStatus, metric: str) -> tuple[str, ...]:
    verdict = f"{run.verdict.outcome} {run.verdict.reason}" if run.verdict else run.word
    score = "" if run.score is None else f"{metric_name(metric)} {figure(metric, run.score)}"
    return run.run, verdict, score, f"bundle {run.bundle}" if run.bundle else "", f"{run.ran} ran, {run.reused} reused"


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
