"""Whether the expectations fit the columns they name, found out before any row is read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import duckdb
import pyarrow as pa

from keepfit.config import Expectation
from keepfit.config.expectations import WORKS, columns_of, condition_of
from keepfit.data.cells import categories
from keepfit.errors import ConfigError, nearest
from keepfit.quoting import shown
from keepfit.stages.validation.findings import sentence
from keepfit.stages.validation.groups import SQL
from keepfit.stages.validation.rows import RowView

_MEETS = {
    "any": ("text", "names", "numeric", "time", "bool", "other"),
    "text": ("text", "names"),
    "numeric": ("numeric",),
    "ordered": ("numeric", "time"),
}
_WANTED = {"text": "text", "numeric": "numbers", "ordered": "numbers or points in time"}
_HELD = {
    "text": "text",
    "names": "text",
    "numeric": "numbers",
    "time": "points in time",
    "bool": "booleans",
    "other": "other values",
}


def fitted(
    suite: tuple[Expectation, ...], rows: RowView, file: str, names: Collection[str] = ()
) -> tuple[Expectation, ...]:
    """The suite as it is sent to the database: whole numbers meant for a text column become text.

    `names` are the columns whose texts were read as names are: their values in a suite are too.

    Raises ConfigError where a column is not there or holds the wrong kind, or a query is more than a query.
    """
    columns = {column.name: column.kind for column in rows.columns.values()}
    columns |= {name: "names" for name in names if columns.get(name) == "text"}
    return tuple(
        _fitted(expectation, rows, columns, f"{file}, expectation {n}") for n, expectation in enumerate(suite, 1)
    )


def _fitted(expectation: Expectation, rows: RowView, columns: dict[str, str], where: str) -> Expectation:
    if expectation.type == SQL:
        _only_a_query(expectation.kwargs["unexpected_rows_query"], rows, where)
    condition = condition_of(expectation)
    for name in (*columns_of(expectation), *([condition.column] if condition else [])):
        if name not in columns:
            raise ConfigError(
                f'{expectation.type} names the column "{name}", which the rows do not have.',
                allowed=f"They have {', '.join(columns)}.",
                todo=nearest(name, list(columns)),
                where=where,
            )
    for name in columns_of(expectation):
        needs = WORKS[expectation.type].needs
        if columns[name] not in _MEETS[needs]:
            raise ConfigError(
                f"{expectation.type} needs a column of {_WANTED[needs]}, and {name} holds {_HELD[columns[name]]}.",
                todo="Name another column, or change its kind under features: in the pipeline's YAML.",
                where=where,
            )
    return _with_values(expectation, columns, where)


def _only_a_query(query: str, rows: RowView, where: str) -> None:
    """It reads the rows and does nothing else; what else it may reach, the database itself bars."""
    try:
        kinds = [one.type for one in rows.connection.extract_statements(query.replace("{batch}", "batch"))]
        found = "" if kinds == [duckdb.StatementType.SELECT] else " and ".join(kind.name for kind in kinds) or "nothing"
    except duckdb.Error as error:
        found = str(error).splitlines()[0]
    if found:
        raise ConfigError(
            f"unexpected_rows_query is no query of the rows: {found}.",
            allowed="It is one SELECT of the rows that should not be there.",
            todo="Such as SELECT * FROM {batch} WHERE age < 0.",
            where=where,
        )


def _with_values(expectation: Expectation, columns: dict[str, str], where: str) -> Expectation:
    kwargs = dict(expectation.kwargs)
    if "value_set" in kwargs:
        kind = columns[kwargs["column"]]
        kwargs["value_set"] = [_value(v, kind, expectation, where) for v in kwargs["value_set"]]
    if "value_pairs_set" in kwargs:
        kinds = columns[kwargs["column_A"]], columns[kwargs["column_B"]]
        pairs = [zip(pair, kinds, strict=True) for pair in kwargs["value_pairs_set"]]
        kwargs["value_pairs_set"] = [tuple(_value(v, kind, expectation, where) for v, kind in pair) for pair in pairs]
    return expectation.model_copy(update={"kwargs": kwargs})


def _value(value: Any, kind: str, expectation: Expectation, where: str) -> Any:
    if kind == "names" and isinstance(value, str | int):
        return categories(pa.array([str(value)])).to_pylist()[0] or value
    if kind == "text" and type(value) is int:
        return str(value)
    matches = {
        "text": isinstance(value, str),
        "names": isinstance(value, str),
        "numeric": isinstance(value, int | float) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
    }
    if value is None or matches.get(kind, True):
        return value
    todo = "Put it in quotes, as it stands in the data." if _HELD[kind] == "text" else "Write values of that kind."
    raise ConfigError(
        f"{sentence(expectation)}: {shown(value)} cannot stand in a column that holds {_HELD[kind]}.",
        todo=todo,
        where=where,
    )
