"""A trained model's probabilities on the test rows, in their order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from keepfit.data import feed
from keepfit.features.lookup import read_transform
from keepfit.metrics.answers import Answers
from keepfit.models.architecture import load
from keepfit.models.architecture import probabilities as probabilities_of

_CPU_WINDOW = 1024
"""Rows at a time: activations of a picture network stay within a few hundred MB."""


def score(trained: Path, prepared: Path, threads: int) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[Any]]:
    """Labels [N], probabilities [N, K] and row ids [N] of the test part, computed on the CPU in float32."""
    test = feed.read(prepared / "test", read_transform(prepared))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)  # the last bits depend on it
    try:
        probabilities = probabilities_of(load(trained), test, _CPU_WINDOW)
    finally:
        torch.set_num_threads(before)
    return test.labels.numpy(), probabilities, test.rows


def write_predictions(path: Path, rows: NDArray[Any], answers: Answers) -> None:
    """One line a test row: `keepfit_row`, `label`, `prediction` (class codes) and `probabilities` [K]."""
    classes = answers.probabilities.shape[1]
    table = pa.table(
        {
            "keepfit_row": pa.FixedSizeBinaryArray.from_buffers(
                pa.binary(16), len(rows), [None, pa.py_buffer(rows.tobytes())]
            ),
            "label": pa.array(answers.labels, pa.int32()),
            "prediction": pa.array(answers.predictions, pa.int32()),
            "probabilities": pa.FixedSizeListArray.from_arrays(pa.array(answers.probabilities.ravel()), classes),
        }
    )
    pq.write_table(table, path, compression="zstd")
