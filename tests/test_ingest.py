"""The ingest stage as a whole: what lands in the snapshot, what is counted, what is refused, what is reused."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit import config, run
from keepfit.artifacts import Snapshot
from keepfit.errors import DataError, TransientError
from keepfit.ingest import ingest
from keepfit.ingest.fingerprint import check_unchanged, stamp
from keepfit.ingest.repeats import Spool
from keepfit.sources.cells import read_as

PEOPLE = """id,age,city,paid,since,vip,plan
1,31,北京,12.5,2024-01-02,yes,1.0
2, 44 ,上海,,2024-02-30,no,0
3,unknown, 北京 ,1e3,2024-03-04 05:06:07,maybe,1
4,?,NA,-7,,Y,
5,17,上海,0,2024-05-06T07:08:09+02:00,FALSE,0
"""
KINDS = {"age": "number", "city": "category", "paid": "number", "since": "datetime", "vip": "boolean"}


def start(folder: Path, source: dict[str, Any], features: dict[str, str], target: str, **sections: Any) -> run.Run:
    """A run of a pipeline whose YAML is written into `folder`."""
    family = "cnn" if "image" in features.values() else "mlp"
    whole = {"name": "people", "source": source, "target": target, "features": features, **sections}
    text = yaml.safe_dump({**whole, "model": {"family": family}}, allow_unicode=True)
    (folder / "pipeline.yaml").write_text(text, encoding="utf-8")
    return run.start(config.load(folder / "pipeline.yaml"))


def people(folder: Path, text: str = PEOPLE, **source: Any) -> run.Run:
    (folder / "people.csv").write_text(text, encoding="utf-8")
    return start(folder, {"path": "people.csv", **source}, KINDS, "plan")


def rows(begun: run.Run, snapshot: Snapshot) -> pa.Table:
    return pq.read_table(begun.store / snapshot.path / "rows")


def schema(begun: run.Run, snapshot: Snapshot) -> dict[str, Any]:
    return json.loads((begun.store / snapshot.path / "schema.json").read_text())  # type: ignore[no-any-return]


def test_cells_become_what_their_column_is_declared_to_be(tmp_path: Path) -> None:
    begun = people(tmp_path)
    snapshot = ingest(begun)
    table = rows(begun, snapshot)
    assert table.drop_columns(["keepfit_row", "keepfit_features", "keepfit_test"]).to_pydict() == {
        "id": [1, 2, 3, 5],
        "age": [31, 44, None, 17],
        "city": ["北京", "上海", "北京", "上海"],
        "paid": [12.5, None, 1000, 0],
        "since": [datetime(2024, 1, 2), None, datetime(2024, 3, 4, 5, 6, 7), datetime(2024, 5, 6, 5, 8, 9)],
        "vip": [True, False, None, False],
        "plan": ["1", "0", "1", "0"],
    }
    assert snapshot.without_target == 1
    assert snapshot.unreadable == {"age": 1, "since": 1, "vip": 1}
    assert snapshot.classes == ("0", "1")
    types = {column["name"]: (column["type"], column["kind"]) for column in schema(begun, snapshot)["columns"]}
    assert types["age"] == ("double", "number")
    assert types["since"] == ("timestamp[us]", "datetime")
    assert types["plan"] == ("string", None)
    assert types["id"] == ("double", None)


@pytest.mark.parametrize(
    "dates",
    [["31.12.2023", "01.02.2024"], ["12/31/2023", "02/01/2024"], ["31/12/2023", "01/02/2024"], ["20231231", "20240201"],
     ["Dec 31, 2023", "Feb 01, 2024"], ["2023-12-31 00:00", "2024-02-01 00:00"]],
)  # fmt: skip
def test_dates_are_read_in_the_format_that_fits_them_all(tmp_path: Path, dates: list[str]) -> None:
    (tmp_path / "d.csv").write_text("when;y\n" + "".join(f"{d};{i}\n" for i, d in enumerate(dates)))
    begun = start(tmp_path, {"path": "d.csv"}, {"when": "datetime"}, "y")
    assert rows(begun, ingest(begun))["when"].to_pylist() == [datetime(2023, 12, 31), datetime(2024, 2, 1)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a;y\n1,5;p\n1.234,25;q\n", [1.5, 1234.25]),
        ('a,y\n"$1,234.50",p\n12 %,q\n', [1234.5, 12]),
        ("a\ty\n1e-3\tp\n .5 \tq\ninf\tq\n", [0.001, 0.5, None]),
    ],
)
def test_numbers_as_people_write_them(tmp_path: Path, text: str, numbers: list[float]) -> None:
    (tmp_path / "a.csv").write_text(text)
    begun = start(tmp_path, {"path": "a.csv"}, {"a": "number"}, "y")
    assert rows(begun, ingest(begun))["a"].to_pylist() == numbers


def test_a_number_means_the_same_in_any_batch() -> None:
    for last in ("12,5", "1.234,50"):
        numbers, bad = read_as("number", pa.array(["1.234", "999", last]), decimal=",")
        assert (numbers.to_pylist()[:2], bad) == ([1234, 999], 0)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_undeclared_column_keeps_every_cell_where_late_ones_are_no_numbers(tmp_path: Path, form: str) -> None:
    groups = [str(i) for i in range(12_000)] + ["A1000", "A1001"]
    if form == "csv":
        lines = ["g,a,y", *(f"{g},1,{i % 2}" for i, g in enumerate(groups))]
    else:
        cells = [int(g) if g.isdigit() else g for g in groups]
        lines = [json.dumps({"g": g, "a": 1, "y": i % 2}) for i, g in enumerate(cells)]
    (tmp_path / f"a.{form}").write_text("\n".join(lines) + "\n")
    begun = start(tmp_path, {"path": f"a.{form}"}, {"a": "number"}, "y")
    snapshot = ingest(begun)
    assert rows(begun, snapshot)["g"].to_pylist() == groups
    assert (snapshot.rows, schema(begun, snapshot)["columns"][0]["type"]) == (12_002, "string")


def test_an_undeclared_column_may_be_empty_in_the_first_parquet_part(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for name, cells in (("a", pa.nulls(2)), ("b", pa.array(["x", None]))):
        pq.write_table(pa.table({"g": cells, "a": [1, 2], "y": ["p", "q"]}), tmp_path / f"parts/{name}.parquet")
    begun = start(tmp_path, {"path": "parts"}, {"a": "number"}, "y")
    assert rows(begun, ingest(begun))["g"].to_pylist() == [None, None, "x", None]


def test_an_undeclared_column_of_numbers_and_nan_may_be_text_in_a_later_part(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for name, cells in (("a", pa.array([1.0, np.nan])), ("b", pa.array(["x", None]))):
        pq.write_table(pa.table({"g": cells, "a": [1, 2], "y": ["p", "q"]}), tmp_path / f"parts/{name}.parquet")
    begun = start(tmp_path, {"path": "parts"}, {"a": "number"}, "y")
    assert rows(begun, ingest(begun))["g"].to_pylist() == ["1", None, "x", None]


def test_markers_of_missing_values_count_in_every_format(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, -999], "b": ["x", "leer"], "y": ["p", "q"]}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("a,b,y\n1,x,p\n-999,leer,q\n")
    for name in ("a.parquet", "a.csv"):
        source = {"path": name, "missing": ["-999", "leer"]}
        begun = start(tmp_path, source, {"a": "number", "b": "category"}, "y")
        assert rows(begun, ingest(begun)).select(["a", "b"]).to_pydict() == {"a": [1, None], "b": ["x", None]}


def test_the_carried_pictures_and_table(carried) -> None:
    begun = run.start(config.load(carried("digits")))
    snapshot = ingest(begun)
    assert (snapshot.rows, len(snapshot.classes), snapshot.duplicates) == (1797, 10, 0)
    begun = run.start(config.load(carried("breast_cancer")))
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.classes) == (569, ("benign", "malignant"))
    assert len(set(rows(begun, snapshot)["keepfit_row"].to_pylist())) == 569


def test_adult_as_published(data, tmp_path: Path) -> None:
    source = {"path": str(data("adult/adult.data")), "test": str(data("adult/adult.test"))}
    begun = start(tmp_path, source, {"column_1": "number", "column_2": "category"}, "column_15")
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.test_rows, snapshot.classes) == (48_842, 16_281, ("<=50K", ">50K"))
    assert (snapshot.duplicates, snapshot.shared) == (24 + 5, 23)
    table = rows(begun, snapshot)
    assert table["column_2"].null_count == 1836 + 963
    assert sum(table["keepfit_test"].to_pylist()) == 16_281
    assert len(set(table["keepfit_row"].to_pylist())) == 48_842


def test_mnist_as_published(data, tmp_path: Path) -> None:
    names = {
        "path": "train-images-idx3",
        "labels": "train-labels-idx1",
        "test": "t10k-images-idx3",
        "test_labels": "t10k-labels-idx1",
    }
    source = {key: str(data(f"mnist/{name}-ubyte.gz")) for key, name in names.items()}
    begun = start(tmp_path, source, {"image": "image"}, "digit")
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.test_rows, snapshot.duplicates) == (70_000, 10_000, 0)
    assert schema(begun, snapshot)["columns"][0]["pixels"] == [28, 28, 1]


def test_labels_in_single_quotes(data, tmp_path: Path) -> None:
    source = {"path": str(data("mammography/mammography.csv"))}
    snapshot = ingest(start(tmp_path, source, {"column_1": "number"}, "column_7"))
    assert (snapshot.classes, snapshot.duplicates) == (("-1", "1"), 3334)


# Counting


def spooled(train: list[int], test: list[int], slice_rows: int) -> tuple[list[int], int, int]:
    """The occurrence of each row, the duplicates, and the rows shared with the test file."""
    with TemporaryDirectory() as folder, Spool(Path(folder) / "hashes", slice_rows) as spool:
        spread = np.uint64(0x9E3779B97F4A7C15)
        for part, is_test in ((train, False), (test, True)):
            spool.add(np.array(part, np.uint64) * spread, test=is_test)
        found = spool.repeats()
        seen = np.zeros(len(train) + len(test), int)
        middle = len(seen) // 2
        for start, end in ((0, middle), (middle, len(seen))):
            inside, occurrence = found.between(start, end)
            seen[inside + start] = occurrence
        return seen.tolist(), found.duplicates, found.shared


SMALL = st.lists(st.integers(0, 9), max_size=40)


@settings(deadline=None)
@given(SMALL, SMALL, st.integers(1, 50))
def test_repeats_are_counted_as_a_counter_would(train: list[int], test: list[int], slice_rows: int) -> None:
    both = train + test
    seen, duplicates, shared = spooled(train, test, slice_rows)
    assert seen == [both[:i].count(value) for i, value in enumerate(both)]
    assert duplicates == len(train) - len(set(train)) + len(test) - len(set(test))
    assert shared == sum(value in train for value in test)


def test_equal_rows_get_different_ids_that_stay_when_rows_come_and_go(tmp_path: Path) -> None:
    header, *lines = PEOPLE.replace("4,?", "1,?").splitlines()

    def ids(chosen: list[str]) -> Counter[bytes]:
        begun = people(tmp_path, "\n".join([header, *chosen]) + "\n")
        table = rows(begun, ingest(begun))
        return Counter(zip(table["keepfit_row"].to_pylist(), table["id"].to_pylist(), strict=True))

    once = ids(lines)
    thrice = ids(lines * 3)
    assert set(thrice.values()) == {1}
    assert set(once) < set(thrice)
    assert ids(lines[::-1] * 3) == thrice


def test_the_kind_in_the_yaml_changes_no_id(tmp_path: Path) -> None:
    text = PEOPLE.replace("unknown", "50")
    begun = people(tmp_path, text)
    before = rows(begun, ingest(begun))["keepfit_row"].to_pylist()
    begun = start(tmp_path, {"path": "people.csv"}, {**KINDS, "age": "category"}, "plan")
    assert rows(begun, ingest(begun))["keepfit_row"].to_pylist() == before


# Refusing


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("plan\n", "plans\n"), r'no column "plan", the target.*Did you mean "plans"'),
        (("age,", "Age,"), r'no column "age", the feature.*There are: id, Age'),
        ((",0\n", ",1\n"), 'every row has the same target "1"'),
        (("id,", "keepfit_id,"), "keepfit_id"),
        (("yes", "1 st"), r'cells of the feature "vip" cannot be read as its kind, such as "1 st"'),
        (("id,", "age,"), 'column "age" is there 2 times'),
        ((",17,", ",17,17,"), "line 6: this row has 8 cells"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_and_nothing_is_left(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    text = PEOPLE.replace(*change)
    if change[0] == "yes":
        text = text.replace(",no,", ",x,").replace("FALSE", "y?")
    begun = people(tmp_path, text)
    with pytest.raises(DataError, match=words):
        ingest(begun)
    assert list((begun.store / "stages/ingest").glob("*")) == []


def test_an_empty_feature_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,y\n1,,x\n2,NA,z\n")
    with pytest.raises(DataError, match='feature "b" is empty in all 2 rows'):
        ingest(start(tmp_path, {"path": "a.csv"}, {"a": "number", "b": "number"}, "y"))


def test_a_target_that_is_no_class_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,y\n" + "".join(f"1,{i / 7}\n" for i in range(10_001)))
    with pytest.raises(DataError, match="more than 10,000 different values"):
        ingest(start(tmp_path, {"path": "a.csv"}, {"a": "number"}, "y"))


def test_a_test_file_of_other_classes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,y\n1,x\n2,z\n")
    (tmp_path / "t.csv").write_text("a,y\n1,u\n2,v\n")
    with pytest.raises(DataError, match=r't.csv: no class of the test file.*"u"'):
        ingest(start(tmp_path, {"path": "a.csv", "test": "t.csv"}, {"a": "number"}, "y"))


def test_a_source_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    roles = {"train": (tmp_path / "a.csv",)}
    roles["train"][0].write_text("a")
    before = stamp(roles)
    check_unchanged(roles, before)
    roles["train"][0].write_text("ab")
    with pytest.raises(DataError, match="changed while it was read"):
        check_unchanged(roles, before)


# Reusing


def outcome(begun: run.Run) -> tuple[bool, str]:
    entry = begun.outcome("ingest")
    return entry["reused"], entry["reason"]


def test_what_decides_whether_it_runs_again(tmp_path: Path) -> None:
    begun = people(tmp_path)
    snapshot = ingest(begun)
    assert outcome(begun) == (False, "first run")
    (tmp_path / "moved.csv").write_text(PEOPLE, encoding="utf-8")
    begun = start(tmp_path, {"path": "moved.csv"}, KINDS, "plan", training={"epochs": 3})
    assert ingest(begun) == snapshot
    assert outcome(begun)[0]
    begun = start(tmp_path, {"path": "moved.csv"}, {**KINDS, "vip": "category"}, "plan")
    ingest(begun)
    assert outcome(begun) == (False, "config.features.vip.kind changed")
    begun = people(tmp_path, PEOPLE + "6,18,上海,1,2024-01-01,no,0\n")
    assert ingest(begun).rows == 5
    assert "source" in outcome(begun)[1]


def test_the_same_rows_give_the_same_snapshot_however_they_are_stored(tmp_path: Path) -> None:
    found = []
    for name, pack in (("plain", bytes), ("packed", gzip.compress)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "people.csv").write_bytes(pack(PEOPLE.encode()))
        begun = start(folder, {"path": "people.csv"}, KINDS, "plan")
        found.append(rows(begun, ingest(begun)))
    assert found[0] == found[1]


def test_a_query_is_reused_by_the_rows_it_gives(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "p.db") as database:
        database.execute("CREATE TABLE people (age, plan)")
        database.executemany("INSERT INTO people VALUES (?, ?)", [(31, "a"), (None, "b"), (44, "a")])
    database.close()

    def begin(sql: str) -> run.Run:
        return start(tmp_path, {"sql": sql, "database": "sqlite:///p.db"}, {"age": "number"}, "plan")

    begun = begin("SELECT * FROM people ORDER BY age")
    assert ingest(begun).rows == 3
    begun = begin("SELECT age, plan FROM people ORDER BY age DESC")
    ingest(begun)
    assert outcome(begun)[0]
    with pytest.raises(DataError, match="no such column"):
        ingest(begin("SELECT ages FROM people"))
    assert list(begun.store.root.glob("query-*")) == []


def test_a_database_that_is_away_is_worth_another_try(tmp_path: Path) -> None:
    source = {"sql": "SELECT 1", "database": "postgresql://nobody@127.0.0.1:9/none"}
    with pytest.raises(TransientError, match="tried again"):
        ingest(start(tmp_path, source, {"age": "number"}, "plan"))


_MEASURE = """
import resource, sys
from keepfit import config, run
from keepfit.ingest import ingest
print(ingest(run.start(config.load(sys.argv[1]))).duplicates, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).normal(size=(500_000, 10))
    np.savetxt(tmp_path / "rows.csv", np.c_[numbers, numbers[:, 0] > 0], "%.6g", ",")
    features = {f"column_{i + 1}": "number" for i in range(10)}
    peaks = []
    for times in (4, 10):  # beyond the blocks that are read ahead
        begun = start(tmp_path, {"path": ["rows.csv"] * times}, features, "column_11")
        found = subprocess.run([sys.executable, "-c", _MEASURE, begun.config.file], capture_output=True, check=True)
        duplicates, peak = map(int, found.stdout.split())
        assert duplicates == (times - 1) * 500_000
        peaks.append(peak)
    assert peaks[1] < 1.3 * peaks[0]


@pytest.mark.parametrize("written", ["-999", "-999.0", " -9.99e2"])
def test_a_number_that_means_missing_does_so_however_it_is_written(tmp_path: Path, written: str) -> None:
    begun = people(tmp_path, PEOPLE.replace(",12.5,", f",{written},"), missing=["-999", "?"])
    assert rows(begun, ingest(begun))["paid"].to_pylist()[:3] == [None, None, 1000]


def test_a_renamed_file_is_the_same_source(tmp_path: Path) -> None:
    begun = people(tmp_path)
    first = ingest(begun)
    (tmp_path / "people.csv").rename(tmp_path / "later.csv")
    assert ingest(start(tmp_path, {"path": "later.csv"}, KINDS, "plan")) == first
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "later.csv").write_text(PEOPLE, encoding="utf-8")
    assert ingest(start(other, {"path": "later.csv"}, KINDS, "plan")).digest == first.digest
