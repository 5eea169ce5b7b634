"""Great Expectations over DuckDB. The only module, with `metrics`, that imports Great Expectations."""

from __future__ import annotations

import logging
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from keepfit.config import Expectation
from keepfit.config.expectations import WORKS, Condition, condition_of
from keepfit.errors import CheckError, ConfigError
from keepfit.stages.validation import duckdb_dialect as dialect
from keepfit.stages.validation.findings import Finding, plain, sentence
from keepfit.stages.validation.groups import grouped
from keepfit.stages.validation.names import inside, outside
from keepfit.stages.validation.rows import RowView
from keepfit.store.interrupt import check

logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # what matters comes back in the results

import great_expectations as gx  # noqa: E402
from great_expectations.compatibility.pydantic import ValidationError  # noqa: E402
from great_expectations.core import ExpectationSuiteValidationResult  # noqa: E402
from great_expectations.data_context.types.base import (  # noqa: E402
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: E402
from great_expectations.expectations.registry import get_expectation_impl, get_metric_kwargs  # noqa: E402
from great_expectations.expectations.row_conditions import Column  # noqa: E402
from great_expectations.validator.metric_configuration import MetricConfiguration  # noqa: E402
from sqlalchemy import Select, Subquery  # noqa: E402
from sqlalchemy.dialects import postgresql  # noqa: E402

import keepfit.stages.validation.metrics  # noqa: E402, F401  # registers the SQL that is lacking

_SAMPLES = 20
FEW = 100_000
"""Up to so many rows a pass over them costs less than what is asked of Great Expectations for each expectation."""
_COMPARE = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """What came of one expectation; while the engine waits, its relation can still be asked."""

    number: int
    """Its place in the suite."""
    finding: Finding
    result: Any
    """Great Expectations' own."""
    relation: str
    """What it was checked on."""
    failing: str = ""
    """SQL that is true of the relation's rows that fail; empty where it was met or judges no rows."""


class Engine:
    """A suite and the rows to run it over."""

    def __init__(self, rows: RowView, suite: tuple[Expectation, ...]) -> None:
        """Raises ConfigError where an argument's value is of a kind that Great Expectations does not take."""
        self._rows = rows
        self._suite = suite
        self._expectations = [_built(expectation, number, rows) for number, expectation in enumerate(suite)]
        self._source = _source(rows)

    def check(self) -> Iterator[Checked]:
        """What came of every expectation, neighbours first. Raises CheckError where one could not be checked."""
        for group in grouped(self._suite, self._rows):
            with self._rows.relation(group.columns, named=group.named) as relation:
                yield from self._group(relation, group.members)

    def _group(self, relation: str, members: list[int]) -> Iterator[Checked]:
        asset = self._source.add_table_asset(relation, table_name=relation)
        batch = asset.add_batch_definition_whole_table("all rows").get_batch()
        batch.data.execution_engine.dialect_module = postgresql  # regular expressions are known for few, by module
        results = self._first_pass(batch, relation, members)
        by_row = [n for n in members if WORKS[self._suite[n].type].rows]
        failing = [n for n in by_row if results[n].result.get("unexpected_count", 1)]
        results |= self._validate(batch, failing, "BASIC", samples=_SAMPLES)
        validator = batch._create_validator(result_format="BASIC")._wrapped_validator
        for number in members:
            found = _finding(self._suite[number], results[number])
            bad = WORKS[found.expectation.type].rows and not found.passed
            sql = failing_rows(self._expectations[number], validator) if bad else ""
            yield Checked(number, found, results[number], relation, sql)

    def _first_pass(self, batch: Any, relation: str, members: list[int]) -> dict[int, Any]:
        """As most expectations are met, no samples yet: each would scan its column again. And of a met one that looks
        at every value of its column all figures are known, which Great Expectations takes 40 % of its time to find.
        Many rows take longer than many expectations, and are looked at once for all of them.
        """
        plain = [n for n in members if _is_plain(self._suite[n])] if self._rows.count <= FEW else []
        results = self._validate(batch, plain, "BOOLEAN_ONLY")
        met = [n for n in plain if results[n].success]
        present = self._rows.present(relation, [self._suite[n].kwargs["column"] for n in met])
        for number in met:
            results[number].result = _figures(self._suite[number], self._rows.count, present)
        return results | self._validate(batch, [n for n in members if n not in results], "BASIC")

    def _validate(self, batch: Any, members: list[int], form: str, samples: int = 0) -> dict[int, Any]:
        """Great Expectations' results, by the expectations' places in the suite."""
        suite = gx.ExpectationSuite(name="expectations", expectations=[self._expectations[n] for n in members])
        done = batch.validate(suite, result_format={"result_format": form, "partial_unexpected_count": samples})
        check()  # it takes an interrupted query for a fault of the expectation
        results = {result.expectation_config.meta["place"]: result for result in done.results}
        for number, result in results.items():
            _raise_unchecked(result, self._suite[number], self._rows)
            outside(result, self._suite[number], self._rows)
        return results


def _is_plain(expectation: Expectation) -> bool:
    """Whether it wants something of every value of one column."""
    kwargs = expectation.kwargs
    one = WORKS[expectation.type].rows and "column" in kwargs
    return one and kwargs.get("mostly", 1) == 1 and "row_condition" not in kwargs


def _figures(expectation: Expectation, rows: int, present: dict[str, int]) -> dict[str, Any]:
    """What Great Expectations would say of a plain expectation that is met."""
    missing = {} if expectation.type.endswith("_be_null") else {
        "missing_count": rows - present[expectation.kwargs["column"]]
    }  # fmt: skip
    return {"element_count": rows, "unexpected_count": 0, "unexpected_percent": 0.0, **missing}


def failing_rows(expectation: Any, validator: Any) -> str:
    """SQL that is true of the rows that fail a row-by-row expectation."""
    name = f"{expectation.map_metric}.condition"
    kwargs = get_metric_kwargs(name, configuration=expectation.configuration, runtime_configuration={})
    metric = MetricConfiguration(name, kwargs["metric_domain_kwargs"], kwargs["metric_value_kwargs"])
    condition, considered, columns = validator.get_metric(metric)
    engine = validator.execution_engine
    clauses = [*_filters(engine.get_domain_records({**considered, **columns})), condition]
    literal = {"dialect": engine.engine.dialect, "compile_kwargs": {"literal_binds": True}}
    return " AND ".join(f"({clause.compile(**literal)})" for clause in clauses)


def docs(result: Any) -> str:
    """Great Expectations' Data Docs of a suite's result: a page to look at in a browser that is online."""
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    page: Any = ValidationResultsPageRenderer().render(result)
    html: str = DefaultJinjaPageView().render(page)
    return html


def suite_result(checks: list[Checked]) -> Any:
    """Great Expectations' result of a whole suite, from those of its expectations in the suite's order."""
    met = sum(one.finding.passed for one in checks)
    return ExpectationSuiteValidationResult(
        success=met == len(checks),
        results=[one.result for one in checks],
        suite_name="expectations",
        statistics={
            "evaluated_expectations": len(checks),
            "successful_expectations": met,
            "unsuccessful_expectations": len(checks) - met,
            "success_percent": 100 * met / len(checks),
        },
    )


def _source(rows: RowView) -> Any:
    context = gx.get_context(
        project_config=DataContextConfig(
            progress_bars=ProgressBarsConfig(globally=False),
            store_backend_defaults=InMemoryStoreBackendDefaults(),
        ),
        mode="ephemeral",
    )
    sources: Any = context.data_sources
    return sources.add_sql("duckdb", connection_string=f"{dialect.NAME}://", kwargs={"creator": rows.cursor})


def _built(expectation: Expectation, number: int, rows: RowView) -> Any:
    kwargs = {key: value for key, value in inside(expectation, rows).items() if key != "condition_parser"}
    if (condition := condition_of(expectation)) is not None:
        kwargs["row_condition"] = _condition(condition, rows)
    kind = get_expectation_impl(expectation.type)
    try:
        return kind(**kwargs, severity=FailureSeverity(expectation.severity), meta={"place": number})
    except ValueError as error:  # pydantic's
        reason = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        raise ConfigError(
            f"{sentence(expectation)}: {' '.join(map(str, reason['loc'][:1]))} {reason['msg']}.",
            where=f"expectation {number + 1}",
        ) from error


def _condition(condition: Condition, rows: RowView) -> Any:
    column = Column(rows.columns[condition.column].id)
    if condition.operator == "notnull":
        return column.is_not_null()
    return _COMPARE[condition.operator](column, condition.value)


def _filters(selectable: Any) -> list[Any]:
    """The WHERE clauses of nested selects, innermost last: row_condition and ignore_row_if."""
    if isinstance(selectable, Subquery):
        return _filters(selectable.element)
    if not isinstance(selectable, Select):
        return []
    own = [selectable.whereclause] if selectable.whereclause is not None else []
    return own + [clause for source in selectable.get_final_froms() for clause in _filters(source)]


def _raise_unchecked(result: Any, expectation: Expectation, rows: RowView) -> None:
    """Great Expectations turns an exception into a failure of the data; turn it back."""
    information = result.exception_info or {}
    nested = [information] if "raised_exception" in information else list(information.values())
    raised = [one for one in nested if one.get("raised_exception")]
    if not raised:
        return
    message = rows.named(_first_line(str(raised[0]["exception_message"])))
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
