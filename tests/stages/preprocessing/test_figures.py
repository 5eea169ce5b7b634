"""What a column's figures are, however it is cut into batches; and shards on a full disk."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.data.shards import fixed, raw
from keepfit.errors import MachineError
from keepfit.features.shared import figures
from keepfit.features.shared.coded import CategoryCounts
from keepfit.features.shared.figures import NumberFigures
from keepfit.stages.preprocessing.ids import AT_ONCE, Quarantine, write_sorted

values = st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=1, max_size=80)
words = st.lists(st.sampled_from(["a", "b", "é", "人", "c"]) | st.none(), min_size=1, max_size=80)


def cut(length: int, cuts: list[int]) -> list[slice]:
    edges = sorted({0, length, *(c % (length + 1) for c in cuts)})
    return [slice(a, b) for a, b in pairwise(edges)]


@settings(deadline=None, max_examples=50)
@given(values.filter(lambda v: not np.isnan(v).all()), st.lists(st.integers(0, 80), max_size=4))
def test_numbers_in_batches_are_as_numbers_at_once(given_values: list[float], cuts: list[int]) -> None:
    array = np.array(given_values)
    numbers = NumberFigures()
    for part in cut(len(array), cuts):
        numbers.add(array[part], None)
    got, known = numbers.fitted(), array[~np.isnan(array)]
    np.testing.assert_allclose(got["mean"], known.mean(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(numbers.squares, np.square(known - known.mean()).sum(), rtol=1e-6, atol=1e-6)
    assert (got["min"], got["max"], got["missing"]) == (known.min(), known.max(), np.isnan(array).sum())
    assert got["distinct"] == sorted(set(known.tolist()))
    assert got["quantiles"] == sorted(got["quantiles"])
    assert (got["quantiles"][0], got["quantiles"][-1]) == (known.min(), known.max())


def test_many_distinct_values_become_quantiles() -> None:
    numbers = NumberFigures()
    numbers.add(np.append(np.zeros(5000), np.arange(1.0, 2001)), None)
    got = numbers.fitted()
    assert got["distinct"] is None
    assert (len(got["quantiles"]), len(got["distinct_quantiles"])) == (1001, 257)
    assert got["quantiles"][500] == 0
    assert got["distinct_quantiles"][128] == 1000


def test_a_sample_that_missed_every_value_still_spans_them() -> None:
    numbers = NumberFigures()
    numbers.add(np.array([3.0, np.nan, 9.0, 5.0]), np.array([False, True, False, False]))
    assert numbers.fitted()["quantiles"] == [3.0, 9.0]


def test_a_constant_column_can_be_divided_by_its_deviation() -> None:
    numbers = NumberFigures()
    numbers.add(np.full(10, 7.0), None)
    assert (numbers.fitted()["mean"], numbers.fitted()["std"]) == (7.0, 1.0)


@pytest.mark.parametrize(("high", "bins"), [(0.3, 1), (0.1 + 0.2, 1), (0.4, figures.BINS)])
def test_values_a_rounding_apart_share_one_bin(high: float, bins: int) -> None:
    numbers = NumberFigures()
    numbers.add(np.array([0.3, high] * 50), None)
    column = numbers.profile()
    assert len(column["histogram"]["counts"]) == bins
    assert sum(column["histogram"]["counts"]) == 100


@settings(deadline=None, max_examples=50)
@given(words, st.lists(st.integers(0, 80), max_size=4))
def test_categories_in_batches_are_counted_once(given_words: list[str | None], cuts: list[int]) -> None:
    categories = CategoryCounts()
    column = pa.array(given_words, pa.string())
    for number, part in enumerate(cut(len(column), cuts)):
        piece = column.slice(part.start, part.stop - part.start)
        categories.add(piece.dictionary_encode() if number % 2 else piece, np.arange(len(piece)))
    counts = Counter(word for word in given_words if word is not None)
    assert categories.ranked() == sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert categories.missing == given_words.count(None)


@pytest.mark.slow
def test_sorted_ids_are_the_same_in_ranges_as_at_once(tmp_path: Path) -> None:
    rows = AT_ONCE + 100_000
    ids = np.random.default_rng(0).integers(0, 2**63, (rows, 2)).astype(np.uint64) * np.uint64(2)
    ids[:50_000, 0] = ids[50_000:100_000, 0]  # equal first halves
    table = pa.table({"keepfit_row": fixed(ids.astype(">u8").view("V16")[:, 0])})
    with raw(tmp_path / "train", table.schema) as shards:
        shards.add(table)
    write_sorted(tmp_path, ["train"], tmp_path / "ids.parquet")
    got = np.concatenate([
        np.frombuffer(chunk.buffers()[1], ">u8").reshape(-1, 2)[chunk.offset : chunk.offset + len(chunk)]
        for chunk in pq.read_table(tmp_path / "ids.parquet")["keepfit_row"].chunks
    ])  # fmt: skip
    assert (got == ids[np.lexsort((ids[:, 1], ids[:, 0]))]).all()


def test_a_quarantine_holds_its_ids_and_no_others(tmp_path: Path) -> None:
    ids = [bytes([i]) * 16 for i in range(200)]
    pq.write_table(pa.table({"keepfit_row": pa.array(ids[::3], pa.binary())}), tmp_path / "quarantine.parquet")
    held = Quarantine(tmp_path / "quarantine.parquet").holds(pa.array(ids, pa.binary()))
    assert held.tolist() == [i % 3 == 0 for i in range(200)]


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    table = pa.table({"label": np.random.default_rng(0).integers(0, 2**62, 100_000)})
    shards = raw(tmp_path / "train", table.schema)
    (tmp_path / "train" / "part-00000.parquet").symlink_to("/dev/full")
    with pytest.raises(MachineError, match=r"No space left on device.*Free some room"):
        shards.add(table)
