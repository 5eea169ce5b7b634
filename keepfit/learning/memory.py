"""A full memory: the next try cuts every batch into twice as many parts, and so learns from the same batches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from keepfit.errors import ConfigError, OutOfMemoryError
from keepfit.learning.device import Machine
from keepfit.store import files

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


@contextmanager
def enough(machine: Machine) -> Iterator[None]:
    """In the block a model is built; raises ConfigError before its weights are filled where they cannot fit.

    Each takes its place four times: itself, its gradient and AdamW's two moments.
    """
    needed, there = 0, _total(machine)

    def count(_module: nn.Module, _name: str, parameter: nn.Parameter | None) -> None:
        nonlocal needed
        needed += 0 if parameter is None else 4 * parameter.numel() * parameter.element_size()
        if needed > there:
            raise _too_large(needed, there)

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_full(error):
            raise
        raise _too_large(needed, there) from error
    finally:
        hook.remove()


def _total(machine: Machine) -> int:
    """Bytes of the device's memory, used or not; of the machine's where the device has none of its own."""
    if machine.device.type == "cuda":
        return int(torch.cuda.get_device_properties(machine.device).total_memory)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _too_large(needed: int, there: int) -> ConfigError:
    return ConfigError(
        f"this network needs at least {needed / 2**30:,.0f} GiB to learn, and {there / 2**30:,.0f} are there.",
        todo="Make model.width, model.depth, model.members or model.bins smaller, or leave them out.",
    )


def is_full(error: BaseException) -> bool:
    """Whether `error` is a device's way of saying that its memory is full."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(said in str(error) for said in _SAID)
