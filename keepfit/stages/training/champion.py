"""The model in service as what a training begins with: whether it is there and fits, and what is said of it."""

from __future__ import annotations

from pathlib import Path

from keepfit.config import Model
from keepfit.data.transform import Transform
from keepfit.errors import KeepfitError
from keepfit.models.architecture import load
from keepfit.models.takeover import TakenOver, why_not
from keepfit.serving.bundle.seal import verify
from keepfit.store import files
from keepfit.store.artifacts import Start
from keepfit.store.stage import Room

ROWS, EARLIER = "train_rows.parquet", "earlier_rows.parquet"
"""The ids of a bundle's rows, and what they are called in the folder of a training that began with it."""
_NAMED = 3


def folder(room: Room, start: Start | None, transform: Transform) -> Path | None:
    """Where it lies; None where there is none that can be gone on from, and that is said.

    Raises MachineError where it is damaged.
    """
    if start is None:
        if room.config.training.start == "champion" and room.stage == "train":
            room.note("begins with fresh weights: no model was in service when these rows were first learned from.")
        return None
    found = room.store / start.path
    why = _why_not(found, start, room.config.model, transform)
    if why:
        room.note(f"begins with fresh weights, and not as the model in service, {start.bundle}: {why}.")
    return None if why else found


def _why_not(found: Path, start: Start, model: Model, transform: Transform) -> str:
    """Why it cannot be begun with, in a clause."""
    if not found.is_dir() or verify(found) != start.bundle:
        return "it is not in the store any more"
    if why := why_not(model, transform, files.read_json(found / "architecture.json")):
        return why
    try:
        load(found)
    except (KeepfitError, RuntimeError, ValueError, KeyError, TypeError) as error:  # such as one of an older keepfit
        return f"it cannot be built any more ({type(error).__name__})"
    return ""


def told(room: Room, start: Start | None, taken: TakenOver | None) -> None:
    """What of it was taken over."""
    if start is None or taken is None:
        return
    fresh = ", ".join(taken.fresh[:_NAMED]) + (f" and {len(taken.fresh) - _NAMED} more" * (len(taken.fresh) > _NAMED))
    share = f"{taken.numbers:,} of its {taken.whole:,} weights"
    rest = f"; fresh, all or in part: {fresh}" if fresh else ""
    room.note(f"begins as the model in service, {start.bundle}, in {share}{rest}.")
