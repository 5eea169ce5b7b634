"""The column to predict: named by the person or recognised, and fit to be classified."""

from __future__ import annotations

import numpy as np

from keepfit.errors import ConfigError, DataError, nearest
from keepfit.features.column import ColumnFacts

_NAMES = ("target", "label", "class", "y", "outcome", "category", "diagnosis", "species", "survived", "income", "churn")
_MANY = 1000
"""More classes than this are refused at once."""


def find_target(columns: list[ColumnFacts], named: str | None, where: str, *, headless: bool = False) -> ColumnFacts:
    """The column to predict. Without a name: one that is called so, else the last or first one with few values.

    Raises ConfigError where there is no such column or none suggests itself.
    """
    known = {column.name: column for column in columns}
    if named is not None:
        if named not in known:
            there = "The file has no header line; we call its columns" if headless else "There are"
            raise ConfigError(
                f'there is no column "{named}", the target.',
                allowed=f"{there}: {', '.join(list(known)[:40])}.",
                todo=nearest(named, list(known)) or "Name one of them with --target.",
                where=where,
            )
        return known[named]
    by_name = [c for name in _NAMES for c in columns if c.name.lower() == name]
    by_place = [c for c in (columns[-1], columns[0]) if 2 <= c.distinct <= min(50, c.rows // 5)]
    for candidate in (*by_name, *by_place):
        return candidate
    raise ConfigError(
        "no column suggests itself as the target.",
        allowed=f"There are: {', '.join(list(known)[:40])}.",
        todo="Name the one to predict with --target.",
        where=where,
    )


def check_target(target: ColumnFacts, where: str) -> None:
    """Raise DataError where the target has no value, one value, or is a quantity and not a class."""
    if target.distinct == 0:
        raise DataError(f'the target "{target.name}" is empty.', todo="Choose another with --target.", where=where)
    if target.distinct == 1:
        raise DataError(
            f'every row has the same target "{target.values[0]}".',
            allowed="At least two classes are needed.",
            todo="Choose another target with --target.",
            where=where,
        )
    if _is_quantity(target):
        raise DataError(
            f'the target "{target.name}" looks like a quantity: it has {target.distinct:,} different values '
            f"in {target.filled:,} rows, such as {', '.join(target.values[:3])}.",
            allowed="keepfit classifies: it predicts one of a few classes.",
            todo="Choose a column with classes, or cut this one into ranges first.",
            where=where,
        )


def _is_quantity(target: ColumnFacts) -> bool:
    if target.distinct > _MANY or target.distinct > 0.5 * target.filled > 10:
        return True
    if target.number_share < 1:
        return False
    if np.any(target.parsed != np.round(target.parsed)):
        return target.distinct > 10
    return target.distinct > 100 or target.distinct > max(30, 0.2 * target.filled)
