"""Shards into tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from keepfit.data import feed as batches
from keepfit.data import shards
from keepfit.errors import MachineError
from tests.stages.preprocessing.test_preprocessing import people, prepared, transform_of
from tests.stages.snapshot_by_hand import with_ids


@pytest.fixture
def train(tmp_path: Path) -> Path:
    _, folder = prepared(tmp_path, with_ids(people()))
    return folder / "train"


def test_types_and_shapes(train: Path) -> None:
    got = batches.read(train, transform_of(train.parent))
    assert [*got.inputs] == ["numbers", "codes"]
    numbers, codes = got.inputs.values()
    assert (numbers.dtype, codes.dtype, got.labels.dtype) == (torch.float64, torch.int64, torch.int64)
    assert numbers.shape == codes.shape == (len(got), 2)
    assert len(set(got.rows.tolist())) == len(got)


def test_take_gives_rows_by_index(train: Path) -> None:
    got = batches.read(train, transform_of(train.parent))
    index = torch.tensor([5, 0, 5])
    batch = got.take(index)
    assert list(batch.inputs) == ["numbers", "codes"]
    assert torch.equal(batch.inputs["codes"], got.inputs["codes"][index])
    assert torch.equal(batch.labels, got.labels[index])


def test_to_keeps_everything(train: Path) -> None:
    got = batches.read(train, transform_of(train.parent))
    moved = got.to("cpu")
    assert torch.equal(moved.labels, got.labels)
    assert (moved.rows == got.rows).all()


def test_a_flipped_bit_is_found(train: Path) -> None:
    path = next(train.glob("*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(MachineError, match=r"part-00000\.parquet: cannot be read"):
        batches.read(train, transform_of(train.parent))


def test_slices_of_a_chunk_are_copied_right() -> None:
    values = np.arange(12, dtype="<f8").reshape(6, 2)
    chunk = pa.array([row.tobytes() for row in values], pa.binary(16))
    into = np.empty((3, 2))
    shards._copy(pa.chunked_array([chunk.slice(2, 1), chunk.slice(4, 2)]), into, into.dtype)
    assert (into == values[[2, 4, 5]]).all()
