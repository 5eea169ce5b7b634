"""Shards into tensors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from keepfit.data import feed as batches
from keepfit.data import shards
from keepfit.data.identity import ROW
from keepfit.data.shards import LABEL
from keepfit.data.transform import Transform
from keepfit.errors import MachineError
from keepfit.problems import regression
from tests.stages.preprocessing.test_preprocessing import people, prepared, transform_of
from tests.stages.snapshot_by_hand import with_ids
from tests.tables import number


@pytest.fixture
def train(tmp_path: Path) -> Path:
    _, folder = prepared(tmp_path, with_ids(people()))
    return folder / "train"


def test_types_and_shapes(train: Path) -> None:
    got = batches.read(train, transform_of(train.parent)).load(())
    assert [*got.inputs] == ["numbers", "codes"]
    numbers, codes = got.inputs.values()
    assert (numbers.dtype, codes.dtype, got.labels.dtype) == (torch.float64, torch.int64, torch.int64)
    assert numbers.shape == codes.shape == (len(got), 2)
    ids = shards.read_ids(train)
    assert len(set(ids.tolist())) == len(ids) == len(got)


def test_take_gives_rows_by_index(train: Path) -> None:
    got = batches.read(train, transform_of(train.parent)).load(())
    index = torch.tensor([5, 0, 5])
    batch = got.take(index)
    assert list(batch.inputs) == ["numbers", "codes"]
    assert torch.equal(batch.inputs["codes"], got.inputs["codes"][index])
    assert torch.equal(batch.labels, got.labels[index])


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_flipped_bit_is_found_wherever_it_is(train: Path, place: float) -> None:
    path = next(train.glob("*.parquet"))
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(content)
    with pytest.raises(MachineError, match="cannot be read"):
        batches.read(train, transform_of(train.parent))
        shards.read_labels(train, transform_of(train.parent).target)
        shards.read_ids(train)


def test_slices_of_a_chunk_are_copied_right() -> None:
    values = np.arange(12, dtype="<f8").reshape(6, 2)
    chunk = pa.array([row.tobytes() for row in values], pa.binary(16))
    into = np.empty((3, 2))
    shards._copy(pa.chunked_array([chunk.slice(2, 1), chunk.slice(4, 2)]), into, into.dtype)
    assert (into == values[[2, 4, 5]]).all()


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Transform, NDArray[np.float64]]:
    """A part in two files of nine row groups, whose rows are labelled 0, 1, 2 … and hold twice their label."""
    target = regression.Target(name="y", problem="regression", mean=0, std=1, low=0, high=1e3, log=False)
    column = number(np.arange(9.0))
    features = (column, column.model_copy(update={"name": "b", "slot": 1}))
    transform = Transform(target=target, features=features)
    folder = tmp_path_factory.mktemp("long") / "train"
    labels = np.arange(500, dtype=np.float64)
    with shards.typed(folder, transform) as written:
        for group in np.split(labels, [20, 100, 101, 180, 240, 330, 400, 480]):
            values = np.stack([group * 2, -group], axis=1)
            ids = pa.array([bytes(16)] * len(group), pa.binary(16))
            columns = {ROW: ids, LABEL: pa.array(group), "numbers": shards.fixed(values)}
            written.add(pa.table(columns, schema=written.schema))
    return folder, transform, labels


windows = pytest.mark.parametrize("most", [100, 2_400, 6_000, 1 << 30])


@windows
@given(size=st.integers(1, 600), number=st.integers(0, 3), first=st.integers(0, 600))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_epoch_by_windows_holds_every_row_once_and_goes_on_where_it_was_left(long, most, size, number, first):
    folder, transform, labels = long
    made = batches.Feed(batches.read(folder, transform, most), size, seed=7)
    whole = list(made.epoch(number))
    assert sorted(torch.cat([batch.labels for batch in whole]).tolist()) == labels.tolist()
    assert all(torch.equal(batch.inputs["numbers"][:, 0], batch.labels * 2) for batch in whole)
    assert max(map(len, whole)) - min(map(len, whole)) <= 1
    rest = list(made.epoch(number, min(first, len(made))))
    assert [b.labels.tolist() for b in rest] == [b.labels.tolist() for b in whole[min(first, len(made)) :]]


@windows
def test_rows_are_judged_in_their_order_and_alike_however_they_are_read(long, most):
    folder, transform, labels = long
    found = list(batches.read(folder, transform, most).in_order(64))
    assert torch.cat([batch.labels for batch in found]).tolist() == labels.tolist()
    assert [len(batch) for batch in found] == [len(b) for b in batches.read(folder, transform).in_order(64)]


def test_no_window_is_read_that_lies_behind_and_no_more_than_one_ahead(long):
    folder, transform, _ = long
    part = batches.read(folder, transform, 2_400)
    loaded: list[int] = []

    def load(groups):
        loaded.append(sum(part.groups[group] for group in groups))
        return part.load(groups)

    made = batches.Feed(replace(part, load=load), 10, seed=0)
    next(made.epoch(0, 45))
    assert sum(loaded) < 250
    assert max(loaded) <= max(part.window, *part.groups)


def test_epochs_by_windows_differ_and_mix_rows_of_different_groups(long):
    folder, transform, _ = long
    made = batches.Feed(batches.read(folder, transform, 6_000), 50, seed=1)
    orders = [[batch.labels.tolist() for batch in made.epoch(number)] for number in range(3)]
    assert orders[0] != orders[1] != orders[2]
    spans = [max(batch) - min(batch) for batch in orders[0]]
    assert sorted(spans)[len(spans) // 2] > 100


def test_changes_are_made_whenever_rows_are_read(long):
    folder, transform, labels = long

    def halved(rows):
        return batches.Rows(rows.inputs, rows.labels / 2)

    for most in (2_400, 1 << 30):
        part = batches.read(folder, transform, most).changed(halved)
        assert torch.cat([batch.labels for batch in part.in_order(64)]).tolist() == (labels / 2).tolist()
