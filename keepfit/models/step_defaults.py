"""How a network over steps is trained where the YAML says nothing: a pure function of the data's size."""

from __future__ import annotations

from typing import Any

from keepfit.data.transform import Transform
from keepfit.features.lookup import amounts_of

_STEPS = 1500
"""Steps of training that a small set takes: 270 series of Japanese vowels, 500 heartbeats."""


def batch_size(rows: int) -> int:
    """Rows a step, of so many train rows."""
    return 8 if rows < 200 else 16 if rows < 1000 else 32 if rows < 5000 else 64


def course(transform: Transform, rows: int, batch: int, *, steps: int = _STEPS, most: int = 60) -> dict[str, Any]:
    """About as many steps whatever the number of rows, `most` epochs at most; classes are smoothed."""
    return {
        "epochs": min(max(round(steps * batch / rows), 6), most),
        "batch_size": batch,
        "weight_decay": 1e-2,
        "schedule": "one_cycle",
        "warmup": 0.25,
        "label_smoothing": 0.1 if transform.target.outputs > 1 else 0.0,
        "patience": None,
        "augment": amounts_of(transform.features[0], rows),
    }
