"""A guard against what hangs, and what makes a reader hang or overflow."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

DEEP = "[" * 100_000 + "]" * 100_000


@contextmanager
def not_for_ever() -> Iterator[None]:
    """Two minutes are for ever, for what is done in a second; a guard against hanging, no measure of speed."""

    def ring(*_: object) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(120)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
