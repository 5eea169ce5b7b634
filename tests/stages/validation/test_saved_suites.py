"""Suites as Great Expectations itself saves them are taken as they are, and what is left out of them is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from keepfit import config
from keepfit.config import Expectation
from keepfit.errors import ConfigError
from keepfit.stages.validation import validate
from keepfit.store.events import Event, watching
from keepfit.store.run import begin
from tests.stages.validation.test_config import PIPELINE

FULL: dict[str, Any] = {"column": "age"}
BETWEEN: dict[str, Any] = {"column": "age", "min_value": 0, "max_value": 120}
OURS = [
    Expectation(type="expect_column_values_to_not_be_null", kwargs=FULL),
    Expectation(type="expect_column_values_to_be_between", kwargs=BETWEEN),
]
CONDITION = {"column": {"name": "age"}, "operator": ">", "parameter": 5, "type": "comparison"}
ANY_AGE = {"column": {"name": "age"}, "is_null": False, "type": "nullity"}


def entry(old: bool, name: str, kwargs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"expectation_type" if old else "type": name, "kwargs": kwargs, "meta": {}, **more}


SAVED: dict[str, dict[str, Any]] = {
    "0.7": {
        "data_asset_name": "warehouse/people", "expectation_suite_name": "people", "meta": {},
        "expectations": [
            entry(True, OURS[0].type, {**FULL, "result_format": "SUMMARY", "mostly": None}),
            entry(True, OURS[1].type, {**BETWEEN, "result_format": {"a": "BASIC"}, "condition_parser": None}),
        ],
    },
    "0.18": {
        "data_asset_type": None, "expectation_suite_name": "people", "ge_cloud_id": None,
        "evaluation_parameters": {}, "meta": {"great_expectations_version": "0.18.12"},
        "expectations": [
            entry(True, OURS[0].type, {**FULL, "auto": True, "catch_exceptions": False, "include_config": True}),
            entry(True, OURS[1].type, {**BETWEEN, "batch_id": "b"}, ge_cloud_id=None, rendered_content=[{"a": 1}]),
        ],
    },
    "1.x": {
        "id": "0f0e", "name": "people", "notes": None, "meta": {"great_expectations_version": "1.8.1"},
        "suite_parameters": {},
        "expectations": [
            entry(False, OURS[0].type, FULL, id="1f0e", severity="critical", notes="never", description=None),
            entry(False, OURS[1].type, BETWEEN, id="2f0e", severity="critical", windows=None),
        ],
    },
}  # fmt: skip
WRITERS = {
    "json": json.dumps,
    "json with tabs": lambda suite: json.dumps(suite, indent="\t"),
    "json with a mark": lambda suite: "\ufeff" + json.dumps(suite, indent=2),
    "yaml": yaml.safe_dump,
}


def loaded(folder: Path, suite: dict[str, Any], form: str = "json") -> config.Pipeline:
    name = f"suite.{form.split()[0]}"
    (folder / name).write_text(WRITERS[form](suite), encoding="utf-8")
    (folder / "pipeline.yaml").write_text(PIPELINE.replace("expectations.yaml", name))
    return config.load(folder / "pipeline.yaml")


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("version", SAVED)
def test_a_saved_suite_is_taken_as_it_is(tmp_path: Path, version: str, form: str) -> None:
    found = loaded(tmp_path, SAVED[version], form).validation
    assert found.suite == tuple(OURS)
    assert {"meta"} < set(found.bookkeeping)
    assert {"expectations", "type", "kwargs", "severity", "expectation_type"}.isdisjoint(found.bookkeeping)


@pytest.mark.parametrize(("saved", "written"), [(CONDITION, 'col("age") > 5'), (ANY_AGE, 'col("age").notnull()')])
def test_a_saved_condition_is_one_of_ours(tmp_path: Path, saved: dict[str, Any], written: str) -> None:
    suite = {"expectations": [entry(False, OURS[0].type, {**FULL, "row_condition": saved})]}
    (found,) = loaded(tmp_path, suite).validation.suite
    assert found.kwargs["row_condition"] == written


@pytest.mark.parametrize(
    ("suite", "words"),
    [
        ([entry(True, "expect_column_values_to_be_in_type_list", {**FULL, "type_list": ["INT"]})] * 3,
         ["line 1, column", "not supported: the types .* follow from features", "Take it out", "2 more of this suite"]),
        ([entry(True, OURS[1].type, {**BETWEEN, "parse_strings_as_datetimes": True})],
         ['unknown argument "parse_strings_as_datetimes"', "takes column"]),
        ([entry(False, OURS[1].type, {"column": "age", "max_value": {"$PARAMETER": "most"}})],
         ["Parameters of a suite do not work", "Write the value"]),
        ([entry(False, OURS[0].type, {**FULL, "row_condition": {"type": "and", "conditions": [CONDITION] * 2}})],
         ["row_condition is ", "compares a column with a value"]),
        ([entry(False, OURS[0].type, {**FULL, "row_condition": "age > 3", "condition_parser": "pandas"})],
         ["condition_parser is 'pandas'", "Leave it out"]),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_with_its_place(tmp_path: Path, suite: list[Any], words: list[str]) -> None:
    with pytest.raises(ConfigError, match=".*".join(["suite.json", *words])):
        loaded(tmp_path, {"expectations": suite, "meta": {}})


def test_bookkeeping_is_told_and_makes_no_run_new(table: Path) -> None:
    heard: list[Event] = []
    text = table.read_text()
    names = config.load(table).validation.suite[0]
    for version in ("a", "b"):
        suite = {"name": version, "expectations": [{"id": version, **names.model_dump()}]}
        (table.parent / "suite.json").write_text(json.dumps(suite))
        table.write_text(text.replace("expectations: expectations.yaml", "expectations: suite.json"))
        with watching(heard.append), begin(config.load(table)) as run:
            from keepfit.stages.ingest import ingest

            validate(run, ingest(run))
    told = [event.message for event in heard if event.what == "note"]
    assert told == ["left out of the suite, as they say nothing of the rows: id, name"]
    assert run.outcome("validate").reused
