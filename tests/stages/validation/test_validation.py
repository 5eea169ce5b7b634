"""The validate stage as a whole: which rows it puts aside, when it stops, and what it says."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from keepfit.errors import CheckError, ConfigError, DataError, EngineError
from keepfit.stages.validation import validate
from keepfit.store import files, run
from keepfit.store.artifacts import Snapshot, Validated
from tests.stages.validation.validating import ADULTS, AGE, CITY, PEOPLE, begin, expect, quarantine


def test_failing_rows_are_put_aside_with_what_they_failed(tmp_path):
    suite = [
        expect("column_values_to_be_between", "warning", **ADULTS),
        expect("column_values_to_be_in_set", "warning", column="城市", value_set=["北京", "上海"]),
        expect("column_values_to_not_be_null", "info", column="age"),
        expect("column_values_to_not_be_null", "warning", column="photo", mostly=0.8),
        expect("column_max_to_be_between", "warning", column="age", max_value=100),
    ]
    started, snapshot = begin(tmp_path, PEOPLE, suite, max_bad_share=0.5)
    validated = validate(started, snapshot)
    assert quarantine(started, validated) == {1: [AGE], 4: [AGE, CITY]}
    assert (validated.rows, validated.quarantined, validated.expectations) == (6, 2, 5)
    assert validated.failed == (AGE, CITY, "age: values to not be null", "age: max to be between (max_value 100)")
    folder = started.store / validated.path
    table = pl.read_parquet(folder / "quarantine.parquet")
    assert table.select(PEOPLE.columns).equals(PEOPLE[[1, 4]])
    checks = files.read_json(folder / "checks.json")
    assert [check["unexpected"] for check in checks] == [2, 1, 1, 1, None]
    assert [check["rows"] for check in checks] == [7, 7, 8, 8, None]
    assert (checks[4]["observed"], checks[4]["passed"], checks[3]["passed"]) == (999.0, False, True)
    results = files.read_json(folder / "beside/gx.json")["results"]
    assert results[0]["result"]["partial_unexpected_list"] == [-5.0, 999.0]
    assert sorted(path.name for path in folder.iterdir()) == [
        "beside", "checks.json", "manifest.json", "quarantine.parquet",
    ]  # fmt: skip


def test_stops_when_a_critical_expectation_fails(tmp_path):
    started, snapshot = begin(tmp_path, PEOPLE, [expect("column_values_to_be_between", **ADULTS)], max_bad_share=1)
    with pytest.raises(DataError) as raised:
        validate(started, snapshot)
    message = str(raised.value)
    assert "expectations.yaml: a critical expectation was not met" in message
    assert f"{AGE}: 2 of 7 rows (28.57%), such as row 2 (age -5), row 5 (age 999)" in message
    kept = started.folder / "validation"
    assert str(kept / "quarantine.parquet") in message
    assert "validation.stop: false" in message
    assert pl.read_parquet(kept / "quarantine.parquet")["age"].to_list() == [-5.0, 999.0]
    assert sorted(path.name for path in kept.iterdir()) == ["checks.json", "gx.json", "quarantine.parquet"]
    assert list((started.store / "stages/validate").iterdir()) == []


def test_a_figure_that_fails_stops_too_and_quarantines_nothing(tmp_path):
    started, snapshot = begin(tmp_path, PEOPLE, [expect("column_mean_to_be_between", column="age", max_value=50)])
    with pytest.raises(DataError, match=r"age: mean to be between \(max_value 50\), found 168") as raised:
        validate(started, snapshot)
    assert "What was found stands in" in str(raised.value)
    assert "rows that failed" not in str(raised.value)


def test_stops_when_too_many_rows_are_bad(tmp_path):
    suite = [expect("column_values_to_be_between", "warning", **ADULTS)]
    started, snapshot = begin(tmp_path, PEOPLE, suite, max_bad_share=0.2)
    with pytest.raises(DataError, match=r"2 of 8 rows failed \(25.00%\), and validation.max_bad_share allows 20.00%"):
        validate(started, snapshot)


def test_goes_on_without_the_bad_rows_when_told_so(tmp_path):
    started, snapshot = begin(tmp_path, PEOPLE, [expect("column_values_to_be_between", **ADULTS)], stop=False)
    validated = validate(started, snapshot)
    assert (validated.rows, validated.quarantined, validated.failed) == (6, 2, (AGE,))


def test_the_same_expectation_twice_is_no_mistake(tmp_path):
    suite = [expect("column_values_to_be_between", "warning", **ADULTS)] * 2
    started, snapshot = begin(tmp_path, PEOPLE, suite, max_bad_share=0.5)
    assert quarantine(started, validate(started, snapshot)) == {1: [AGE, AGE], 4: [AGE, AGE]}


def test_never_goes_on_without_any_row(tmp_path):
    suite = [expect("column_values_to_be_in_set", "warning", column="paid", value_set=["yes"])]
    started, snapshot = begin(tmp_path, PEOPLE, suite, stop=False, max_bad_share=1)
    with pytest.raises(DataError, match="no row is left to learn from: paid: values to be in set"):
        validate(started, snapshot)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_rows_put_aside_are_those_that_polars_finds(tmp_path, seed):
    count = 2000
    table = pl.DataFrame(
        {
            "x": pl.Series(range(count)).sample(count, shuffle=True, seed=seed) % 97 - 3.0,
            "y": pl.Series(range(count)).sample(count, shuffle=True, seed=seed + 10) % 89 / 8,
            "word": pl.Series(range(count)).sample(count, shuffle=True, seed=seed + 20).cast(pl.String),
        }
    ).with_columns(
        x=pl.when(pl.col("x") % 7 == 0).then(None).when(pl.col("x") % 11 == 0).then(float("nan")).otherwise("x"),
        word=pl.when(pl.col("y") > 10).then(pl.lit("日本")).otherwise("word"),
    )
    suite = [
        expect("column_values_to_be_between", "warning", column="x", min_value=0, max_value=80),
        expect("column_values_to_not_be_null", "warning", column="x", row_condition='col("y") > 9'),
        expect("column_values_to_be_unique", "warning", column="word"),
        expect("column_values_to_match_regex", "warning", column="word", regex=r"^(\d{2,4}|日本)$"),
    ]
    x = pl.col("x").fill_nan(None)
    failing = table.with_row_index("row").select(
        "row", a=~x.is_between(0, 80), b=x.is_null() & (pl.col("y") > 9), c=pl.col("word").is_duplicated(),
        d=~pl.col("word").str.contains(r"^(\d{2,4}|日本)$"),
    )  # fmt: skip
    expected = {
        row: [name for name, failed in zip("abcd", flags, strict=True) if failed]
        for row, *flags in failing.iter_rows()
        if any(flags)
    }
    started, snapshot = begin(tmp_path, table, suite, stop=False)
    validated = validate(started, snapshot)
    names = dict(zip((c["expectation"] for c in _checks(started, validated)), "abcd", strict=True))
    found = {row: [names[one] for one in failed] for row, failed in quarantine(started, validated).items()}
    assert found == expected


def _checks(started: run.Run, validated: Validated) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = files.read_json(started.store / validated.path / "checks.json")
    return checks


def test_equal_rows_give_equal_outputs(tmp_path):
    suite = [
        expect("column_values_to_be_between", "warning", **ADULTS),
        expect("column_mean_to_be_between", column="age", min_value=0),
    ]
    digests = set()
    for name in ("one", "two"):
        started, snapshot = begin(tmp_path / name, PEOPLE, suite, max_bad_share=0.5, docs=name == "one")
        validated = validate(started, snapshot)
        digests.add(validated.digest)
        assert (started.store / validated.path / "beside/docs/index.html").exists() == (name == "one")
    assert len(digests) == 1


def test_numbers_in_a_set_fit_a_text_column(tmp_path):
    suite = [
        expect("column_values_to_be_in_set", column="paid", value_set=[0, 1]),
        expect("column_distinct_values_to_equal_set", column="paid", value_set=["0", 1]),
        expect("column_pair_values_to_be_in_set", column_A="paid", column_B="vip",
               value_pairs_set=[[1, True], [0, False], [0, True]]),
    ]  # fmt: skip
    started, snapshot = begin(tmp_path, PEOPLE, suite)
    assert validate(started, snapshot).failed == ()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (expect("column_values_to_not_be_null", column="agee"), 'the column "agee".*Did you mean "age"'),
        (expect("column_values_to_be_null", column="age", row_condition='col("城") == "北京"'), 'the column "城"'),
        (expect("column_mean_to_be_between", column="城市", max_value=3), "needs a column of numbers, and 城市 holds"),
        (expect("column_values_to_match_regex", column="age", regex="a"), "needs a column of text, and age holds"),
        (expect("column_values_to_be_in_set", column="age", value_set=["old"]), "'old' cannot stand in a column"),
        (expect("column_mean_to_be_between", column="age", min_value="low"), "min_value value is not a valid float"),
    ],
)
def test_an_expectation_that_does_not_fit_the_columns_is_refused_before_any_work(tmp_path, wrong, words):
    started, snapshot = begin(tmp_path, PEOPLE, [expect("table_row_count_to_be_between", min_value=1), wrong])
    with pytest.raises(ConfigError, match=f"expectation 2.*{words}"):
        validate(started, snapshot)
    assert list((started.store / "stages/validate").iterdir()) == []


def test_what_cannot_be_checked_is_no_failure_of_the_rows(tmp_path):
    suite = [expect("column_values_to_match_regex", column="城市", regex="(?<=北)京")]
    started, snapshot = begin(tmp_path, PEOPLE, suite)
    with pytest.raises(CheckError, match=r"could not be checked.*says nothing about the rows"):
        validate(started, snapshot)


def test_an_engine_that_answers_wrongly_is_found_out(tmp_path):
    from keepfit.stages.validation import selftest
    from keepfit.stages.validation.engine import Engine

    class Blind(Engine):
        """It finds every fault but the last one."""

        def check(self):
            for one in super().check():
                yield replace(one, finding=replace(one.finding, passed=True)) if one.number == 8 else one

    class Lost(Engine):
        """It counts right and names the wrong rows."""

        def check(self):
            for one in super().check():
                yield replace(one, failing=f"NOT ({one.failing})") if one.failing else one

    selftest.prove(tmp_path / "right")
    for kind in (Blind, Lost):
        with pytest.raises(EngineError, match=r"failed its self-test.*says nothing about your rows"):
            selftest.prove(tmp_path / kind.__name__, kind)


SCRIPT = """
import sys
from keepfit import config
from keepfit.store import events, run
from keepfit.store.artifacts import Snapshot
from keepfit.stages.validation import validate
from keepfit.stages.validation.rows import opened
started = run.start(config.load("pipeline.yaml"))
validate(started, Snapshot.model_validate_json(sys.argv[1]))
print("great_expectations" in sys.modules)
"""


def test_the_library_is_imported_only_to_check_something(tmp_path):
    started, snapshot = begin(tmp_path, PEOPLE, [])
    assert _in_a_process(tmp_path, snapshot) == "False"
    table = next((started.store / "stages/validate").glob("*/quarantine.parquet"))
    assert pl.read_parquet(table).schema["keepfit_failed"] == pl.List(pl.String)
    _, snapshot = begin(tmp_path, PEOPLE, [expect("table_row_count_to_equal", value=8)])
    assert _in_a_process(tmp_path, snapshot) == "True"
    assert _in_a_process(tmp_path, snapshot) == "False"
    assert list((tmp_path / "home").iterdir()) == []


def _in_a_process(folder: Path, snapshot: Snapshot) -> str:
    """What SCRIPT prints, warnings being errors; nothing else may appear on the terminal."""
    (folder / "home").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, snapshot.model_dump_json()], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "HOME": str(folder / "home"), "TMPDIR": str(folder / "home")}, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


FULL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
"""


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    texts = [hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(9000)]
    long = pl.DataFrame({"age": 1.0, "paid": texts})
    _, snapshot = begin(tmp_path, long, [expect("column_max_to_be_between", column="age", min_value=1),
                                         expect("column_values_to_be_null", column="paid")])  # fmt: skip
    (tmp_path / "script.py").write_text(FULL_DISK + SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py", snapshot.model_dump_json()], cwd=tmp_path, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert "MachineError" in done.stderr.splitlines()[-1]
    assert "Free" in done.stderr
    assert list((tmp_path / ".keepfit/stages/validate").iterdir()) == []


def test_titanic(tmp_path, data: Callable[[str], Path]):
    frame = pl.read_csv(next(data("titanic").glob("*.csv")), infer_schema_length=None)
    target = next(name for name in frame.columns if name.lower() == "survived")
    age = next(name for name in frame.columns if name.lower() == "age")
    frame = frame.with_columns(pl.col(target).cast(pl.String), pl.col(age).cast(pl.Float64, strict=False))
    suite = [
        expect("column_values_to_be_in_set", column=target, value_set=[0, 1]),
        expect("column_values_to_be_between", "warning", column=age, min_value=0, max_value=60),
        expect("column_values_to_not_be_null", "info", column=age),
    ]
    started, snapshot = begin(tmp_path, frame, suite)
    validated = validate(started, snapshot)
    old = frame.with_row_index("row").filter(pl.col(age) > 60)["row"].to_list()
    assert sorted(quarantine(started, validated)) == old
    assert len(old) > 0
