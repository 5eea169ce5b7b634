"""A pipeline over time, as a page: its runs and verdicts, scores, what was live when, and how its rows drifted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from keepfit.config import Pipeline
from keepfit.metrics.naming import SHARES, figure, metric_name
from keepfit.report.headline import TONES
from keepfit.report.rendering import rendered
from keepfit.serving.history import History, Term, history_of
from keepfit.serving.status import RunStatus, Status, status_of
from keepfit.store import files

RUNS = 400
"""Of more, the newest; retention keeps fewer."""


def page(config: Pipeline, base: str) -> str:
    """The page of one pipeline; reports lie under `base`/RUN."""
    told, history = status_of(config, RUNS), history_of(config)
    return rendered(
        "history.html",
        pipeline=config.name,
        metric=metric_name(config.metric),
        serving=told.serving,
        runs=[_run(run, told, config, base) for run in told.runs],
        terms=[_term(term, history.metric) for term in history.terms],
        charts=_charts(history, _drift(config)),
    )


def index(pipelines: Sequence[tuple[str, Pipeline]]) -> str:
    """The page of all pipelines, each with the address of its own page."""
    return rendered("index.html", rows=[_row(address, config) for address, config in pipelines])


def _row(address: str, config: Pipeline) -> dict[str, Any]:
    told = status_of(config, 1)
    newest = told.runs[0] if told.runs else None
    serving = f"version {told.serving.version}, since {_day(told.serving.since)}" if told.serving else "nothing yet"
    return {
        "name": config.name,
        "address": address,
        "serving": serving,
        "newest": _said(newest) if newest else "not run yet",
        "tone": _tone(newest) if newest else "none",
        "when": _day(newest.started) if newest else "",
    }


def _run(run: RunStatus, told: Status, config: Pipeline, base: str) -> dict[str, Any]:
    report = (config.resolve(config.store) / "runs" / run.run / "report.html").is_file()
    return {
        "id": run.run,
        "address": f"{base}/{run.run}/report.html" if report else "",
        "when": _day(run.started),
        "tone": _tone(run),
        "outcome": run.verdict.outcome if run.verdict else run.word,
        "said": _said(run),
        "score": "" if run.score is None else figure(told.metric, run.score),
    }


def _said(run: RunStatus) -> str:
    if run.verdict is not None:
        return run.verdict.sentence
    if run.failure is not None:
        return run.failure.message
    if run.found:
        return run.found
    if run.waiting:
        return f"Waits for a person's answer: {run.waiting}"
    far = f"{run.progress.stage} {run.progress.message}" if run.progress else ""
    return f"{run.word}: {far}" if far else run.word


def _tone(run: RunStatus) -> str:
    return TONES[run.verdict.outcome] if run.verdict else "bad" if run.failure and not run.failure.stopped else "none"


def _term(term: Term, metric: str) -> dict[str, Any]:
    return {
        **term.model_dump(),
        "began": _day(term.began),
        "ended": _day(term.ended) if term.ended else "now",
        "score": "" if term.score is None else figure(metric, term.score),
    }


def _day(time: str) -> str:
    return datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M")


def _drift(config: Pipeline) -> list[tuple[str, float]]:
    """When rows were watched, and the largest drift of a column then, the oldest first; what cannot be read is left."""
    found = []
    for path in sorted(Path(config.resolve(config.store) / "monitored").glob("*.json")):
        try:
            told = files.read_json(path)
            found.append((str(told["time"]), max((float(one["size"]) for one in told["findings"]), default=0.0)))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def _charts(history: History, drift: list[tuple[str, float]]) -> list[str]:
    """Scores, and drift, over time, as SVG; none of fewer than two points."""
    drawn, metric = [], history.metric
    tested, live = (
        [(one.time, one.value) for one in reversed(history.scores) if one.of == which] for which in ("test", "live")
    )
    if len(tested) > 1:
        drawn.append(_drawn("scores", metric_name(metric), [("judged", tested), ("live", live)], metric))
    if len(drift) > 1:
        drawn.append(_drawn("drift", "Largest drift of a column", [("", drift)], ""))
    return drawn


def _drawn(name: str, title: str, lines: list[tuple[str, list[tuple[str, float]]]], metric: str) -> str:
    from matplotlib.axes import Axes
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FuncFormatter

    from keepfit.problems.drawing import MAIN, OTHER, draw, percent

    def paint(axes: Axes) -> None:
        for (label, points), colour in zip(lines, (MAIN, OTHER), strict=False):
            if points:
                times: Any = [datetime.fromisoformat(time).replace(tzinfo=None) for time, _ in points]
                axes.plot(times, [value for _, value in points], "o-", color=colour, markersize=3, label=label or None)
        locator: Any = AutoDateLocator(maxticks=5)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        if metric in SHARES:
            axes.yaxis.set_major_formatter(FuncFormatter(percent))
        if sum(bool(points) for _, points in lines) > 1:
            axes.legend(frameon=False)

    return draw(name, title, "", paint)
