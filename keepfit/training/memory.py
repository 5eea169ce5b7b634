"""A full memory: the next try cuts every batch into twice as many parts, and so learns from the same batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from keepfit import files
from keepfit.errors import OutOfMemoryError

_SAID = ("DefaultCPUAllocator", "MPS backend out of memory")
"""How PyTorch's plain RuntimeErrors of a full memory begin, on CPU and on MPS."""


def parts(note: Path, asked: int) -> int:
    """How many parts a batch is cut into: what an earlier try noted, else what was asked for."""
    return int(files.read_json(note)) if note.is_file() else asked


@contextmanager
def watched(note: Path, accumulate: int, batch_size: int) -> Iterator[None]:
    """Turn what a device says when its memory is full into an OutOfMemoryError, and note the parts for next time."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_full(error):
            raise
        after = min(2 * accumulate, batch_size)
        files.write_json(note, after)
        raise OutOfMemoryError(
            f"memory ran out with batches of {batch_size} rows in parts of {-(-batch_size // accumulate)}.",
            todo=f"The next try takes {after} parts a batch; training.accumulate: {after} makes that the start.",
        ) from error


def is_full(error: BaseException) -> bool:
    """Whether `error` is a device's way of saying that its memory is full."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(said in str(error) for said in _SAID)
