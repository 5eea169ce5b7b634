"""What a clock and a calendar say: the parts of a moment that come back, as further number columns.

B rows, t datetime columns.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

DAY = 86_400.0
CYCLES = {"hour": (DAY, 24), "weekday": (7 * DAY, 7), "season": (365.2425 * DAY, 24)}
"""Length in seconds and how many equal bins: hours of the day, days of the week, half months of the year."""


def parts(column: dict[str, Any]) -> list[dict[str, Any]]:
    """A number column's entry for each cycle of a datetime column: values from 0 to 1, in equal bins."""
    return [
        {
            "kind": "number",
            "name": f"{column['name']} {name}",
            "mean": 0.5,
            "std": 0.29,
            "distinct": None,
            "quantiles": [i / count for i in range(count + 1)],
            "distinct_quantiles": [i / count for i in range(count + 1)],
        }
        for name, (_, count) in CYCLES.items()
    ]


class Cycles(nn.Module):
    """How far each cycle is, 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.length: Tensor
        self.register_buffer("length", torch.tensor([s for s, _ in CYCLES.values()], dtype=torch.float64))

    def forward(self, seconds: Tensor) -> Tensor:
        """float64 epoch seconds [B, t] → [B, 3 t]; NaN stays NaN."""
        turns = seconds[..., None] / self.length
        return (turns - turns.floor()).flatten(1)
