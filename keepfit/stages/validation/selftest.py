"""Proof, before every validation, that Great Expectations and DuckDB find what is there to find.

The two are a fragile pair: in the wrong versions every expectation fails, or NaN is never found. A table with known
faults goes through the very same engine; anything but the known answer is our error and no verdict on anyone's data.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.config import Expectation
from keepfit.errors import CheckError, EngineError
from keepfit.stages.validation.engine import Checked, Engine
from keepfit.stages.validation.rows import RowView, opened

_TABLE = {
    "amount": [1.0, 2.0, None, float("nan"), 500.0, 2.0],
    "text": ["a1", "b2", None, "c%", "é\\d", "b2"],
    "keepfit_row": [bytes([n]) * 16 for n in range(6)],
}


def _on(column: str, kind: str, **kwargs: object) -> Expectation:
    return Expectation(type=f"expect_column_{kind}", kwargs={"column": column, **kwargs})


_ROWS: tuple[tuple[Expectation, set[int]], ...] = (
    (_on("amount", "values_to_not_be_null"), {2, 3}),
    (_on("amount", "values_to_be_between", min_value=0, max_value=100), {4}),
    (_on("amount", "values_to_be_between", min_value=0, max_value=500), set()),
    (_on("amount", "values_to_be_unique"), {1, 5}),
    (_on("text", "values_to_be_in_set", value_set=["a1", "b2", "c%"]), {4}),
    (_on("text", "values_to_match_regex", regex=r"^\w\d$"), {3, 4}),
    (_on("text", "values_to_be_in_set", value_set=["b2"], row_condition='col("amount") < 100'), {0}),
)
_FIGURES: tuple[tuple[Expectation, bool, float], ...] = (
    (_on("amount", "mean_to_be_between", min_value=126.25, max_value=126.25), True, 126.25),
    (_on("amount", "max_to_be_between", max_value=100), False, 500.0),
)


def prove(folder: Path, kind: type[Engine] = Engine) -> None:
    """Try an engine on the known table, in a folder that is not there yet.

    Raises EngineError when a known fault is not found, or one is found that is not there.
    """
    folder.mkdir()
    pq.write_table(pa.table(_TABLE), folder / "rows.parquet")
    try:
        with opened(folder, folder) as rows:
            _compare(rows, kind)
    except CheckError as error:
        raise _disagreement("an answer", error.found) from error


def _compare(rows: RowView, kind: type[Engine]) -> None:
    suite = (*(e for e, _ in _ROWS), *(e for e, _, _ in _FIGURES))
    expected: list[object] = [(not bad, len(bad), bad) for _, bad in _ROWS]
    expected += [(met, seen, set()) for _, met, seen in _FIGURES]
    found: dict[int, object] = {}
    for one in kind(rows, suite).check():
        figure = one.finding.observed if one.finding.unexpected is None else one.finding.unexpected
        found[one.number] = (one.finding.passed, figure, _rows(rows, one))
    if (answers := [found.get(number) for number in range(len(suite))]) != expected:
        raise _disagreement(expected, answers)


def _rows(rows: RowView, one: Checked) -> set[int]:
    """The failing rows' numbers in the known table."""
    if not one.failing:
        return set()
    found = rows.connection.execute(f"SELECT keepfit_row FROM {one.relation} WHERE {one.failing}").fetchall()
    return {row[0] for (row,) in found}


def _disagreement(expected: object, found: object) -> EngineError:
    return EngineError(
        f"the validation engine failed its self-test: {found} instead of {expected}.",
        allowed="This says nothing about your rows; none of them was looked at.",
        todo="Install the versions of great-expectations, sqlalchemy and duckdb that constraints.txt names.",
    )
