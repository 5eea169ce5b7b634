"""The typed shards as tensors: filled once, then batched by index. N rows, B of them a batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.data.shards import LABEL
from keepfit.data.transform import Transform
from keepfit.errors import MachineError

Inputs = dict[str, Tensor]
"""Name of a tensor of the transform → its rows [B, …]."""


@dataclass(frozen=True)
class Batches:
    """All rows of one part, in the order of the shards."""

    inputs: Inputs
    """Each [N, …]. Integers that are looked up in tables are int64; bytes stay bytes."""
    labels: Tensor
    """int64 [N]."""
    rows: NDArray[np.void]
    """Row ids, 16 bytes each, [N]."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> tuple[Inputs, Tensor]:
        """The rows at `index` [B] → (inputs, labels [B])."""
        return {name: tensor[index] for name, tensor in self.inputs.items()}, self.labels[index]

    def to(self, device: str | torch.device) -> Batches:
        """The same rows on a device."""
        moved = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return Batches(moved, self.labels.to(device), self.rows)


def read(folder: Path, transform: Transform, device: str = "cpu") -> Batches:
    """The shards of one part, such as `prepared/train`.

    Raises MachineError where a page's checksum is wrong: the disk or a copy damaged it.
    """
    arrays, rows = read_arrays(folder, transform)
    tensors = {name: held(array) for name, array in arrays.items()}
    labels = tensors.pop(LABEL)
    return Batches(tensors, labels, rows).to(device)


def held(array: NDArray[Any]) -> Tensor:
    """An array of shards as a network takes it: integers that are looked up in tables are int64."""
    tensor = torch.from_numpy(array)
    return tensor.long() if tensor.dtype is torch.int32 else tensor


def read_arrays(folder: Path, transform: Transform) -> tuple[dict[str, NDArray[Any]], NDArray[np.void]]:
    """The same as NumPy arrays, the labels among them, and the row ids."""
    files = sorted(folder.glob("part-*.parquet"))
    total = sum(pq.read_metadata(path).num_rows for path in files)
    # Row group by row group into one array: a table of the whole part would hold everything twice.
    arrays: dict[str, NDArray[Any]] = {LABEL: np.empty(total, "<i4")}
    arrays |= {tensor.name: np.empty((total, *tensor.shape), tensor.dtype) for tensor in transform.tensors}
    rows = np.empty(total, "V16")
    start = 0
    for path in files:
        start = _fill(path, arrays, rows, start)
    return arrays, rows


def _fill(path: Path, arrays: dict[str, NDArray[Any]], rows: NDArray[np.void], start: int) -> int:
    """Copy one shard to the rows from `start`; gives the row after its last."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=[*arrays, "keepfit_row"])
                end = start + table.num_rows
                for name, array in arrays.items():
                    _copy(table[name], array[start:end], array.dtype)
                _copy(table["keepfit_row"], rows[start:end], rows.dtype)
                start = end
    except OSError as error:
        raise MachineError(
            f"cannot be read: {error}.",
            todo="Its bytes were damaged after they were written. Delete the folder above it, and run again.",
            where=str(path),
        ) from error
    return start


def _copy(column: Any, into: NDArray[Any], dtype: np.dtype[Any]) -> None:
    """A chunked column of values of one length, without nulls → `into`."""
    start = 0
    for chunk in column.chunks:
        width = into[0].nbytes if len(into) else 0
        data = np.frombuffer(chunk.buffers()[1], np.uint8)[chunk.offset * width : (chunk.offset + len(chunk)) * width]
        into[start : start + len(chunk)] = data.view(dtype).reshape(len(chunk), *into.shape[1:])
        start += len(chunk)
