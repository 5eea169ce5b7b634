"""What a person watching sees about once a second: epoch, loss, score, rows a second, time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from keepfit.metrics.naming import JUDGED

EVERY = 1.0
"""Seconds between two reports; each waits once for the device."""


class Pace:
    """Tells how far training is, in the form of `Room.step`, and keeps the time."""

    def __init__(self, tell: Callable[..., None], epochs: int, spent: float = 0.0) -> None:
        self.tell, self.epochs = tell, epochs
        self._began = time.monotonic() - spent
        self._here = self._last = time.monotonic()
        self._logged = 0.0
        self._rows = 0

    @property
    def seconds(self) -> float:
        """Time spent in training, the executions that were killed included."""
        return time.monotonic() - self._began

    def _worth_a_line(self, share: float) -> bool:
        """Whether an epoch's end goes into the log: epochs of milliseconds would fill it."""
        now = time.monotonic()
        if share < 1 and now - self._logged < EVERY:
            return False
        self._logged = now
        return True

    def due(self, rows: int) -> bool:
        """Count `rows` more; tell whether it is time to report."""
        self._rows += rows
        return time.monotonic() - self._last >= EVERY

    def report(self, done: float, loss: float, judged: Mapping[str, Any], *, closes: bool = False) -> None:
        """`done` in epochs; `judged` is the last entry of the history; `closes`: that entry is this epoch's."""
        self._last = time.monotonic()
        here = self._last - self._here
        share = done / self.epochs
        epoch = int(done) if closes else min(int(done) + 1, self.epochs)
        score = {name: figure for name, figure in judged.items() if name.startswith(JUDGED)}
        self.tell(
            f"epoch {epoch} of {self.epochs}",
            share,
            closes=closes and self._worth_a_line(share),
            loss=loss,
            rows_per_second=round(self._rows / max(here, 1e-9)),
            seconds_left=round(self.seconds / share - self.seconds) if share else 0,
            **score,
        )
