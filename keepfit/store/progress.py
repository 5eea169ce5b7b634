"""How far a run is, for whoever looks from another process: progress.json in its folder, rewritten now and then."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

FILE = "progress.json"
EVERY = 1.0
"""Seconds between two writings of one stage's progress."""


class Progress(BaseModel):
    """The last that a run said of itself."""

    model_config = ConfigDict(frozen=True)

    stage: str
    message: str
    done: float
    """Share of the stage that is done, 0 to 1; 0 when unknown."""
    time: float
    """When it was said, in seconds since 1970."""


class Pulse:
    """The progress of one run under way."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._written = 0.0
        self.stage = ""
        """The stage under way; empty between two."""

    def enter(self, stage: str) -> None:
        """A stage begins, or with an empty name has ended."""
        self.stage, self._written = stage, 0.0
        if stage:
            self.note(stage, "", 0.0)

    def note(self, stage: str, message: str, done: float) -> None:
        """Write how far the run is, unless it was written within the last second."""
        now = time.time()
        if 0 <= now - self._written < EVERY:
            return
        self._written = now
        temporary = self._path.with_name(f".{FILE}.tmp")
        try:
            temporary.write_text(Progress(stage=stage, message=message, done=done, time=now).model_dump_json())
            temporary.replace(self._path)  # not flushed to disk: nothing depends on it
        except OSError:  # a full disk shows where something that matters is written
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def read(folder: Path) -> Progress | None:
    """The last that the run in this folder said; None where it said nothing that can be read."""
    try:
        return Progress.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def born(pid: int) -> float:
    """When a process of this machine was started, in clock ticks since the machine was; 0 where it is not there."""
    try:
        return float(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0.0 if not _exists(pid) else -1.0


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
