"""The model in service as what a training begins with: whether it is there and fits, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keepfit.models.takeover import TakenOver, why_not
from keepfit.serving.bundle.seal import verify
from keepfit.store import files
from keepfit.store.artifacts import Start
from keepfit.store.stage import Room

ROWS, EARLIER = "train_rows.parquet", "earlier_rows.parquet"
"""The ids of a bundle's rows, and what they are called in the folder of a training that began with it."""
_NAMED = 3


def folder(room: Room, start: Start | None, architecture: dict[str, Any]) -> Path | None:
    """Where it lies; None where there is none that can be gone on from, and that is said.

    Raises MachineError where it is damaged.
    """
    if start is None:
        if room.config.training.start == "champion" and room.stage == "train":
            room.note("begins with fresh weights: no model was in service when these rows were first learned from.")
        return None
    found = room.store / start.path
    if not found.is_dir():
        room.note(f"begins with fresh weights: the model in service, {start.bundle}, is not in the store any more.")
        return None
    verify(found)
    if why := why_not(architecture, files.read_json(found / "architecture.json")):
        room.note(f"begins with fresh weights: of the model in service, {start.bundle}, nothing fits, as {why}.")
        return None
    return found


def told(room: Room, start: Start | None, taken: TakenOver | None) -> None:
    """What of it was taken over."""
    if start is None or taken is None:
        return
    fresh = ", ".join(taken.fresh[:_NAMED]) + (f" and {len(taken.fresh) - _NAMED} more" * (len(taken.fresh) > _NAMED))
    share = f"{taken.numbers:,} of its {taken.whole:,} weights"
    rest = f"; fresh, all or in part: {fresh}" if fresh else ""
    room.note(f"begins as the model in service, {start.bundle}, in {share}{rest}.")
