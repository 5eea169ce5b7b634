"""The SQL that Great Expectations lacks on DuckDB, or has in a form that is wrong or cannot name the failing rows.

Importing this module registers the forms below. Each is a plain condition on a row, so that one query counts them
all and one `COPY` puts the failing rows aside. In Great Expectations' own forms uniqueness is a window or a join,
from which no condition can be taken; sums and comparisons skip rows in which one of the values is missing, which its
pandas engine counts as failing; long lists of constants are slow; JSON, strftime and quartiles have no form at all.
"""

# mypy: disable-error-code="misc, untyped-decorator"
from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_condition_partial import (
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_map_metric_provider import (
    ColumnPairMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.is_sqlalchemy_metric_selectable import (
    SQLALCHEMY_SELECTABLE_METRICS,
)
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (
    multicolumn_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_map_metric_provider import (
    MulticolumnMapMetricProvider,
)

_DOMAIN = ("batch_id", "table", "row_condition", "condition_parser", "ignore_row_if")
# The uniqueness metrics, which Great Expectations believes to bring a FROM of their own: ours do not.
SQLALCHEMY_SELECTABLE_METRICS.clear()


def _figure(value: Any, table: Any) -> Any:
    """A query of one value over the rows under consideration. It must not become part of the query around it."""
    return _query(value, table).scalar_subquery()


def _query(value: Any, table: Any) -> Any:
    return sa.select(value).select_from(table.subquery() if isinstance(table, sa.Select) else table).correlate(None)


def _repeated(key: Any, table: Any) -> Any:
    return _query(key, table).group_by(key).having(sa.func.count() > 1)


def _in(column: Any, values: list[Any]) -> Any:
    """Membership as a join: 0.05 CPU s for 10 million strings in a set of 80, against 1.7 of a list of constants."""
    return column.in_(sa.select(sa.func.unnest(sa.func.list_value(*(v for v in values if v is not None)))))


class InSet(ColumnMapMetricProvider):
    """The value is one of the set."""

    condition_metric_name = "column_values.in_set"
    condition_value_keys = ("value_set",)

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sql(self, column: Any, value_set: list[Any], **_: Any) -> Any:
        return _in(column, value_set)


class NotInSet(ColumnMapMetricProvider):
    """The value is none of the set."""

    condition_metric_name = "column_values.not_in_set"
    condition_value_keys = ("value_set",)

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sql(self, column: Any, value_set: list[Any], **_: Any) -> Any:
        return ~_in(column, value_set)


class Unique(ColumnMapMetricProvider):
    """No other row has the same value."""

    condition_metric_name = "column_values.unique"

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sql(self, column: Any, _table: Any, **_: Any) -> Any:
        # Missing values are a group of their own, and NOT IN a list that has a NULL is never true.
        return column.not_in(_repeated(column, _table).where(column.is_not(None)))


class CompoundUnique(MulticolumnMapMetricProvider):
    """No other row has the same values in all the columns; missing equals missing."""

    condition_metric_name = "compound_columns.unique"
    condition_domain_keys = (*_DOMAIN, "column_list")

    @multicolumn_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sql(self, column_list: Any, _table: Any, **_: Any) -> Any:
        key = sa.func.row(*column_list)
        return key.not_in(_repeated(key, _table))


class SumEqual(MulticolumnMapMetricProvider):
    """The columns add up to the total; with a missing value they do not."""

    condition_metric_name = "multicolumn_sum.equal"
    condition_domain_keys = (*_DOMAIN, "column_list")
    condition_value_keys = ("sum_total",)

    @multicolumn_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sql(self, column_list: Any, sum_total: float, **_: Any) -> Any:
        return sa.func.coalesce(sum(column_list[1:], column_list[0]) == sum_total, sa.false())


class AGreaterThanB(ColumnPairMapMetricProvider):
    """A is greater than B; with one of them missing it is not."""

    condition_metric_name = "column_pair_values.a_greater_than_b"
    condition_domain_keys = (*_DOMAIN, "column_A", "column_B")
    condition_value_keys = ("or_equal",)

    @column_pair_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sql(self, column_A: Any, column_B: Any, or_equal: bool | None = None, **_: Any) -> Any:  # noqa: N803
        greater = column_A >= column_B if or_equal else column_A > column_B
        return sa.func.coalesce(greater, sa.false())


class NotOutliers(ColumnMapMetricProvider):
    """Within Tukey's fences (iqr), or nearer to the mean than so many standard deviations (std)."""

    condition_metric_name = "column_values.not_outliers"
    condition_value_keys = ("method", "multiplier")

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sql(self, column: Any, _table: Any, method: str = "iqr", multiplier: float = 1.5, **_: Any) -> Any:
        if method == "std":
            distance = sa.func.abs(column - _figure(sa.func.avg(column), _table))
            reach = multiplier * _figure(sa.func.stddev_samp(column), _table)
            # Where all values are equal the reach is 0, and the values themselves must still pass.
            return sa.func.coalesce(sa.or_(distance < reach, distance == 0), sa.true())
        low, high = (
            _figure(sa.func.quantile_cont(column, 0.25), _table),
            _figure(sa.func.quantile_cont(column, 0.75), _table),
        )
        return column.between(low - multiplier * (high - low), high + multiplier * (high - low))


class JsonParseable(ColumnMapMetricProvider):
    """The text is valid JSON."""

    condition_metric_name = "column_values.json_parseable"

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sql(self, column: Any, **_: Any) -> Any:
        return sa.func.json_valid(column) == sa.true()


class StrftimeFormat(ColumnMapMetricProvider):
    """The text is a point in time in the given format."""

    condition_metric_name = "column_values.match_strftime_format"
    condition_value_keys = ("strftime_format",)

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sql(self, column: Any, strftime_format: str, **_: Any) -> Any:
        # Python wants four digits for %Y, and DuckDB takes two as a year before 100.
        return sa.func.coalesce(sa.func.year(sa.func.try_strptime(column, strftime_format)) >= 1000, sa.false())
