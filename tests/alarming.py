"""A real signal that comes to this process when a test says so."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator

import pytest


class Alarm(BaseException):
    """What a signal's handler raises, as Prefect's and Python's own do."""


@pytest.fixture
def alarm() -> Iterator[Callable[[], None]]:
    """A function that lets a real signal come to this process."""

    def ring(*_: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGUSR1, ring)
    yield lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
