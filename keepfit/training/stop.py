"""A polite end: SIGTERM and Ctrl-C wait until the step under way is done, so that the checkpoint is whole."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Stop:
    """In its block a signal is only noted in `signal`; `pass_on`, or the block's end, does what it would have done."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():  # elsewhere Python allows no handlers
            self._before = {s: signal.signal(s, self._note) for s in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()
        if error is None:
            self.pass_on()

    def pass_on(self) -> None:
        """Hand a noted signal to whoever listened before; call it when all is saved."""
        self._give_back()
        noted, self.signal = self.signal, None
        if noted is not None:
            signal.raise_signal(noted)

    def _give_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, _: FrameType | None) -> None:
        self.signal = number
