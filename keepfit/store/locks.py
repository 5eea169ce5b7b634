"""The locks of a store: one run, one backfill, one change of what is in service, one writer of an output or a batch.

Runs and changes of what is in service have two, so that a training of 48 hours never keeps an operator from rolling
back. The system frees a lock when its process is gone, kill -9 included.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from keepfit.errors import MachineError
from keepfit.store import files

SERVICE_SECONDS = 120.0
"""How long a change of what is in service waits for another: a release holds its lock for seconds, or as long as two
models take to answer the test rows."""

RUN_SECONDS = 2.0
"""How long a run waits for another to end: what `keepfit prune` takes away is renamed under this lock."""


@contextmanager
def run_lock(root: Path) -> Iterator[None]:
    """The one run of a pipeline. Raises MachineError where another is under way."""
    with _held(
        root / "run.lock", RUN_SECONDS, "another run of this pipeline is under way",
        "Wait until it ends; keepfit show tells how far it is",
    ):  # fmt: skip
        yield


@contextmanager
def walk_lock(root: Path) -> Iterator[None]:
    """The one backfill of a pipeline, whose runs lie in this store. Raises MachineError where another goes on."""
    with _held(
        root / "walk.lock", 0.0, "another backfill of this pipeline is under way",
        "Wait until it ends; the same command then goes on from there",
    ):  # fmt: skip
        yield


@contextmanager
def service_lock(root: Path) -> Iterator[None]:
    """The one change of what is in service: a release, a rollback. Raises MachineError where another takes minutes."""
    with _held(
        root / "service.lock", SERVICE_SECONDS, "a release or a rollback of this pipeline is under way",
        "It has not ended for two minutes; try again",
    ):  # fmt: skip
        yield


@contextmanager
def part_lock(part: Path) -> Iterator[None]:
    """The one process that writes an output; it may be another than the one that holds the run.

    Raises MachineError at once where another writes it.
    """
    with _held(
        lock_of(part), 0.0, "another process is making this very output",
        "Wait until it ends; the same command then uses what it made",
    ):  # fmt: skip
        try:
            yield
        finally:
            lock_of(part).unlink(missing_ok=True)  # while it is held: whoever finds none makes his own


@contextmanager
def score_lock(folder: Path) -> Iterator[None]:
    """The one batch that is scored into a place. Raises MachineError at once where another is under way."""
    with _held(
        folder / "score.lock", 0.0, "another batch is being scored into this place",
        "Wait until it ends, or name another place",
    ):  # fmt: skip
        yield


def lock_of(part: Path) -> Path:
    """The lock of an unfinished output, in a folder of the store for such."""
    return part.parents[2] / "locks" / f"{part.parent.name}-{part.stem}.lock"


def is_being_written(part: Path) -> bool:
    """Whether a process writes into it at this moment."""
    return is_held(lock_of(part))


def is_held(path: Path) -> bool:
    """Whether a process holds a lock."""
    if not path.is_file():
        return False
    lock = FileLock(path, timeout=0.0)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


@contextmanager
def _held(path: Path, seconds: float, found: str, todo: str) -> Iterator[None]:
    _make_root(path.parent)
    _refuse_others(path)
    lock = FileLock(path, timeout=seconds)
    try:
        with files.machine_errors(path):
            lock.acquire()
    except Timeout as error:
        raise MachineError(f"{found}.", todo=f"{todo}.", where=str(path.parent)) from error
    try:
        yield
    finally:
        lock.release()


def _make_root(root: Path) -> None:
    try:
        with files.machine_errors(root):
            root.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise MachineError(
            "a file stands where the store's folder has to be.",
            todo="Name another folder with store: in the YAML, and run again.",
            where=str(root),
        ) from error


def _refuse_others(path: Path) -> None:
    """A lock is a file of ours; what a link points to, or a folder, is somebody else's."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(kind):
        raise MachineError("this is no lock file.", todo="Take it away, and run again.", where=str(path))
