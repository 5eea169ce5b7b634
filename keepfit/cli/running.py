"""`keepfit run`: the retrain flow with live progress instead of logs."""

from __future__ import annotations

import os
from pathlib import Path

from keepfit import config
from keepfit.cli.live import LiveLines
from keepfit.cli.saying import say
from keepfit.stages.ingest import roles_of
from keepfit.store.artifacts import Released
from keepfit.store.events import watching


def run_pipeline(pipeline: Path, force: str | None) -> None:
    """Check the YAML, retrain, and print the verdict. Prefect's own console is silent; its API keeps the logs."""
    settings = config.load(pipeline)
    if settings.source.sql is None:
        roles_of(settings)  # a source that is not there is said before Prefect takes its seconds to start
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    with LiveLines() as progress:
        progress.say("starting Prefect" if "PREFECT_API_URL" not in os.environ else "reporting to your Prefect server")
        from flows.retrain import retrain

        with watching(progress):
            released: Released = retrain(pipeline, promote="force" if force else "auto", reason=force or "")  # type: ignore[assignment]
    for line in _lines(released):
        say(line)


def _lines(released: Released) -> list[str]:
    verdict = released.verdict
    lines = [f"{verdict.outcome}: {verdict.sentence}", *released.summary, f"report: {released.report}"]
    return [*lines, f"model in service: {released.model or 'none yet'}"]
