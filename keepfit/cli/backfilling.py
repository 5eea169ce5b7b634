"""`keepfit backfill`: the walk with a line a period."""

from __future__ import annotations

import os
from pathlib import Path

from rich.text import Text

from keepfit.backfill.periods import Ask
from keepfit.backfill.plan import apart
from keepfit.backfill.told import Backfilled
from keepfit.cli.live import LiveLines
from keepfit.cli.saying import say
from keepfit.config import load
from keepfit.quoting import visible
from keepfit.store.events import Event, watching


class PeriodLines(LiveLines):
    """A line a period; what its stages do is told only while they do it."""

    period = ""
    """The one under way."""

    def __call__(self, event: Event) -> None:
        """Draw one event."""
        of_period = event.stage[:1].isdigit()
        if of_period and event.what == "start":
            self.period = f"{event.stage} ({event.message})  "
        elif of_period or event.what == "step":
            super().__call__(event)

    def _alive(self, line: str) -> None:
        super()._alive(f"  {self.period}{line.strip()}")

    def _finished(self, event: Event) -> None:
        self.live.update(Text())
        skipped = event.what == "reused"
        how = "skipped   " if skipped else f"{float(event.figures['seconds']):8.1f} s"
        line = f"{'=' if skipped else '✓'} {event.stage}  {how}   {event.message}"
        self.console.print(Text(visible(line), style="dim" if skipped else "green"))


def backfill_pipeline(pipeline: Path, ask: Ask, *, as_json: bool) -> None:
    """Walk, and print what it came to."""
    apart(load(pipeline))  # a fault of the YAML is said before Prefect takes its seconds to start
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    with PeriodLines() as progress:
        progress.say("starting Prefect" if "PREFECT_API_URL" not in os.environ else "reporting to your Prefect server")
        from flows.backfill import backfill

        with watching(progress):
            found: Backfilled = backfill(pipeline, ask.every, ask.start, ask.end, ask.time)  # type: ignore[assignment]
    if as_json:
        say(found.model_dump_json(indent=2))
        return
    for line in (found.sentence, *found.sentences, f"page: {found.page}"):
        say(line)
