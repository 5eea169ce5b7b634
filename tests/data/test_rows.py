"""Row ids: pinned for ever, blind to column order and file types, and different for different rows."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.data import identity
from keepfit.data.identity import hashes, ids

CELLS = st.one_of(st.none(), st.text(max_size=6), st.floats(allow_nan=False, allow_infinity=False).map(str))
TABLES = st.integers(1, 30).flatmap(
    lambda n: st.fixed_dictionaries({name: st.lists(CELLS, min_size=n, max_size=n) for name in ("a", "b", "城市")})
)


def row_ids(columns: dict[str, object], occurrence: int = 0) -> list[str]:
    found = hashes(pa.table(columns), (), columns)
    return [i.hex() for i in ids(found.low, found.high, occurrence).to_pylist()]


def test_pinned_vectors() -> None:
    """These must never change: released models remember the ids of the rows they learned from."""
    table = {
        "number": pa.array([1.0, -0.0, None]),
        "text": pa.array(["北京", "", None]),
        "whole": pa.array([2**60, 7, None], pa.int64()),
        "flag": pa.array([True, False, None]),
        "when": pa.array([datetime(2024, 2, 29, 12), datetime(1969, 1, 1), None], pa.timestamp("us")),
        "picture": pa.array([b"\x00\x01", b"", None]),
    }
    assert row_ids(table) == PINNED
    assert row_ids({"a": ["x"]}, occurrence=2) == [PINNED_SECOND_REPEAT]
    assert hashes(pa.table({"a": ["x"], "b": ["y"]}), ["a"], ["b"]).features.tolist() == [PINNED_FEATURES]


PINNED = [
    "70fb72357fecee843b8777eeefb71f31",
    "90f6ed6695c25b83af9efe94ac92f9e3",
    "00000000000000000000000000000000",
]
PINNED_SECOND_REPEAT = "ef1a8032e9d029d71885e5f6addaa67d"
PINNED_FEATURES = 9446302800275498766


@given(TABLES)
def test_columns_may_come_in_any_order(columns: dict[str, list[str | None]]) -> None:
    texts = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    assert row_ids(texts) == row_ids(dict(reversed(texts.items())))


@given(TABLES)
def test_rows_hash_alike_in_any_batching_and_coding(columns: dict[str, list[str | None]]) -> None:
    texts = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    coded = {name: cells.dictionary_encode() for name, cells in texts.items()}
    each = [row_ids({name: cells.slice(i, 1) for name, cells in texts.items()})[0] for i in range(len(texts["a"]))]
    assert row_ids(texts) == row_ids(coded) == each


@given(TABLES)
def test_different_rows_have_different_ids_and_equal_rows_equal_ones(columns: dict[str, list[str | None]]) -> None:
    def canonical(cell: str | None) -> object:
        try:
            return float(cell) + 0.0 if cell is not None and cell.isascii() and "_" not in cell else cell
        except ValueError:
            return cell

    rows = list(zip(*[[canonical(c) for c in cells] for cells in columns.values()], strict=True))
    found = row_ids({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    assert len(set(found)) == len(set(rows))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_a_number_hashes_like_its_text(numbers: list[float]) -> None:
    assert row_ids({"a": numbers}) == row_ids({"a": [repr(n) for n in numbers]})


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_a_whole_number_hashes_like_its_text(numbers: list[int]) -> None:
    assert row_ids({"a": pa.array(numbers, pa.int64())}) == row_ids({"a": [str(n) for n in numbers]})


def test_an_empty_column_changes_nothing() -> None:
    assert row_ids({"a": ["x"]}) == row_ids({"a": ["x"], "b": pa.array([None], pa.string())})


def test_features_hash_ignores_the_target() -> None:
    found = hashes(pa.table({"a": ["x", "x"], "y": ["1", "0"]}), ["a"], ["y"])
    assert found.features[0] == found.features[1]
    assert found.low[0] != found.low[1]


@pytest.mark.parametrize("occurrence", [1, 2, 1000])
def test_equal_rows_are_told_apart_by_their_occurrence(occurrence: int) -> None:
    assert row_ids({"a": ["x"]}) != row_ids({"a": ["x"]}, occurrence)


def test_ids_do_not_collide() -> None:
    numbers = np.arange(200_000) % 450
    table = pa.table({"a": numbers, "b": np.arange(200_000) // 450})
    found = hashes(table, (), table.column_names)
    assert len(set(found.low.tolist())) == len(set(found.high.tolist())) == 200_000


def test_texts_hash_alike_whether_they_were_seen_before_or_are_too_many_or_too_long_to_be_remembered() -> None:
    draw = np.random.default_rng(0)
    names = [f"{'x' * (n % 50)}{n}" for n in range(60_000)]
    batches = [pa.array(names[i] for i in draw.integers(0, len(names), 9_000)) for _ in range(12)]
    again = [hashes(pa.table({"seen": batch}), ["seen"]).low for batch in batches + batches]
    fresh = []
    for batch in batches:
        identity._known.cache_clear()
        fresh.append(hashes(pa.table({"seen": batch.dictionary_encode()}), ["seen"]).low)
    assert all((a == b).all() for a, b in zip(again, fresh + fresh, strict=True))
