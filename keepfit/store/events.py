"""What a run tells those who watch it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

Figures = Mapping[str, float | int | str]

logger = logging.getLogger("keepfit")


@dataclass(frozen=True)
class Event:
    """Something a person watching may want to see."""

    stage: str
    what: str
    """start, step, done, reused or note."""
    message: str = ""
    done: float = 0.0
    """Share of the stage that is done, 0 to 1; 0 when unknown."""
    figures: Figures = field(default_factory=dict)
    """epoch, loss, score, rows/s, time left …"""
    closes: bool = False
    """Whether this step ends something worth a line of its own, such as an epoch."""

    def __str__(self) -> str:
        shown = "  ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in self.figures.items())
        said = "" if self.what in ("step", "note") else f"{self.what}: "
        return f"{self.stage or 'run'}: {said}{self.message}{f'  {shown}' if shown else ''}"


def _short(value: float | int | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


Listener = Callable[[Event], None]


def to_log(event: Event) -> None:
    """A line in the log; of the steps of training, one an epoch."""
    if event.what != "step" or event.closes:
        logger.info("%s", event)


def unheard(_event: Event) -> None:
    """Where nobody watches."""


_listener: ContextVar[Listener] = ContextVar("listener", default=unheard)


def heard_by() -> Listener:
    """Who hears the runs that are started here."""
    return _listener.get()


@contextmanager
def watching(listener: Listener) -> Iterator[None]:
    """Let `listener` hear every event of the runs started inside, besides the log."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
