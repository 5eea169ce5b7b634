"""Columns and tables that a run would refuse, left out or refused when they are first looked at."""

from __future__ import annotations

import numpy as np

from keepfit.drafting.target import Asked
from keepfit.errors import DataError
from keepfit.features.column import LARGEST, Choice, ColumnFacts
from keepfit.features.lookup import kind_of

_VALUES = 10
"""Of a column with gaps: with fewer values the train part has none of them in one split of some thousands."""
ROWS = 20
"""With fewer rows there are none left for one of the three parts, or they tell nothing."""


def learnable(choice: Choice, column: ColumnFacts, target: ColumnFacts) -> Choice:
    """The choice for a column, left out where the rows with a target say too little of it, or what no figure holds."""
    if choice.kind is None or column.some is not None:  # of bytes no values are known
        return choice
    taught = column.codes[target.codes >= 0]
    filled = int(np.count_nonzero(taught >= 0))
    left = ""
    if filled < min(_VALUES, len(taught)):
        left = f"it has a value in {filled or 'none'} of the {len(taught):,} rows with a target"
    elif kind_of(choice.kind).is_quantity and _largest(column) > LARGEST:
        left = f"it has values beyond {LARGEST:g}, whose squares are no numbers"
    return Choice(column.name, None, left, f'The column "{column.name}" is left out: {left}.') if left else choice


def _largest(column: ColumnFacts) -> float:
    return float(np.abs(column.parsed[np.isfinite(column.parsed)]).max(initial=0.0))


def refuse_few(asked: Asked, where: str) -> None:
    """Raise DataError where the rows with a target are too few to be split in three."""
    if asked.column.filled < ROWS:
        raise DataError(
            f'{asked.column.filled} rows have a value in the target "{asked.column.name}".',
            allowed=f"To learn, to choose and to judge take {ROWS} rows at least, and some hundreds to tell something.",
            todo="Add rows.",
            where=where,
        )
