"""Columns that say yes or no side by side: several labels of a row, where a person says so."""

from __future__ import annotations

import re
from collections.abc import Iterable

from keepfit.config.sets import PROBLEMS
from keepfit.drafting.yaml_text import scalar
from keepfit.features.column import ColumnFacts
from keepfit.problems.lookup import target_column

_WORD = re.compile(r"[^\W\d_]+[_.: -]")
_LABELS = 3


def label_columns(target: ColumnFacts, columns: Iterable[ColumnFacts]) -> list[str]:
    """What to say where other columns say yes or no as the target does, and their names begin with the same word."""
    first = _WORD.match(target.name)
    if first is None:
        return []
    alike = [column for column in columns if column.name.startswith(first.group()) and column.name != target.name]
    told = []
    for problem in PROBLEMS.names():
        names = [column.name for column in (target, *alike) if _says(problem, column)]
        if names[:1] == [target.name] and len(names) >= _LABELS:
            told.append(
                f"{len(names)} columns that say yes or no begin with {first.group()}, and all but the target are "
                "features: if they are labels, of which a new row has none, ask for all at once, with a target of "
                f"another name and problem: {{kind: {problem}, columns: [{', '.join(map(scalar, names))}]}}."
            )
    return told


def _says(problem: str, column: ColumnFacts) -> bool:
    """Whether each cell says yes or no, to a problem that is asked of several such columns."""
    try:
        return column.distinct == 2 and not target_column(problem).says(column.texts).null_count
    except NotImplementedError:
        return False
