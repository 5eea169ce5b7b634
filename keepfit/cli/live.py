"""What a person sees while a run is under way: a line a stage, and the one under way alive below."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from keepfit.cli.saying import say
from keepfit.metrics.naming import JUDGED, figure, metric_name
from keepfit.quoting import visible
from keepfit.store.events import Event

QUIET_SECONDS = 10.0
"""Without a terminal, at most one progress line in so many seconds."""
FIGURES = {
    "loss": "loss {:.4f}",
    "seconds_left": "{:.0f} s left",
    "rows_per_second": "{:,.0f} rows/s",
}
"""How the figures of a step are written, in this order; others are for the listeners of machines."""


class LiveLines:
    """A listener for a run's events that draws on standard error."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.live = Live(console=self.console, transient=True, refresh_per_second=8)
        self.printed = 0.0

    def __enter__(self) -> LiveLines:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.stop()

    def __call__(self, event: Event) -> None:
        """Draw one event."""
        if event.what == "step":
            self._alive(_line(event))
        elif event.what == "start":
            self.say(f"{event.stage:<11} {event.message}")
        elif event.what == "note":
            self.console.print(Text(visible(f"  {event.stage:<11} {event.message}"), style="yellow"))
        else:
            self._finished(event)

    def say(self, message: str) -> None:
        """Show what is going on until something else does."""
        if self.console.is_terminal:
            self.live.update(Text(visible(f"  {message} …"), style="dim"))
        else:
            say(f"  {message} …", error=True)

    def _alive(self, line: str) -> None:
        if self.console.is_terminal:
            self.live.update(Text(visible(line)))
        elif time.monotonic() - self.printed > QUIET_SECONDS:
            self.printed = time.monotonic()
            say(line, error=True)

    def _finished(self, event: Event) -> None:
        reused = event.what == "reused"
        word = "reused:" if reused else "ran:"
        seconds = float(event.figures.get("seconds", 0))
        self.live.update(Text())
        line = f"{'=' if reused else '✓'} {event.stage:<11}{seconds:8.1f} s   {word} {event.message}"
        self.console.print(Text(visible(line), style="dim" if reused else "green"))


class TrialLines(LiveLines):
    """A line a trial; what it learns with is told while it does."""

    def __call__(self, event: Event) -> None:
        """Draw one event."""
        if event.what != "note" or not event.stage.startswith("trial "):
            super().__call__(event)

    def _finished(self, event: Event) -> None:
        if not event.stage.startswith("trial "):
            super()._finished(event)
            return
        self.live.update(Text())
        line = f"✓ {event.stage:<11}{float(event.figures['seconds']):8.1f} s   {event.message}"
        self.console.print(Text(visible(line), style="green"))


def _line(event: Event) -> str:
    bar = "━" * round(10 * event.done)
    judged = [_judged(name, value) for name, value in event.figures.items() if name.startswith(JUDGED)]
    figures = judged + [form.format(event.figures[name]) for name, form in FIGURES.items() if name in event.figures]
    return f"  {event.stage:<11}{bar:<10} {event.message}  {'  '.join(figures)}"


def _judged(name: str, value: float | int | str) -> str:
    """A figure of the validation rows."""
    metric = name.removeprefix(JUDGED)
    return f"validation {metric_name(metric)} {figure(metric, float(value))}"
