"""What answers rest on, for metrics.json: in each of the worst rows, and in a column on the whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from keepfit.stages.evaluation.erasing import ASKED, Erased, Erasing

_ROWS = 3
"""Test rows that a part must be in."""
_TOLD, _SIDES = 10, 12
"""Parts of a side, and sides."""
_WORST = 100
"""Rows whose cells are looked at."""


def in_rows(erasing: Erasing, worst: Sequence[dict[str, Any]]) -> None:
    """Adds `rests_on` to each of the worst rows: column → start, stop and effect of each part of its cell.

    The effect is on the side that was answered, or on that which the row calls its `side`: above zero it speaks for it.
    """
    rows = {row["row"]: row for row in worst[:_WORST]}
    for entry in erasing.columns():
        for part in erasing.asked(entry, [*rows]):
            row = rows[part.row]
            said = row.get("side", row["prediction"])
            side = said if said in part.effect else next(iter(part.effect))
            spans = row.setdefault("rests_on", {}).setdefault(entry.name, [])
            spans.append([part.start, part.stop, round(part.effect[side], 3)])


def on_the_whole(erasing: Erasing, rows: int) -> list[dict[str, Any]]:
    """Of each column, `column`, and under `sides` for each side the parts that speak for it most: `part`, `effect` (the
    mean) and `rows`. Looked at are test rows from all over, `rows` is how many there are."""
    some = np.random.default_rng(0).permutation(rows)[: ASKED // 10]
    found = []
    for entry in erasing.columns():
        if sides := _sides(_by_name(erasing.asked(entry, some.tolist()))):
            found.append({"column": entry.name, "sides": sides})
    return found


Effects = dict[str, dict[int, dict[str, float]]]
"""Part → test row → effects, those of its places there added."""


def _by_name(parts: Sequence[Erased]) -> Effects:
    found: Effects = defaultdict(dict)
    for part in parts:
        before = found[part.name].get(part.row, {})
        found[part.name][part.row] = {side: before.get(side, 0.0) + value for side, value in part.effect.items()}
    return found


def _sides(effects: Effects) -> list[dict[str, Any]]:
    often = {name: rows for name, rows in effects.items() if len(rows) >= _ROWS}
    if not often:
        return []
    made = []
    for side in [*next(iter(next(iter(often.values())).values()))][:_SIDES]:
        # Ordered by means drawn towards zero, or what is in three rows by chance would lead.
        means = {name: float(np.mean([one[side] for one in rows.values()])) for name, rows in often.items()}
        order = sorted(means, key=lambda name: -means[name] * len(often[name]) / (len(often[name]) + _ROWS))
        most = [name for name in order if means[name] > 0][:_TOLD]
        told = [{"part": name, "effect": round(means[name], 3), "rows": len(often[name])} for name in most]
        made.append({"side": side, "parts": told})
    return made
