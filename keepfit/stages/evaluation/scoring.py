"""A trained model's answers to the test rows, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from keepfit.data.feed import Part
from keepfit.data.identity import ROW
from keepfit.data.shards import fixed, read_ids, read_labels
from keepfit.models.architecture import TrainedModel
from keepfit.problems.judge import Judged

_CPU_WINDOW = 1024
"""Rows at a time: activations of a picture network stay within a few hundred MB."""


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch with so many: the last bits depend on it."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def score(model: TrainedModel, part: Part, folder: Path) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Labels [N, …], answers [N, A] and row ids [N] of a part in its folder, computed on the CPU in float32."""
    return read_labels(folder, model.target), model.answers(part, _CPU_WINDOW), read_ids(folder)


def write_predictions(path: Path, rows: NDArray[Any], judged: Judged) -> None:
    """One line a test row: `keepfit_row`, and what the problem tells of it."""
    pq.write_table(pa.table({ROW: fixed(rows), **judged.columns()}), path, compression="zstd")
