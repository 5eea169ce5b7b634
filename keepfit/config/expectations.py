"""Which Great Expectations types keepfit checks, and what each takes: a table, read without importing the library.

Every type in `WORKS` was compared with Great Expectations on pandas (tests/stages/validation/test_types.py).
"""

from __future__ import annotations

import ast
import re
import string
from dataclasses import dataclass
from typing import Any, Literal

from keepfit.config.sections import Expectation
from keepfit.errors import nearest
from keepfit.quoting import shown

Needs = Literal["any", "text", "numeric", "ordered"]
"""What a column must hold: anything, text, numbers, or numbers or points in time."""


@dataclass(frozen=True)
class Form:
    """What one expectation type takes."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    rows: bool
    """Judges row by row, so that the failing rows can be put aside."""
    needs: Needs = "any"


@dataclass(frozen=True)
class Mistake:
    """What is wrong with one expectation; `steps` lead to the key at fault."""

    steps: tuple[str, ...]
    found: str
    allowed: str
    todo: str = ""


@dataclass(frozen=True)
class Condition:
    """A `row_condition` such as `col("age") > 30`: only rows for which it holds are judged."""

    column: str
    operator: str
    """==, !=, <, <=, > or >=; notnull takes no value."""
    value: Any = None


_CONDITION = re.compile(r'col\("([^"]+)"\)\s*(?:(==|!=|<=|>=|<|>)\s*(.+)|\.(notnull)\(\))')

_ANY = ("row_condition", "condition_parser")
_BOUNDS = ("min_value", "max_value", "strict_min", "strict_max")


def _values(*required: str, optional: tuple[str, ...] = (), needs: Needs = "any") -> Form:
    return Form(("column", *required), (*optional, "mostly", *_ANY), True, needs)


def _pair(*required: str, optional: tuple[str, ...] = ()) -> Form:
    return Form(("column_A", "column_B", *required), (*optional, "ignore_row_if", "mostly", *_ANY), True)


def _several(*required: str, needs: Needs = "any") -> Form:
    return Form(("column_list", *required), ("ignore_row_if", "mostly", *_ANY), True, needs)


def _figure(*required: str, optional: tuple[str, ...] = (), needs: Needs = "any") -> Form:
    return Form(("column", *required), (*optional, *_ANY), False, needs)


def _table(*required: str, optional: tuple[str, ...] = ()) -> Form:
    return Form(required, optional, False)


WORKS = {
    "expect_column_values_to_not_be_null": _values(),
    "expect_column_values_to_be_null": _values(),
    "expect_column_values_to_be_unique": _values(),
    "expect_column_values_to_be_between": _values(optional=_BOUNDS, needs="ordered"),
    "expect_column_values_to_be_in_set": _values("value_set"),
    "expect_column_values_to_not_be_in_set": _values("value_set"),
    "expect_column_values_to_match_regex": _values("regex", needs="text"),
    "expect_column_values_to_not_match_regex": _values("regex", needs="text"),
    "expect_column_values_to_match_regex_list": _values("regex_list", optional=("match_on",), needs="text"),
    "expect_column_values_to_not_match_regex_list": _values("regex_list", needs="text"),
    "expect_column_values_to_match_like_pattern": _values("like_pattern", optional=("escape",), needs="text"),
    "expect_column_values_to_not_match_like_pattern": _values("like_pattern", optional=("escape",), needs="text"),
    "expect_column_values_to_match_like_pattern_list": _values(
        "like_pattern_list", optional=("match_on", "escape"), needs="text"
    ),
    "expect_column_values_to_not_match_like_pattern_list": _values(
        "like_pattern_list", optional=("escape",), needs="text"
    ),
    "expect_column_values_to_match_strftime_format": _values("strftime_format", needs="text"),
    "expect_column_values_to_be_json_parseable": _values(needs="text"),
    "expect_column_value_lengths_to_be_between": _values(optional=_BOUNDS, needs="text"),
    "expect_column_value_lengths_to_equal": _values("value", needs="text"),
    "expect_column_value_z_scores_to_be_less_than": _values("threshold", "double_sided", needs="numeric"),
    "expect_column_values_to_not_be_outliers": _values(optional=("method", "multiplier"), needs="numeric"),
    "expect_column_pair_values_to_be_equal": _pair(),
    "expect_column_pair_values_a_to_be_greater_than_b": _pair(optional=("or_equal",)),
    "expect_column_pair_values_to_be_in_set": _pair("value_pairs_set"),
    "expect_compound_columns_to_be_unique": _several(),
    "expect_select_column_values_to_be_unique_within_record": _several(),
    "expect_multicolumn_values_to_be_equal": _several(),
    "expect_multicolumn_sum_to_equal": _several("sum_total", needs="numeric"),
    "expect_column_min_to_be_between": _figure(optional=_BOUNDS, needs="ordered"),
    "expect_column_max_to_be_between": _figure(optional=_BOUNDS, needs="ordered"),
    "expect_column_mean_to_be_between": _figure(optional=_BOUNDS, needs="numeric"),
    "expect_column_median_to_be_between": _figure(optional=_BOUNDS, needs="numeric"),
    "expect_column_stdev_to_be_between": _figure(optional=_BOUNDS, needs="numeric"),
    "expect_column_sum_to_be_between": _figure(optional=_BOUNDS, needs="numeric"),
    "expect_column_quantile_values_to_be_between": _figure(
        "quantile_ranges", optional=("allow_relative_error",), needs="numeric"
    ),
    "expect_column_kl_divergence_to_be_less_than": _figure(
        "partition_object", "threshold",
        optional=("internal_weight_holdout", "tail_weight_holdout", "bucketize_data", "min_value", "max_value"),
    ),
    "expect_column_distinct_values_to_be_in_set": _figure("value_set"),
    "expect_column_distinct_values_to_contain_set": _figure("value_set"),
    "expect_column_distinct_values_to_equal_set": _figure("value_set"),
    "expect_column_most_common_value_to_be_in_set": _figure("value_set", optional=("ties_okay",)),
    "expect_column_unique_value_count_to_be_between": _figure(optional=_BOUNDS),
    "expect_column_proportion_of_unique_values_to_be_between": _figure(optional=_BOUNDS),
    "expect_column_proportion_of_non_null_values_to_be_between": _figure(optional=_BOUNDS),
    "expect_column_to_exist": _table("column", optional=("column_index",)),
    "expect_table_row_count_to_equal": _table("value", optional=_ANY),
    "expect_table_row_count_to_be_between": _table(optional=(*_BOUNDS, *_ANY)),
    "expect_table_column_count_to_equal": _table("value"),
    "expect_table_column_count_to_be_between": _table(optional=("min_value", "max_value")),
    "expect_table_columns_to_match_ordered_list": _table("column_list"),
    "expect_table_columns_to_match_set": _table("column_set", optional=("exact_match",)),
    "unexpected_rows_expectation": _table("unexpected_rows_query"),
}  # fmt: skip

_TYPED = (
    "the types of the rows follow from features: in the pipeline's YAML, and a cell that cannot be read becomes missing"
)
_ORDER = "rows are checked as a set, without an order"
_OTHER = "a suite sees the rows of its own pipeline only"
REFUSED = {
    "expect_column_values_to_be_of_type": f"{_TYPED}: expect_column_values_to_not_be_null finds it",
    "expect_column_values_to_be_in_type_list": f"{_TYPED}: expect_column_values_to_not_be_null finds it",
    "expect_column_type_to_be": f"{_TYPED}: expect_column_values_to_not_be_null finds it",
    "expect_column_values_to_be_dateutil_parseable": "it has no exact SQL form: declare the column as datetime, "
    "or use expect_column_values_to_match_strftime_format",
    "expect_column_values_to_match_json_schema": "it has no SQL form: use expect_column_values_to_be_json_parseable",
    "expect_column_values_to_be_increasing": _ORDER,
    "expect_column_values_to_be_decreasing": _ORDER,
    "expect_table_row_count_to_equal_other_table": _OTHER,
    "expect_query_results_to_match_comparison": _OTHER,
}


def columns_of(expectation: Expectation) -> tuple[str, ...]:
    """The columns an expectation looks at; none for those that judge the table as a whole."""
    if "column" not in (form := WORKS[expectation.type]).required and not form.rows:
        return ()
    if expectation.type == "expect_column_to_exist":
        return ()
    kwargs = expectation.kwargs
    single = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
    return tuple(str(name) for name in [*single, *kwargs.get("column_list", [])])


def condition_of(expectation: Expectation) -> Condition | None:
    """The row condition of an expectation, None where it has none. Raises ValueError where it cannot be read."""
    text = expectation.kwargs.get("row_condition")
    if text is None:
        return None
    match = _CONDITION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(text)
    column, operator, value, notnull = match.groups()
    return Condition(column, notnull) if notnull else Condition(column, operator, _single(value))


def _single(text: str) -> Any:
    """What a column can be compared with. Raises ValueError for anything else that Python can write."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(text) from error
    if value is not None and not isinstance(value, str | int | float):
        raise ValueError(text)
    return value


def problem_of(expectation: Expectation) -> Mistake | None:
    """What is wrong with an expectation as written, before any row is looked at."""
    if expectation.type not in WORKS:
        return _unknown_type(expectation.type)
    form = WORKS[expectation.type]
    known = [*form.required, *form.optional]
    allowed = f"{expectation.type} takes {', '.join(known)}."
    for name in expectation.kwargs:
        if name not in known:
            return Mistake(("kwargs", name), f'unknown argument "{name}".', allowed, nearest(name, known))
    for name in form.required:
        if name not in expectation.kwargs:
            return Mistake(("type",), f'the argument "{name}" is missing.', allowed, f"Add {name} to kwargs.")
    return _wrong_value(expectation)


def _unknown_type(name: str) -> Mistake:
    if name in REFUSED:
        return Mistake(("type",), f"{name} is not supported: {REFUSED[name]}.", "", "Take it out of the suite.")
    works = f"These work: {', '.join(sorted(WORKS))}."
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()  # a class name, such as ExpectColumnValuesToBeNull
    return Mistake(("type",), f'unknown expectation "{name}".', works, nearest(snake, list(WORKS)))


def _wrong_value(expectation: Expectation) -> Mistake | None:
    kwargs = expectation.kwargs
    mostly = kwargs.get("mostly", 1)
    if isinstance(mostly, bool) or not isinstance(mostly, int | float) or not 0 <= mostly <= 1:
        return Mistake(("kwargs", "mostly"), f"mostly is {shown(mostly)}.", "It is a share of the rows, from 0 to 1.")
    parser = kwargs.get("condition_parser", "great_expectations")
    if parser != "great_expectations":
        return Mistake(
            ("kwargs", "condition_parser"), f"condition_parser is {shown(parser)}.", "Only great_expectations works.",
            "Leave it out.",
        )  # fmt: skip
    try:
        condition_of(expectation)
    except ValueError:
        return Mistake(
            ("kwargs", "row_condition"), f"row_condition is {shown(kwargs['row_condition'])}.",
            'It compares a column with a value: col("age") > 30 or col("city") == "Rome", or is col("x").notnull().',
        )  # fmt: skip
    for key, value in kwargs.items():
        if isinstance(value, dict) and "$PARAMETER" in value:
            return Mistake(
                ("kwargs", key), f"{key} is {shown(value)}.", "Parameters of a suite do not work.", "Write the value."
            )
    if fields := _placeholders(kwargs.get("unexpected_rows_query", "")) - {"batch"}:
        found = f"the query has {', '.join(sorted(f'{{{name}}}' for name in fields))}."
        return Mistake(
            ("kwargs", "unexpected_rows_query"), found, "{batch} stands for the rows; nothing else is filled in.",
            "Write each other brace twice.",
        )  # fmt: skip
    for key in ("value_set", "column_list", "regex_list", "like_pattern_list", "value_pairs_set"):
        if key in kwargs and (not isinstance(kwargs[key], list | tuple) or not kwargs[key]):
            return Mistake(("kwargs", key), f"{key} is {shown(kwargs[key])}.", "It is a list with at least one entry.")
    return None


def _placeholders(query: object) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(str(query)) if name is not None}
    except ValueError as error:  # a brace by itself
        return {str(error)}
