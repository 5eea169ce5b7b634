"""The typed shards as tensors: filled once, then batched by index.

N: rows, n: numbers, m: codes, H, W, C: height, width and channels of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.errors import MachineError

Inputs = dict[str, Tensor]
"""`numbers` float64 [B, n], `codes` int64 [B, m], `image` uint8 [B, H, W, C]: those that the transform has."""

_DTYPES = {"numbers": np.dtype("<f8"), "codes": np.dtype("<i4"), "image": np.dtype("u1"), "label": np.dtype("<i4")}


@dataclass(frozen=True)
class Batches:
    """All rows of one part, in the order of the shards."""

    numbers: Tensor | None
    """float64 [N, n], NaN where missing."""
    codes: Tensor | None
    """int64 [N, m]: 0 missing, 1 unknown, 2 + i the i-th of the vocabulary."""
    image: Tensor | None
    """uint8 [N, H, W, C]."""
    labels: Tensor
    """int64 [N]."""
    rows: NDArray[np.void]
    """Row ids, 16 bytes each, [N]."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> tuple[Inputs, Tensor]:
        """The rows at `index` [B] → (inputs, labels [B])."""
        inputs = {name: tensor[index] for name, tensor in self.inputs.items()}
        return inputs, self.labels[index]

    @property
    def inputs(self) -> Inputs:
        """All rows, uncopied."""
        named = {"numbers": self.numbers, "codes": self.codes, "image": self.image}
        return {name: tensor for name, tensor in named.items() if tensor is not None}

    def to(self, device: str | torch.device) -> Batches:
        """The same rows on a device."""
        moved = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        return Batches(moved.get("numbers"), moved.get("codes"), moved.get("image"), self.labels.to(device), self.rows)


def read(folder: Path, transform: dict[str, Any], device: str = "cpu") -> Batches:
    """The shards of one part, such as `prepared/train`, as `transform.json` describes them.

    Raises MachineError where a page's checksum is wrong: the disk or a copy damaged it.
    """
    widths = _shapes(transform)
    files = sorted(folder.glob("part-*.parquet"))
    total = sum(pq.read_metadata(path).num_rows for path in files)
    # Row group by row group into one array: a table of the whole part would hold everything twice.
    arrays = {name: np.empty((total, *shape), _DTYPES[name]) for name, shape in widths.items()}
    rows = np.empty(total, "V16")
    start = 0
    for path in files:
        start = _fill(path, arrays, rows, start)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    labels = tensors.pop("label").long()
    codes = tensors["codes"].long() if "codes" in tensors else None
    return Batches(tensors.get("numbers"), codes, tensors.get("image"), labels, rows).to(device)


def _shapes(transform: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Column of the shards → its shape in one row."""
    kinds = [feature["kind"] for feature in transform["features"]]
    numbers = sum(kind in ("number", "datetime") for kind in kinds)
    codes = sum(kind in ("category", "boolean") for kind in kinds)
    pictures = [f for f in transform["features"] if f["kind"] == "image"]
    shapes: dict[str, tuple[int, ...]] = {"label": ()}
    if numbers:
        shapes["numbers"] = (numbers,)
    if codes:
        shapes["codes"] = (codes,)
    if pictures:
        shapes["image"] = (*pictures[0]["size"], pictures[0]["channels"])
    return shapes


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
