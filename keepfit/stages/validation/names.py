"""An expectation in the engine's names for columns, and what came of it in the source's."""

from __future__ import annotations

import re
from typing import Any

from keepfit.config import Expectation
from keepfit.config.expectations import columns_of
from keepfit.stages.validation.rows import RowView

_NAMES = ("column", "column_A", "column_B", "column_list", "column_set")
_ID = re.compile(r"keepfit_c(\d+)")


def inside(expectation: Expectation, rows: RowView) -> dict[str, Any]:
    """Its arguments with each column's id in place of its name."""
    return {key: _id(value, rows) if key in _NAMES else value for key, value in expectation.kwargs.items()}


def _id(names: Any, rows: RowView) -> Any:
    if isinstance(names, list | tuple | set):
        return [_id(name, rows) for name in names]
    known = rows.columns.get(names)
    return known.id if known else f"no column {names}"  # the space keeps it apart from every id


def outside(result: Any, expectation: Expectation, rows: RowView) -> None:
    """Great Expectations' result of an expectation speaks the source's names from here on.

    Values of the data stay as they are, though one should read like an id of ours.
    """
    result.expectation_config.kwargs.update(expectation.kwargs)
    result.result = _named(result.result, rows, values=not columns_of(expectation))


def _named(value: Any, rows: RowView, *, values: bool) -> Any:
    """Keys that are ids become names and, where the table's columns are what was looked at, `values` too."""
    if isinstance(value, dict):
        return {_name(key, rows): _named(one, rows, values=values) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_named(one, rows, values=values) for one in value]
    return _name(value, rows) if values else value


def _name(value: Any, rows: RowView) -> Any:
    found = _ID.fullmatch(value) if isinstance(value, str) else None
    return rows.at(int(found.group(1))).name if found else value
