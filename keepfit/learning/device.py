"""Where the arithmetic is done, in which precision, and how it is made repeatable."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch.utils import deterministic

from keepfit.config import Training
from keepfit.errors import ConfigError


@dataclass(frozen=True)
class Machine:
    """A device and the precision of the forward pass on it."""

    device: torch.device
    precision: torch.dtype

    def __str__(self) -> str:
        return " ".join(self.described().values())

    def described(self) -> dict[str, str]:
        """The same as plain values."""
        return {"device": self.device.type, "precision": str(self.precision).removeprefix("torch.")}

    def autocast(self) -> AbstractContextManager[object]:
        """Mixed precision where it was chosen. bfloat16 has float32's range, so losses need no scaling."""
        if self.precision is torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.precision)


def choose(training: Training, *, doubles: bool, half: bool) -> Machine:
    """What the YAML asks for, or the fastest there is. Raises ConfigError for a device that is not there.

    `doubles`: some column needs float64, which MPS has not. `half`: the family learns as well in bfloat16.
    """
    device = _device(training.device, doubles)
    if training.precision != "auto":
        return Machine(device, getattr(torch, training.precision))
    return Machine(device, torch.bfloat16 if half and _fast_bfloat16(device) else torch.float32)


def _device(wanted: str, doubles: bool) -> torch.device:
    mps = torch.backends.mps.is_available() and not doubles
    there = {"cuda": torch.cuda.is_available(), "mps": mps, "cpu": True}
    name = next(n for n, is_there in there.items() if is_there) if wanted == "auto" else wanted
    if not there[name]:
        raise ConfigError(
            f"training.device is {name}, and PyTorch finds no such device here that can train on these features.",
            allowed=f"Here: auto, {', '.join(n for n, is_there in there.items() if is_there)}.",
            todo="Write device: auto, or run where the device is.",
        )
    return torch.device(name)


def _fast_bfloat16(device: torch.device) -> bool:
    """A small CNN on a CPU with AVX-512 BF16 takes half the time of float32; without it, several times as long."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


@contextmanager
def repeatable(machine: Machine, seed: int, threads: int) -> Iterator[None]:
    """Seeds, threads and deterministic algorithms for the block; the process's own settings come back after it."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    filling = deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with it
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=machine.device.type != "cpu")
    # Filling what is about to be overwritten helps debugging, and costs a pass over memory.
    deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])
        deterministic.fill_uninitialized_memory = filling  # type: ignore[attr-defined]
