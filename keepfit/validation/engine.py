"""Great Expectations over DuckDB. The only module, with `metrics` and `docs`, that imports Great Expectations."""

from __future__ import annotations

import logging
import operator
import os
from typing import Any

import duckdb

from keepfit.config import Expectation
from keepfit.config.expectations import WORKS, Condition, condition_of
from keepfit.errors import CheckError, ConfigError
from keepfit.validation import dialect
from keepfit.validation.findings import Finding, plain
from keepfit.validation.rows import Rows
from keepfit.validation.words import sentence

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read once, when the library is imported: no network, nothing in HOME
logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # what matters comes back in the results

import great_expectations as gx  # noqa: E402
from great_expectations.compatibility.pydantic import ValidationError  # noqa: E402
from great_expectations.data_context.types.base import (  # noqa: E402
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration  # noqa: E402
from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: E402
from great_expectations.expectations.registry import get_expectation_impl  # noqa: E402
from great_expectations.expectations.row_conditions import Column  # noqa: E402
from great_expectations.validator.metric_configuration import MetricConfiguration  # noqa: E402
from sqlalchemy import Select, Subquery  # noqa: E402
from sqlalchemy.dialects import postgresql  # noqa: E402

import keepfit.validation.metrics  # noqa: E402, F401  # registers the SQL that is lacking

_SAMPLES = 20
_COMPARE = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class Engine:
    """A suite and the rows to run it over."""

    def __init__(self, rows: Rows, suite: tuple[Expectation, ...]) -> None:
        """Raises ConfigError where an argument's value is of a kind that Great Expectations does not take."""
        self._suite = suite
        self._expectations = [_built(expectation, number) for number, expectation in enumerate(suite)]
        self._batch = _batch(rows)
        self._engine = self._batch.data.execution_engine
        self._engine.dialect_module = postgresql  # it knows regular expressions for a few dialects, by module

    def run(self) -> tuple[list[Finding], Any]:
        """The findings in the suite's order, and Great Expectations' own result.

        Raises CheckError where one of them could not be checked.
        """
        # No samples in the first pass: each would scan its column again, and most expectations are met.
        whole = self._validate(self._expectations, samples=0)
        numbered = {result.expectation_config.meta["number"]: result for result in whole.results}
        failing = [e for n, e in enumerate(self._expectations) if numbered[n].result.get("unexpected_count")]
        if failing:
            again = self._validate(failing, samples=_SAMPLES)
            numbered.update({result.expectation_config.meta["number"]: result for result in again.results})
        whole.results = [numbered[n] for n in range(len(self._suite))]
        return [_finding(e, r) for e, r in zip(self._suite, whole.results, strict=True)], whole

    def _validate(self, expectations: list[Any], samples: int) -> Any:
        suite = gx.ExpectationSuite(name="expectations", expectations=expectations)
        result = self._batch.validate(
            suite, result_format={"result_format": "BASIC", "partial_unexpected_count": samples}
        )
        for one in result.results:
            _raise_unchecked(one, self._suite[one.expectation_config.meta["number"]])
        return result

    def failing(self, number: int) -> str:
        """SQL that is true of the rows that fail a row-by-row expectation, given by its place in the suite."""
        expectation = self._expectations[number]
        configuration = expectation.configuration
        name = f"{expectation.map_metric}.condition"
        domain, values = _arguments(configuration, name)
        metric = MetricConfiguration(name, metric_domain_kwargs=domain, metric_value_kwargs=values)
        validator = self._batch._create_validator(result_format="BASIC")._wrapped_validator
        condition, considered, columns = validator.get_metric(metric)
        filters = _filters(self._engine.get_domain_records({**considered, **columns}))
        return " AND ".join(f"({self._sql(part)})" for part in [*filters, condition])

    def _sql(self, clause: Any) -> str:
        return str(clause.compile(dialect=self._engine.engine.dialect, compile_kwargs={"literal_binds": True}))


def _batch(rows: Rows) -> Any:
    context = gx.get_context(
        project_config=DataContextConfig(
            progress_bars=ProgressBarsConfig(globally=False),
            store_backend_defaults=InMemoryStoreBackendDefaults(),
        ),
        mode="ephemeral",
    )
    sources: Any = context.data_sources
    source = sources.add_sql(
        "duckdb", connection_string=f"{dialect.NAME}://", kwargs={"creator": rows.connection.cursor}
    )
    asset = source.add_table_asset(rows.VIEW, table_name=rows.VIEW)
    return asset.add_batch_definition_whole_table("all rows").get_batch()


def _built(expectation: Expectation, number: int) -> Any:
    kwargs = {key: value for key, value in expectation.kwargs.items() if key != "condition_parser"}
    if (condition := condition_of(expectation)) is not None:
        kwargs["row_condition"] = _condition(condition)
    kind = get_expectation_impl(expectation.type)
    try:
        return kind(**kwargs, severity=FailureSeverity(expectation.severity), meta={"number": number})
    except ValueError as error:  # pydantic's
        reason = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        raise ConfigError(
            f"{sentence(expectation)}: {' '.join(map(str, reason['loc'][:1]))} {reason['msg']}.",
            where=f"expectation {number + 1}",
        ) from error


def _condition(condition: Condition) -> Any:
    column = Column(condition.column)
    if condition.operator == "notnull":
        return column.is_not_null()
    return _COMPARE[condition.operator](column, condition.value)


def _arguments(configuration: ExpectationConfiguration, metric: str) -> tuple[dict[str, Any], dict[str, Any]]:
    from great_expectations.expectations.registry import get_metric_kwargs

    kwargs = get_metric_kwargs(metric, configuration=configuration, runtime_configuration={})
    return kwargs["metric_domain_kwargs"], kwargs["metric_value_kwargs"]


def _filters(selectable: Any) -> list[Any]:
    """The WHERE clauses of nested selects, innermost last: row_condition and ignore_row_if."""
    if isinstance(selectable, Subquery):
        return _filters(selectable.element)
    if not isinstance(selectable, Select):
        return []
    own = [selectable.whereclause] if selectable.whereclause is not None else []
    return own + [clause for source in selectable.get_final_froms() for clause in _filters(source)]


def _raise_unchecked(result: Any, expectation: Expectation) -> None:
    """Great Expectations turns an exception into a failure of the data; turn it back."""
    information = result.exception_info or {}
    nested = [information] if "raised_exception" in information else list(information.values())
    raised = [one for one in nested if one.get("raised_exception")]
    if not raised:
        return
    message = _first_line(str(raised[0]["exception_message"]))
    for cause in (duckdb.OutOfMemoryException, duckdb.IOException):  # the machine's fault, not the expectation's
        if cause.__name__ in message:
            raise cause(message)
    raise CheckError(
        f"{sentence(expectation)} could not be checked: {message}",
        todo="This says nothing about the rows. Mend the expectation so that it fits its column.",
    )


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no message"


def _finding(expectation: Expectation, result: Any) -> Finding:
    figures = result.result
    rows = unexpected = None
    if WORKS[expectation.type].rows:
        rows = figures["element_count"] - (figures.get("missing_count") or 0)
        unexpected = figures["unexpected_count"]
    return Finding(expectation, bool(result.success), rows, unexpected, plain(figures.get("observed_value")))
