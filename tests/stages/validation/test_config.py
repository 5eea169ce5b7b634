"""What is said of an expectations file that cannot be meant, when it is read and without the library."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from keepfit import config
from keepfit.errors import ConfigError

PIPELINE = """
name: people
source: {path: people.csv}
target: paid
features: {age: number}
model: {family: mlp}
validation: {expectations: expectations.yaml}
"""
FIRST = """expectations:
  - type: expect_table_row_count_to_be_between
    kwargs: {min_value: 1}
"""


def load(folder, text):
    (folder / "pipeline.yaml").write_text(PIPELINE)
    (folder / "expectations.yaml").write_text(FIRST + text)
    return config.load(folder / "pipeline.yaml")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("  - type: expect_column_value_to_not_be_null\n    kwargs: {column: age}\n", 4,
         ["unknown expectation", 'Did you mean "expect_column_values_to_not_be_null"', "These work: expect_column_"]),
        ("  - type: ExpectColumnValuesToNotBeNull\n    kwargs: {column: age}\n", 4,
         ['Did you mean "expect_column_values_to_not_be_null"']),
        ("  - type: expect_column_values_to_be_between\n    kwargs:\n      column: age\n      min_vale: 3\n", 7,
         ['unknown argument "min_vale"', "takes column, min_value", 'Did you mean "min_value"']),
        ("  - type: expect_column_values_to_be_in_set\n    kwargs: {column: age}\n", 4,
         ['the argument "value_set" is missing', "Add value_set"]),
        ("  - type: expect_column_values_to_not_be_null\n    kwargs: {column: age}\n    severity: critcal\n", 6,
         ["'critcal'", "critical, warning, info", 'Did you mean "critical"']),
        ("  - type: expect_column_values_to_be_increasing\n    kwargs: {column: age}\n", 4,
         ["is not supported", "without an order", "Take it out"]),
        ("  - type: expect_column_values_to_not_be_null\n    kwargs:\n      column: age\n      mostly: 95\n", 7,
         ["mostly is 95", "from 0 to 1"]),
        ("  - type: expect_column_values_to_not_be_null\n    kwargs: {column: age, row_condition: age > 3}\n", 5,
         ["row_condition is 'age > 3'", 'col("age") > 30']),
        ("  - type: expect_column_values_to_be_in_set\n    kwargs: {column: age, value_set: 3}\n", 5,
         ["value_set is 3", "a list"]),
        ("  - type: expect_column_values_to_not_be_null\n    kwargs: {column: age, condition_parser: pandas}\n", 5,
         ["condition_parser is 'pandas'", "Only great_expectations works", "Leave it out"]),
        ("  - type: expect_column_max_to_be_between\n    kwargs: {column: age, max_value: {$PARAMETER: x}}\n", 5,
         ["Parameters of a suite do not work", "Write the value"]),
        ("  - type: unexpected_rows_expectation\n    kwargs: {unexpected_rows_query: 'SELECT {x} FROM {batch}'}\n", 5,
         ["the query has {x}", "{batch} stands for the rows", "each other brace twice"]),
        ("  - type: unexpected_rows_expectation\n    kwargs: {unexpected_rows_query: 'SELECT { FROM {batch}'}\n", 5,
         ["the query has", "each other brace twice"]),
    ],
)  # fmt: skip
def test_says_where_and_what_works(tmp_path, text, line, words):
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)
    message = str(raised.value)
    assert f"expectations.yaml, line {line}, column" in message
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    "condition",
    ['col("age") > 30', "col('age') > 30", 'col("城市") == "北京"', 'col("vip") == True', 'col("x").notnull()'],
)
def test_a_row_condition_compares_one_column(tmp_path, condition):
    text = "  - type: expect_column_values_to_be_null\n    kwargs:\n      column: age\n"
    text += f"      row_condition: {condition!r}\n"
    if condition.startswith("col('"):
        with pytest.raises(ConfigError, match="row_condition"):
            load(tmp_path, text)
    else:
        assert len(load(tmp_path, text).validation.suite) == 2


@pytest.mark.parametrize(
    "value",
    ["{[]}", "{{}: 1}", "[1, 2]", "(1, 2)", "{1: 2}", "{1, 2}", "b'x'", "1j", "...", "set()",
     "(" * 300 + "1" + ")" * 300, "-" * 5000 + "1", "9" * 5000, "age", "1 +", "'open", "len('x')"],
    ids=lambda value: value[:10],
)  # fmt: skip
def test_a_column_is_compared_with_a_single_value(tmp_path, value):
    text = "  - type: expect_column_values_to_be_null\n    kwargs:\n      column: age\n"
    condition = json.dumps('col("age") == ' + value)
    with pytest.raises(ConfigError, match=r"row_condition is .*It compares a column with a value"):
        load(tmp_path, text + f"      row_condition: {condition}\n")


def test_reading_does_not_import_the_library(tmp_path):
    load(tmp_path, "")
    code = f"import sys; from keepfit import config; config.load({str(tmp_path / 'pipeline.yaml')!r}); " + (
        "print({'great_expectations', 'duckdb'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
