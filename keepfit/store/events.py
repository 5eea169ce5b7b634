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


Listener = Callable[[Event], None]


def to_log(event: Event) -> None:
    """Where nobody watches."""
    if event.what != "step":
        logger.info("%s: %s %s", event.stage, event.what, event.message)


_listener: ContextVar[Listener] = ContextVar("listener", default=to_log)


def heard_by() -> Listener:
    """Who hears the runs that are started here."""
    return _listener.get()


@contextmanager
def watching(listener: Listener) -> Iterator[None]:
    """Let `listener` hear every event of the runs started inside, instead of the log."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
