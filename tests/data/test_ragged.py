"""Rows of differing lengths: to disk and back, cut into batches, padded."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from keepfit.data import feed, shards
from keepfit.data.identity import ROW
from keepfit.data.ragged import Ragged, behind, of_binary, ragged
from keepfit.data.shards import LABEL
from keepfit.data.transform import Entry, Transform, View
from keepfit.problems import regression

LIKE = np.empty((0, 2), np.float32)
rows = st.lists(
    st.integers(0, 9).flatmap(lambda steps: hn.arrays(np.float32, (steps, 2), elements=st.floats(-9, 9, width=32))),
    max_size=12,
)


class Walk(Entry):
    """A column of two tensors: the steps of a walk, and how often it turned."""

    group: ClassVar[str] = "walk"
    dtype: ClassVar[str] = "<f4"

    @property
    def views(self) -> tuple[View, ...]:
        """Steps [T, 2], and turns [T]."""
        return (
            View("<f4", (2,), pad=float("nan"), steps=5),
            View("<i4", (), name="turns", pad=0, steps=5),
        )


def of(found: list[np.ndarray]) -> Ragged:
    return ragged(found, LIKE, float("nan"))


def same(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, _cut(one), _cut(other)))


def _cut(found: Any) -> list[np.ndarray]:
    return np.split(found.values, found.offsets[1:-1]) if len(found) else []


@given(rows=rows, data=st.data())
def test_some_rows_are_those_rows(rows, data):
    places = data.draw(st.lists(st.integers(0, max(len(rows) - 1, 0)), max_size=8) if rows else st.just([]))
    index = np.array(places, np.int64)
    assert same(of(rows)[index], of([rows[place] for place in places]))
    assert same(of(rows)[2:5], of(rows[2:5]))
    assert same(behind([of(rows), of(rows[:2])]), of(rows + rows[:2]))


@given(rows=rows)
def test_padding_stands_behind_the_end_and_nowhere_else(rows):
    padded = of(rows).padded()
    assert padded.shape == (len(rows), max([1, *map(len, rows)]), 2)
    for row, found in zip(rows, padded, strict=True):
        assert np.array_equal(found[: len(row)], row)
        assert np.isnan(found[len(row) :]).all()


@given(rows=rows, start=st.integers(0, 5))
def test_binary_cells_are_the_rows(rows, start):
    cells = pa.chunked_array([of(rows).binary().slice(start), of(rows).binary()])
    assert same(of_binary(cells, LIKE, float("nan")), of(rows[start:] + rows))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Transform, np.ndarray]:
    """700 walks of up to 60 steps; each step of walk i holds i, and each turn i + 1."""
    target = regression.Target(name="y", problem="regression", mean=0, std=1, low=0, high=1e3)
    transform = Transform(target=target, features=(Walk(name="walk", kind="walk", slot=0),))
    folder = tmp_path_factory.mktemp("ragged") / "train"
    draw = np.random.default_rng(0)
    labels = np.arange(700, dtype=np.float64)
    lengths = draw.integers(0, 60, 700)
    with shards.typed(folder, transform) as into:
        for group in np.split(np.arange(700), [50, 51, 300, 480]):
            steps = [np.full((lengths[row], 2), row, np.float32) for row in group]
            turns = [np.full(lengths[row] // 2, row + 1, np.int32) for row in group]
            columns = {
                ROW: pa.array([bytes(16)] * len(group), pa.binary(16)),
                LABEL: pa.array(labels[group]),
                "walk": of(steps).binary(),
                "walk_turns": ragged(turns, np.empty(0, np.int32), 0).binary(),
            }
            into.add(pa.table({name: columns[name] for name in into.schema.names}, schema=into.schema))
    return folder, transform, lengths


def _right(batch: Any, lengths: np.ndarray) -> None:
    """Every row of a batch is whole, and padded as far as its longest."""
    steps, turns = batch.inputs["walk"], batch.inputs["walk_turns"]
    for row, label in enumerate(batch.labels.long().tolist()):
        assert (steps[row, : lengths[label]] == label).all()
        assert steps[row, lengths[label] :].isnan().all()
        assert (turns[row] > 0).sum() == lengths[label] // 2
        assert set(turns[row].unique().tolist()) <= {0, label + 1}
    longest = lengths[batch.labels.long().numpy()].max()
    assert (steps.shape[1], turns.shape[1]) == (max(1, longest), max(1, longest // 2))


@pytest.mark.parametrize("most", [100, 20_000, 1 << 30])
@given(size=st.integers(1, 800), number=st.integers(0, 2), first=st.integers(0, 800))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_an_epoch_holds_every_row_whole_and_goes_on_where_it_was_left(written, most, size, number, first):
    folder, transform, lengths = written
    made = feed.Feed(feed.read(folder, transform, most), size, seed=3)
    whole = list(made.epoch(number))
    assert sorted(torch.cat([batch.labels for batch in whole]).tolist()) == list(range(700))
    for batch in whole:
        _right(batch, lengths)
    rest = list(made.epoch(number, min(first, len(made))))
    assert [b.labels.tolist() for b in rest] == [b.labels.tolist() for b in whole[min(first, len(made)) :]]


def test_rows_of_a_batch_are_of_about_one_length_and_batches_in_no_order(written):
    folder, transform, lengths = written
    made = feed.Feed(feed.read(folder, transform), 16, seed=3)
    batches = [lengths[batch.labels.long().numpy()] for batch in made.epoch(0)]
    padded = sum(len(batch) * batch.max() for batch in batches)
    assert padded < 1.15 * lengths.sum()
    means = [batch.mean() for batch in batches]
    assert means != sorted(means)
    assert means != [lengths[batch.labels.long().numpy()].mean() for batch in made.epoch(1)]


@pytest.mark.parametrize("most", [100, 1 << 30])
def test_rows_are_judged_in_their_order(written, most):
    folder, transform, lengths = written
    found = list(feed.read(folder, transform, most).in_order(4096))
    assert torch.cat([batch.labels for batch in found]).tolist() == list(range(700))
    for batch in found:
        _right(batch, lengths)
