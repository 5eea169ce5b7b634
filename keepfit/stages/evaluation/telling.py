"""What answers rest on, for metrics.json: in each of the rows that are shown, and in a column on the whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from keepfit.features.erasing import Erased
from keepfit.features.lookup import kind_of
from keepfit.stages.evaluation.asking import Asking
from keepfit.stages.evaluation.erasing import ASKED, Effect, asked, in_parts

_ROWS = 3
"""Test rows that a part must be in."""
_TOLD, _SIDES = 10, 12
"""Parts of a side, and sides."""
_SHOWN = 100
"""Rows whose cells are looked at."""


def in_rows(asking: Asking, shown: Sequence[dict[str, Any]]) -> None:
    """Adds `rests_on` to each of the rows: column → where each part of its cell stands, and its effect.

    The effect is on the side that was answered, or on that which the row calls its `side`: above zero it speaks for it.
    """
    rows = shown[:_SHOWN]
    for entry in in_parts(asking.transform) if rows else ():
        for erased, effect in asked(asking, entry, [row["row"] for row in rows]):
            row = rows[erased.place]
            said = row.get("side", row["prediction"])
            side = said if said in effect else next(iter(effect))
            told = row.setdefault("rests_on", {}).setdefault(entry.name, [])
            told.append([*erased.part, round(effect[side], 3)])


def on_the_whole(asking: Asking, rows: int) -> list[dict[str, Any]]:
    """Of each column whose parts have names, `column`, and under `sides` for each side the parts that speak for it
    most: `part`, `effect` (the mean) and `rows`. Looked at are test rows from all over; there are `rows`."""
    some = np.random.default_rng(0).permutation(rows)[: ASKED // 10]
    found = []
    for entry in in_parts(asking.transform):
        named = kind_of(entry.kind).parts_have_names
        if sides := _sides(_by_name(asked(asking, entry, some.tolist()))) if named else []:
            found.append({"column": entry.name, "sides": sides})
    return found


Effects = dict[str, dict[int, dict[str, float]]]
"""Part → test row → effects, those of its places there added."""


def _by_name(parts: Iterable[tuple[Erased, Effect]]) -> Effects:
    found: Effects = defaultdict(dict)
    for part, effect in parts:
        before = found[part.name].get(part.place, {})
        found[part.name][part.place] = {side: before.get(side, 0.0) + value for side, value in effect.items()}
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
