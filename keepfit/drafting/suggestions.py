"""Expectations that the rows at hand meet and a sane later file will meet too.

Only a table cut in half is critical, since that stops the run. What may be an honest novelty (a new category, a value
out of range, a first gap) is a warning: such rows are set aside and shown, and the run goes on while they are few.
"""

from __future__ import annotations

from keepfit.features.column import ColumnFacts, Suggestion, full
from keepfit.features.lookup import words_of

_CLASSES = 100


def expectations_of(
    kinds: dict[str, str], columns: dict[str, ColumnFacts], target: str, classes: list[str]
) -> list[Suggestion]:
    """The expectations of a table: its length, its classes, and what each kind says of its columns."""
    lines = [_length(next(iter(columns.values())).rows), *_target(target, classes)]
    return lines + [line for name, kind in kinds.items() for line in words_of(kind).expectations(columns[name])]


def expectations_of_files(rows: int, column: str, target: str, classes: list[str]) -> list[Suggestion]:
    """The expectations of a folder of files, each a cell."""
    return [_length(rows), *_target(target, classes), full(column)]


def _length(rows: int) -> Suggestion:
    half = max(1, rows // 2)
    return Suggestion(
        "expect_table_row_count_to_be_between",
        {"min_value": half},
        "critical",
        f"half of the {rows:,} rows seen: a delivery that broke off stops the run",
    )


def _target(name: str, classes: list[str]) -> list[Suggestion]:
    if len(classes) > _CLASSES:
        return []
    kwargs = {"column": name, "value_set": sorted(classes)}
    told = "the classes; rows of another are set aside"
    return [Suggestion("expect_column_values_to_be_in_set", kwargs, "warning", told)]
