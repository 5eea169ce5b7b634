"""The other processes of a training that is shared out: begun, met, and ended with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

import torch
from torch import distributed

from keepfit.errors import ConfigError, TransientError
from keepfit.learning import device
from keepfit.learning.device import Machine
from keepfit.learning.memory import is_full
from keepfit.learning.ranks import Ranks
from keepfit.learning.recipe import Recipe
from keepfit.stages.training.beginning import Course

_LONG = timedelta(minutes=30)
"""Of one process another does not answer for so long only if it hangs."""
_ENDS = 10.0
"""Seconds in which a process that broke a connection is gone, on however busy a machine."""


class Others:
    """The processes beside this one, which leads; none where a training is not shared out."""

    def __init__(self, course: Course, size: int, folder: Path) -> None:
        self._size, self._meeting = size, folder / "meeting"
        self._processes: list[SpawnProcess] = []
        self._told: list[Connection] = []
        context = multiprocessing.get_context("spawn")
        for rank in range(1, size):
            told, tells = context.Pipe(duplex=False)
            given = (course, Ranks(rank, size), self._meeting, tells)
            self._processes.append(context.Process(target=_follow, args=given, daemon=True))
            self._told.append(told)
            self._processes[-1].start()
            tells.close()

    def join(self, recipe: Recipe) -> None:
        """Wait until all are there, and have `recipe` learn with them. Raises what kept one from coming."""
        if self._size == 1:
            return
        for told in self._told:
            self._heard(told)
        recipe.ranks = _meet(Ranks(0, self._size), self._meeting, recipe)

    def explain(self, error: RuntimeError) -> None:
        """Raise what ended another process, where `error` came of that."""
        ended = wait([process.sentinel for process in self._processes], _ENDS)
        for process, told in zip(self._processes, self._told, strict=True):
            if process.sentinel in ended:
                self._heard(told)
                raise self._gone(process) from error

    def end(self) -> None:
        """None is left."""
        for process in self._processes:
            process.kill()
            process.join()

    def _heard(self, told: Connection) -> None:
        """What another process said: nothing when it was ready, else its error, raised."""
        try:
            said = told.recv()
        except EOFError:
            raise self._gone(self._processes[self._told.index(told)]) from None
        if said is not None:
            raise said

    def _gone(self, process: SpawnProcess) -> TransientError:
        process.join(_ENDS)  # what it was watched by closes before it has an exit code
        number, code = self._processes.index(process) + 2, process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"code {code}"
        return TransientError(
            f"process {number} of the {self._size} that share out the training ended with {how}.",
            todo="The next try goes on from the last checkpoint.",
        )


@contextmanager
def others(course: Course, size: int) -> Iterator[Others]:
    """`size` - 1 more processes for the block. Raises TransientError when one of them dies, or what it raised."""
    if size > 1:
        _enough(course.machine, size)
    with tempfile.TemporaryDirectory() as folder:
        found = Others(course, size, Path(folder))
        try:
            yield found
        except RuntimeError as error:
            if size > 1 and not is_full(error):
                found.explain(error)
            raise
        finally:
            found.end()
            if size > 1 and distributed.is_initialized():
                distributed.destroy_process_group()


def _enough(machine: Machine, size: int) -> None:
    there = torch.cuda.device_count() if machine.device.type == "cuda" else size
    if machine.device.type == "mps" or there < size:
        raise ConfigError(
            f"training.processes is {size}, and this machine has {max(there, 1)} of the device {machine.device.type}.",
            allowed="A GPU for each process, or the CPU.",
            todo="Lower it, or write training.device: cpu.",
        )


def _meet(ranks: Ranks, meeting: Path, recipe: Recipe) -> Ranks:
    """Come together with all others, and take the first one's weights."""
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        os.environ.setdefault(name, "lo")  # they are on one machine: nothing listens to others
    on_gpu = recipe.machine.device.type == "cuda"
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if on_gpu else "gloo",
        init_method=f"file://{meeting}", rank=ranks.rank, world_size=ranks.size, timeout=_LONG,
    )  # fmt: skip
    ranks.begin(recipe.model.state_dict().values())
    return ranks


def _follow(course: Course, ranks: Ranks, meeting: Path, tells: Connection) -> None:
    """A process that is not the first, from its beginning to its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first one decides
    if course.machine.device.type == "cuda":
        torch.cuda.set_device(ranks.rank)
    try:
        with device.repeatable(course.machine, course.plan.seed, course.config.training.threads):
            recipe, fit, _ = course.begun()
            tells.send(None)
            recipe.ranks = _meet(ranks, meeting, recipe)
            fit.follow()
    except Exception as error:
        with suppress(OSError):  # the first one is gone
            tells.send(error)
