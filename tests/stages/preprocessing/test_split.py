"""Which row goes to which part."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.config.sections import MOST_TESTED
from keepfit.errors import DataError
from keepfit.stages.preprocessing.draw import TEST_SALT, VALIDATION_SALT, below, hashes_of, mix, ranked
from keepfit.stages.preprocessing.newest import boundaries
from keepfit.stages.preprocessing.split import TESTED, _halved
from tests.stages.preprocessing.test_preprocessing import PARTS, prepared, rows_of
from tests.stages.snapshot_by_hand import pipeline, with_ids

KINDS = {"x": "number", "z": "number"}
PINNED_MIX = [11126854723554968435, 12947405516589270226, 3062246130273151588]
PINNED_TEXT = [4681665781835383343, 1353842582548758875, 0, 16667848380713045890]


def table_of(answers: list[str], seed: int = 0, **more: list[Any]) -> pa.Table:
    draw = np.random.default_rng(seed)
    rows = len(answers)
    return pa.table({"x": draw.normal(size=rows), "z": draw.normal(size=rows), "answer": answers, **more})


def split(folder: Path, table: pa.Table, notes: list[str] | None = None, **settings: Any) -> dict[bytes, str]:
    """Row id → its part."""
    config = pipeline(folder, KINDS, preprocessing={"split": settings})
    _, output = prepared(folder, table, config, notes)
    return {row: part for part, rows in rows_of(output).items() for row in rows}


def parts_by(table: pa.Table, parts: dict[bytes, str], column: str) -> dict[Any, Counter[str]]:
    found: dict[Any, Counter[str]] = {}
    for value, row in zip(table[column].to_pylist(), table["keepfit_row"].to_pylist(), strict=True):
        found.setdefault(value, Counter())[parts[row]] += 1
    return found


def test_a_row_keeps_its_part_when_rows_are_added(tmp_path: Path) -> None:
    table = with_ids(table_of(["a", "b"] * 300))
    before = split(tmp_path / "a", table.slice(0, 400))
    after = split(tmp_path / "b", table)
    assert {row: after[row] for row in before} == before


def test_shares_are_met(tmp_path: Path) -> None:
    counts = Counter(split(tmp_path, with_ids(table_of(["a", "b"] * 2000)), test=0.3, validation=0.1).values())
    assert abs(counts["test"] - 1200) < 4 * 29
    assert abs(counts["validation"] - 400) < 4 * 19


def test_many_rows_leave_more_to_learn_from_and_no_row_comes_into_a_part_that_judges(tmp_path: Path) -> None:
    table, notes = with_ids(table_of(["a", "b"] * 80_000)), []
    before = split(tmp_path / "a", table.slice(0, 60_000))
    after = split(tmp_path / "b", table, notes)
    counts = Counter(after.values())
    assert abs(counts["test"] - 16_000) < 4 * 120
    assert abs(counts["validation"] - 12_000) < 4 * 105
    assert [note for note in notes if "10.00% of them judge and 7.50% choose" in note]
    assert all(before[row] == "test" for row, part in after.items() if part == "test" and row in before)
    assert abs(Counter(before.values())["test"] - 12_000) < 4 * 98


@given(st.integers(1, 10**8), st.integers(0, 10**7))
def test_shares_are_halved_while_enough_rows_are_left(rows: int, more: int) -> None:
    share, later = (_halved(MOST_TESTED, TESTED, count) for count in (rows, rows + more))
    assert later <= share
    assert share == MOST_TESTED or TESTED <= rows * share < 2 * TESTED + 1


def test_equal_features_stay_together(tmp_path: Path) -> None:
    table = table_of(["a", "b"] * 400)
    table = pa.concat_tables([table, table.slice(0, 300), table.slice(0, 300)])
    table = with_ids(table)
    parts = split(tmp_path, table)
    assert all(len(found) == 1 for found in parts_by(table, parts, "keepfit_features").values())


def test_a_large_group_of_equal_rows_is_spread(tmp_path: Path) -> None:
    table = table_of(["a", "b"] * 300)
    same = pa.table({"x": [0.5] * 250, "z": [0.5] * 250, "answer": ["a"] * 250})
    table = with_ids(pa.concat_tables([table, same]))
    found = parts_by(table, split(tmp_path, table), "x")[0.5]
    assert min(found[part] for part in PARTS) > 20


@pytest.mark.parametrize("rare", [3, 4, 7, 30, 66])
def test_a_rare_class_stands_in_every_part(tmp_path: Path, rare: int) -> None:
    table = with_ids(table_of(["a", "b"] * 300 + ["罕见"] * rare))
    notes: list[str] = []
    found = parts_by(table, split(tmp_path, table, notes), "answer")["罕见"]
    assert all(found[part] >= 1 for part in PARTS)
    assert abs(found["test"] - 0.2 * rare) <= 1
    assert notes == []


def test_one_row_of_a_class_is_learned_from_and_told(tmp_path: Path) -> None:
    table = with_ids(table_of(["a", "b"] * 300 + ["single", "pair", "pair"]))
    notes: list[str] = []
    found = parts_by(table, split(tmp_path, table, notes), "answer")
    assert found["single"] == {"train": 1}
    assert found["pair"] == {"train": 1, "test": 1}
    assert notes == [
        'no validation row is of the class "pair", "single": too few such rows to judge it there.',
        'no test row is of the class "single": too few such rows to judge it there.',
    ]


def test_a_publishers_test_file_is_kept(tmp_path: Path) -> None:
    tested = [i >= 500 for i in range(600)]
    table = with_ids(table_of(["a", "b"] * 300), tested=tested)
    parts = split(tmp_path, table)
    assert [parts[row] == "test" for row in table["keepfit_row"].to_pylist()] == tested
    assert 40 < Counter(parts.values())["validation"] < 115


def test_train_rows_equal_to_a_publishers_test_row_are_left_out_and_told(tmp_path: Path) -> None:
    table = table_of(["a", "b"] * 300)
    again = pa.table({"x": table["x"][:20], "z": table["z"][:20], "answer": ["b"] * 20})  # whatever their answer is
    same = pa.table({"x": [0.5] * 250, "z": [0.5] * 250, "answer": ["a"] * 250})  # these say nothing of each other
    table = with_ids(pa.concat_tables([table, again, same]), tested=[False] * 600 + [True] * 20 + [True, False] * 125)
    notes: list[str] = []
    parts = split(tmp_path, table, notes)
    ids = table["keepfit_row"].to_pylist()
    assert {row for row in ids if row not in parts} == set(ids[:20])
    assert notes == ["train rows left out, since their features are those of a test row: 20."]
    test = {f for f, row in zip(table["keepfit_features"].to_pylist(), ids, strict=True) if parts.get(row) == "test"}
    both = {f for f, row in zip(table["keepfit_features"].to_pylist(), ids, strict=True)
            if parts.get(row) in ("train", "validation")} & test  # fmt: skip
    assert both == {table["keepfit_features"][-1].as_py()}


def test_groups_stay_whole(tmp_path: Path) -> None:
    person = [f"人{i % 150}" for i in range(1500)]
    table = with_ids(table_of(["a", "b", "c"] * 500, person=person))
    found = parts_by(table, split(tmp_path, table, by="group", column="person"), "person")
    assert all(len(parts) == 1 for parts in found.values())
    assert 10 <= sum("test" in parts for parts in found.values()) <= 50


def test_few_groups_meet_the_shares_too(tmp_path: Path) -> None:
    table = with_ids(table_of(["a", "b", "c"] * 500, site=[i % 10 for i in range(1500)]))
    found = parts_by(table, split(tmp_path, table, by="group", column="site"), "site")
    assert Counter(next(iter(parts)) for parts in found.values())["test"] == 2


def test_rows_without_a_group_are_groups_of_their_own(tmp_path: Path) -> None:
    site = [None if i % 2 else str(i % 200) for i in range(1500)]
    table = with_ids(table_of(["a", "b", "c"] * 500, site=site))
    found = parts_by(table, split(tmp_path, table, by="group", column="site"), "site")
    assert len(found[None]) == 3


def test_a_key_draws_in_place_of_the_features(tmp_path: Path) -> None:
    key = [f"k{i}" for i in range(600)]
    first = with_ids(table_of(["a", "b"] * 300, seed=1, key=key))
    second = with_ids(table_of(["a", "b"] * 300, seed=2, key=key))
    assert parts_by(first, split(tmp_path / "a", first, column="key"), "key") == parts_by(
        second, split(tmp_path / "b", second, column="key"), "key"
    )


def test_one_keys_rows_stay_together_though_a_class_is_rare(tmp_path: Path) -> None:
    key = [f"k{i % 200}" for i in range(600)]
    answers = ["rare" if i < 30 else "ab"[i % 2] for i in range(600)]
    table = with_ids(table_of(answers, key=key))
    found = parts_by(table, split(tmp_path, table, column="key"), "key")
    assert all(len(parts) == 1 for parts in found.values())


@pytest.mark.parametrize("form", ["timestamp", "date", "number", "text", "%d.%m.%Y", "%b %d, %Y %I:%M %p", "%d %B %Y"])
def test_the_newest_rows_are_tested_and_equal_times_stay_together(tmp_path: Path, form: str) -> None:
    day = np.random.default_rng(0).integers(0, 60, 1000).tolist()
    moments = [datetime(2026, 1, 1) + timedelta(days=d) for d in day]
    forms = {
        "number": day,
        "timestamp": moments,
        "date": [m.date() for m in moments],
        "text": [m.isoformat() for m in moments],
    }
    written = forms.get(form) or [m.strftime(form) for m in moments]
    table = with_ids(table_of(["a", "b"] * 500, when=written, day=day))
    found = parts_by(table, split(tmp_path, table, by="time", column="when"), "day")
    assert all(len(parts) == 1 for parts in found.values())
    ordered = [next(iter(found[moment])) for moment in sorted(found)]
    assert ordered == sorted(ordered, key=["train", "validation", "test"].index)
    total = Counter(part for parts in found.values() for part in parts.elements())
    assert abs(total["test"] - 200) < 20
    assert abs(total["validation"] - 150) < 20


@pytest.mark.parametrize("groups", [1, 2])
def test_too_few_groups_for_the_parts_are_named(tmp_path: Path, groups: int) -> None:
    table = with_ids(table_of(["a", "b"] * 30, ward=[f"w{n % groups}" for n in range(60)]))
    named = {1: "has 1 group: 'w0' in 60 rows", 2: "has 2 groups: 'w0' in 30 rows; 'w1' in 30 rows"}[groups]
    with pytest.raises(DataError, match=rf'the column "ward" {named}\..*3 parts are drawn'):
        split(tmp_path, table, by="group", column="ward")


def test_rows_without_a_time_are_learned_from_and_told(tmp_path: Path) -> None:
    when = [None if i % 10 == 0 else float(i) for i in range(600)]
    table = with_ids(table_of(["a", "b"] * 300, when=when))
    notes: list[str] = []
    found = parts_by(table, split(tmp_path, table, notes, by="time", column="when"), "when")
    assert set(found[None]) == {"train"}
    assert notes == ['rows without a time in the column "when", all in the train part: 60.']


def test_what_is_no_time_is_refused(tmp_path: Path) -> None:
    table = with_ids(table_of(["a", "b"] * 300, when=["soon"] * 600))
    with pytest.raises(DataError, match='"when" cannot be read as times'):
        split(tmp_path, table, by="time", column="when")


def test_a_single_time_cannot_be_split(tmp_path: Path) -> None:
    table = with_ids(table_of(["a", "b"] * 300, when=[1] * 600))
    with pytest.raises(DataError, match="has 1 different times"):
        split(tmp_path, table, by="time", column="when")


def test_a_class_that_is_only_new_cannot_be_learned(tmp_path: Path) -> None:
    table = with_ids(table_of(["a", "b"] * 290 + ["new"] * 20, when=list(range(600))))
    with pytest.raises(DataError, match='no train row is of the class "new"'):
        split(tmp_path, table, by="time", column="when")


def test_too_few_rows_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="part is empty: 2 rows are too few"):
        split(tmp_path, with_ids(table_of(["a", "b"])))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60, unique=True), st.floats(0.05, 0.4), st.data())
def test_ranks_leave_no_part_empty(hashes: list[int], share: float, data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(hashes), max_size=len(hashes)))
    tested, validated = ranked(np.array(hashes, np.uint64), np.array(weights, np.int64), share, share)
    left = set(hashes) - set(tested.tolist()) - set(validated.tolist())
    assert not set(tested.tolist()) & set(validated.tolist())
    assert left
    assert len(tested) >= min(1, len(hashes) - 1)
    assert len(validated) >= min(1, max(0, len(hashes) - 2))


@settings(deadline=None, max_examples=50)
@given(st.floats(0.01, 0.99))
def test_thresholds_take_their_share_and_grow_with_it(share: float) -> None:
    hashes = np.arange(20_000, dtype=np.uint64)
    taken = below(hashes, TEST_SALT, share)
    assert abs(taken.mean() - share) < 0.02
    assert not (taken & ~below(hashes, TEST_SALT, min(1.0, share + 0.1))).any()
    assert abs((taken & below(hashes, VALIDATION_SALT, 0.5)).mean() - share / 2) < 0.02


def test_the_hash_is_the_same_on_every_machine() -> None:
    # A change here moves rows between train and test of every pipeline in service.
    assert mix(np.array([0, 1, 2**64 - 1], np.uint64), TEST_SALT).tolist() == PINNED_MIX
    instead = np.zeros(4, np.uint64)
    assert hashes_of(pa.array(["a", "人", None, "7"]), instead).tolist() == PINNED_TEXT
    assert hashes_of(pa.array([7, None]), instead[:2])[0] == PINNED_TEXT[3]
    assert hashes_of(pa.array([7.0, None]), instead[:2])[0] == PINNED_TEXT[3]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 30), min_size=3, max_size=200).filter(lambda v: len(set(v)) >= 3))
def test_boundaries_leave_rows_on_every_side(values: list[int]) -> None:
    times = np.array(values, np.float64)
    validated, tested = boundaries(times, 0.2, 0.15)
    assert times.min() < validated < tested <= times.max()
