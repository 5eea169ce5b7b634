"""Some train rows as the network learns from them, for a person to see: beside/changed.npz in the trained folder.

It holds a tensor's name → rows [R, 1 + T, …]: each of R rows as it is, and T times as it was changed.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch

from keepfit.data.batch import Inputs
from keepfit.features.lookup import words_of
from keepfit.learning.changes import Changes
from keepfit.store import files

NAME = "changed.npz"
ROWS, TIMES = 4, 5


def write(beside: Path, kinds: dict[str, str], changes: Changes, inputs: Inputs) -> None:
    """Of a batch; `kinds` are tensor → kind. Nothing where nothing is changed that can be seen."""
    shown = [name for name in changes.names if words_of(kinds[name]).sees]
    if not shown:
        return
    some = {name: inputs[name][:ROWS] for name in inputs}
    times = [some, *(changes.changed(some) for _ in range(TIMES))]
    found = {name: torch.stack([one[name].round().byte().cpu() for one in times], 1).numpy() for name in shown}
    with io.BytesIO() as buffer:
        np.savez_compressed(buffer, allow_pickle=False, **found)
        files.write_bytes(beside / NAME, buffer.getvalue())
