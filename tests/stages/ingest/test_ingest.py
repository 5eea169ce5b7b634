"""The ingest stage as a whole: what lands in the snapshot, what is counted, what is refused, what is reused."""

from __future__ import annotations

import gzip
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit import config
from keepfit.errors import DataError, TransientError
from keepfit.report.places import places
from keepfit.stages.ingest import ingest
from keepfit.stages.ingest.repeats import Spool
from keepfit.store import run
from tests.stages.ingest.ingesting import KINDS, PEOPLE, people, rows, schema, start


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
    begun = start(tmp_path, source, {f"column_{n}": "category" for n in range(1, 15)}, "column_15")
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
    snapshot = ingest(start(tmp_path, source, {f"column_{n}": "number" for n in range(1, 7)}, "column_7"))
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


# Reusing


def outcome(begun: run.Run) -> tuple[bool, str]:
    entry = begun.outcome("ingest")
    return entry.reused, entry.reason


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
from keepfit import config
from keepfit.store import events, run
from keepfit.stages.ingest import ingest
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


def test_a_renamed_file_is_the_same_source(tmp_path: Path) -> None:
    begun = people(tmp_path)
    first = ingest(begun)
    (tmp_path / "people.csv").rename(tmp_path / "later.csv")
    assert ingest(start(tmp_path, {"path": "later.csv"}, KINDS, "plan")) == first
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "later.csv").write_text(PEOPLE, encoding="utf-8")
    assert ingest(start(other, {"path": "later.csv"}, KINDS, "plan")).digest == first.digest


@pytest.mark.parametrize("seed", range(3))
def test_every_row_is_found_again_in_the_source(tmp_path: Path, seed: int) -> None:
    """Whatever rows have no target, in the train files and in the publisher's test file."""
    draw = np.random.default_rng(seed)
    names = {"train-1": 40, "train-2": 30, "test": 25}
    for name, count in names.items():
        targets = draw.choice(["a", "b", ""], count)
        targets[:2] = "a", "b"
        lines = [f"{name}-{n},{n},{target}" for n, target in enumerate(targets)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["id,x,kind", *lines]) + "\n")
    begun = start(tmp_path, {"path": "train-*.csv", "test": "test.csv"}, {"x": "number"}, "kind")
    snapshot = ingest(begun)
    assert snapshot.without_target > 0
    kept = rows(begun, snapshot)
    found = places(begun.store / snapshot.path, kept["keepfit_row"].to_pylist())
    for row, name in zip(kept["keepfit_row"].to_pylist(), kept["id"].to_pylist(), strict=True):
        file, number = name.rsplit("-", 1)
        assert found[row] == int(number) + 1 + (names["train-1"] if file == "train-2" else 0)
