"""A suite in groups of few columns: Great Expectations' cost grows with the square of what it is handed at once.

Two expectations on each of 50 columns took 14 ms an expectation, of 100 columns 20 ms, of 400 over 200 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from keepfit.config import Expectation
from keepfit.config.expectations import columns_of, condition_of
from keepfit.stages.validation.rows import RowView, ViewColumn

COLUMNS = 25
"""At most so many columns a group, unless one expectation names more: 6 ms an expectation, 9 with 5 columns."""
SQL = "unexpected_rows_expectation"
"""The one type in which a person's own SQL looks at the rows, by the source's names."""


@dataclass
class Group:
    """Expectations that look at the same few columns."""

    columns: list[ViewColumn]
    """What the relation they are checked on has."""
    members: list[int] = field(default_factory=list)
    """Their places in the suite."""
    named: bool = False
    """Whether the relation speaks the source's names."""


def grouped(suite: tuple[Expectation, ...], rows: RowView) -> Iterator[Group]:
    """Every expectation in one group. A person's SQL comes first, while the database holds nothing but the rows."""
    own = [number for number, e in enumerate(suite) if e.type == SQL]
    if own:
        yield Group([*rows.columns.values()], own, named=True)
    whole = [number for number, e in enumerate(suite) if e.type != SQL and not columns_of(e)]
    if whole:  # the table's length, or its columns' names
        yield Group([*rows.columns.values()], whole)
    yield from _by_columns(suite, rows)


def _by_columns(suite: tuple[Expectation, ...], rows: RowView) -> Iterator[Group]:
    """Neighbours together; what spans two neighbourhoods has its columns to itself."""
    groups: dict[tuple[int, ...], Group] = {}
    for number, expectation in enumerate(suite):
        places = _places(expectation, rows)
        if not places or expectation.type == SQL:
            continue
        near = {place // COLUMNS for place in places}
        key = (min(near),) if len(near) == 1 else tuple(sorted(places, reverse=True))
        group = groups.setdefault(key, Group([]))
        group.members.append(number)
        known = {column.place for column in group.columns}
        group.columns += [rows.at(place) for place in sorted(places - known)]
    yield from groups.values()


def _places(expectation: Expectation, rows: RowView) -> set[int]:
    """Positions of the columns that an expectation looks at, that of its row condition among them."""
    named = columns_of(expectation)
    condition = condition_of(expectation) if named else None
    return {rows.columns[name].place for name in (*named, *([condition.column] if condition else []))}
