"""Suites as Great Expectations saves them, of 0.7 to 1.x, in the words of expectations.yaml."""

from __future__ import annotations

from typing import Any

_SUITE = frozenset(
    {
        "id", "name", "notes", "meta", "ge_cloud_id", "expectation_suite_name", "data_asset_name", "data_asset_type",
        "data_context", "evaluation_parameters", "suite_parameters",
    }
)  # fmt: skip
"""What it notes of a suite and keepfit has no use for."""
_ENTRY = frozenset(
    {
        "id", "notes", "meta", "description", "ge_cloud_id", "rendered_content", "success_on_last_run", "windows",
        "expectation_context",
    }
)  # fmt: skip
"""The same of an expectation."""
_KWARGS = frozenset(
    {"result_format", "catch_exceptions", "include_config", "batch_id", "auto", "profiler_config", "meta"}
)
"""How it is to run and to report, which is decided here."""
_OLD_PARSER = "great_expectations__experimental__"
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def as_ours(tree: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The plain tree of a suite file without Great Expectations' bookkeeping, and the keys left out, sorted."""
    dropped: set[str] = set()
    suite = _without(tree, _SUITE, dropped)
    entries = suite.get("expectations")
    if isinstance(entries, list):
        suite["expectations"] = [_entry(entry, dropped) if isinstance(entry, dict) else entry for entry in entries]
    return suite, tuple(sorted(dropped))


def _entry(given: dict[str, Any], dropped: set[str]) -> dict[str, Any]:
    entry = _without(given, _ENTRY, dropped)
    if "type" not in entry and "expectation_type" in entry:
        entry["type"] = entry.pop("expectation_type")
    if isinstance(entry.get("kwargs"), dict):
        entry["kwargs"] = _kwargs(_without(entry["kwargs"], _KWARGS, dropped))
    return entry


def _kwargs(given: dict[str, Any]) -> dict[str, Any]:
    """What is null is left out, as 0.x writes what was not given; a saved condition is said as a person writes it."""
    kwargs = {name: value for name, value in given.items() if value is not None}
    if kwargs.get("condition_parser") == _OLD_PARSER:
        del kwargs["condition_parser"]
    if isinstance(kwargs.get("row_condition"), dict):
        kwargs["row_condition"] = _condition(kwargs["row_condition"])
    return kwargs


def _condition(saved: dict[str, Any]) -> Any:
    """As text, where it is of one column; else as it is, to be refused with its place."""
    column = saved.get("column")
    name = column.get("name") if isinstance(column, dict) else None
    if not isinstance(name, str):
        return saved
    if saved.get("type") == "nullity" and saved.get("is_null") is False:
        return f'col("{name}").notnull()'
    if saved.get("type") == "comparison" and saved.get("operator") in _COMPARISONS:
        return f'col("{name}") {saved["operator"]} {saved.get("parameter")!r}'
    return saved


def _without(given: dict[str, Any], names: frozenset[str], dropped: set[str]) -> dict[str, Any]:
    dropped |= names & given.keys()
    return {name: value for name, value in given.items() if name not in names}
