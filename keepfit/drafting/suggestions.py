"""Expectations that the rows at hand meet and a sane later file will meet too.

Only a table cut in half is critical, since that stops the run. What may be an honest novelty (a new category, a value
out of range, a first gap) is a warning: such rows are set aside and shown, and the run goes on while they are few.
"""

from __future__ import annotations

from keepfit.features.column import ColumnFacts, Suggestion, full
from keepfit.features.lookup import words_of
from keepfit.problems.lookup import target_column


def expectations_of(
    kinds: dict[str, str], columns: dict[str, ColumnFacts], target: ColumnFacts, problem: str
) -> list[Suggestion]:
    """The expectations of a table: its length, its target, and what each kind says of its columns."""
    lines = [_length(next(iter(columns.values())).rows), *target_column(problem).expectations(target)]
    return lines + [line for name, kind in kinds.items() for line in words_of(kind).expectations(columns[name])]


def expectations_of_files(column: str, target: ColumnFacts, problem: str) -> list[Suggestion]:
    """The expectations of a folder of files, each a cell."""
    return [_length(target.rows), *target_column(problem).expectations(target), full(column)]


def _length(rows: int) -> Suggestion:
    half = max(1, rows // 2)
    return Suggestion(
        "expect_table_row_count_to_be_between",
        {"min_value": half},
        "critical",
        f"half of the {rows:,} rows seen: a delivery that broke off stops the run",
    )
