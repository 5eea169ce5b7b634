"""Expectations that the rows at hand meet and a sane later file will meet too.

Only a table cut in half is critical, since that stops the run. What may be an honest novelty (a new category, a value
out of range, a first gap) is a warning: such rows are set aside and shown, and the run goes on while they are few.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keepfit.drafting.facts import Facts
from keepfit.sources.cells import is_text

_SET = 20
"""A category with more values than this is not a closed set."""
_SEEN = 5
"""Nor is one that has a value in fewer rows than this: others as rare were not seen yet."""
_CLASSES = 100


@dataclass(frozen=True)
class Line:
    """One expectation and why it is there."""

    type: str
    kwargs: dict[str, Any]
    severity: str
    comment: str = field(default="")

    def text(self) -> str:
        """The expectation as YAML; JSON is YAML too, and quotes what must be quoted."""
        kwargs = json.dumps(self.kwargs, ensure_ascii=False)
        comment = f"  # {self.comment}" if self.comment else ""
        return f"  - type: {self.type}{comment}\n    kwargs: {kwargs}\n    severity: {self.severity}\n"


def expectations_of(kinds: dict[str, str], columns: dict[str, Facts], target: str, classes: list[str]) -> list[Line]:
    """The expectations of a table: its length, its classes, and each feature's gaps, values and range."""
    lines = [_length(next(iter(columns.values())).rows), *_target(target, classes)]
    return lines + [line for name, kind in kinds.items() for line in _feature(columns[name], kind)]


def expectations_of_pictures(rows: int, target: str, classes: list[str]) -> list[Line]:
    """The expectations of a folder of pictures."""
    return [_length(rows), *_target(target, classes), _full("image")]


def _length(rows: int) -> Line:
    half = max(1, rows // 2)
    return Line(
        "expect_table_row_count_to_be_between",
        {"min_value": half},
        "critical",
        f"half of the {rows:,} rows seen: a delivery that broke off stops the run",
    )


def _target(name: str, classes: list[str]) -> list[Line]:
    if len(classes) > _CLASSES:
        return []
    kwargs = {"column": name, "value_set": sorted(classes)}
    return [Line("expect_column_values_to_be_in_set", kwargs, "warning", "the classes; rows of another are set aside")]


def _feature(column: Facts, kind: str) -> list[Line]:
    readable = kind not in ("number", "datetime") or column.number_share == 1 or not is_text(column.type)
    lines = [_full(column.name)] if readable and not column.missing else []
    closed = kind == "category" and 2 <= column.distinct <= _SET and column.counts.min() >= _SEEN
    if closed:
        kwargs = {"column": column.name, "value_set": sorted(column.values)}
        lines.append(Line("expect_column_values_to_be_in_set", kwargs, "warning"))
    if kind == "number":
        lines.append(_range(column))
    return lines


def _full(name: str) -> Line:
    return Line("expect_column_values_to_not_be_null", {"column": name}, "warning")


def _range(column: Facts) -> Line:
    """The range seen, widened by its own width on both sides, and not below zero where nothing was."""
    finite = column.parsed[np.isfinite(column.parsed)]
    low, high = float(finite.min()), float(finite.max())
    width = high - low or abs(high) or 1.0
    lowest = max(0.0, low - width) if low >= 0 else low - width
    kwargs = {"column": column.name, "min_value": _rounded(lowest, down=True), "max_value": _rounded(high + width)}
    comment = f"seen: {low:g} to {high:g}; as much more is let by on each side"
    return Line("expect_column_values_to_be_between", kwargs, "warning", comment)


def _rounded(number: float, *, down: bool = False) -> float:
    """To two digits, outwards."""
    if number == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(number))) - 1)
    outward = (math.floor if down else math.ceil)(number / step) * step
    return float(f"{outward:.2g}")
