"""One run of a pipeline: its record, and how a stage is executed, resumed or reused inside it."""

from __future__ import annotations

import inspect
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, get_type_hints

from keepfit import files, keys
from keepfit.artifacts import A, Artifact
from keepfit.config import Pipeline
from keepfit.errors import MachineError
from keepfit.store import Store

P = ParamSpec("P")
Figures = Mapping[str, float | int | str]

logger = logging.getLogger("keepfit")


@dataclass(frozen=True)
class Event:
    """Something a person watching may want to see."""

    stage: str
    what: str
    """start, step, done, reused or note."""
    message: str = ""
    done: float = 0.0
    """Share of the stage that is done, 0 to 1; 0 when unknown."""
    figures: Figures = field(default_factory=dict)
    """epoch, loss, score, rows/s, time left …"""


Listener = Callable[[Event], None]


def _to_log(event: Event) -> None:
    if event.what != "step":
        logger.info("%s: %s %s", event.stage, event.what, event.message)


_listener: ContextVar[Listener] = ContextVar("listener", default=_to_log)


@contextmanager
def watching(listener: Listener) -> Iterator[None]:
    """Let `listener` hear every event of the runs started inside, instead of the log."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@dataclass(frozen=True)
class Room:
    """What a stage's function gets to work with."""

    path: Path
    """The folder to write into; it gets its final name when the function has returned."""
    config: Pipeline
    store: Store
    stage: str
    run_folder: Path
    """The run's own record folder, for what a person must be able to see even when the stage fails."""
    listener: Listener

    def step(self, message: str, done: float = 0.0, **figures: float | int | str) -> None:
        """Tell how far the stage is."""
        self.listener(Event(self.stage, "step", message, done, figures))

    def note(self, message: str) -> None:
        """Tell something that a person should read, once."""
        self.listener(Event(self.stage, "note", message))


@dataclass(frozen=True)
class Run:
    """One run: which pipeline, where it writes, who listens. Small enough to hand to every task."""

    config: Pipeline
    store: Store
    id: str
    listener: Listener = _to_log

    @property
    def folder(self) -> Path:
        """Where this run's record and report lie."""
        return self.store / f"runs/{self.id}"

    def record(self) -> dict[str, Any]:
        """What this run has noted so far: started, pid, stages, and whatever release adds."""
        return files.read_json(self.folder / "record.json")  # type: ignore[no-any-return]

    def add(self, **entries: Any) -> None:
        """Put entries into the record, replacing those of the same name."""
        files.write_json(self.folder / "record.json", {**self.record(), **entries})

    def outcome(self, stage: str) -> dict[str, Any]:
        """How a stage went in this run: reused, reason, seconds, key."""
        return self.record()["stages"][stage]  # type: ignore[no-any-return]


@contextmanager
def begin(config: Pipeline) -> Iterator[Run]:
    """A new run, the only one of its pipeline until the block ends; its record says how it ended.

    Raises MachineError when another run of the pipeline is under way or the store is not writable.
    """
    with Store(config.resolve(config.store)).lock():
        run = start(config)
        try:
            yield run
        except BaseException as error:
            with suppress(MachineError):  # a full disk must not hide why the run ended
                run.add(ended=_now(), failed=f"{type(error).__name__}: {error}")
            raise
        run.add(ended=_now())


def start(config: Pipeline) -> Run:
    """A new id and a new record, without the lock that `begin` holds."""
    store = Store(config.resolve(config.store))
    now = datetime.now(UTC)
    run = Run(config, store, f"{now:%Y%m%d-%H%M%S-%f}", _listener.get())
    entry = {"run": run.id, "pipeline": config.name, "started": now.isoformat(), "pid": os.getpid(), "stages": {}}
    files.write_json(run.folder / "record.json", entry)
    return run


def _now() -> str:
    return datetime.now(UTC).isoformat()


def records(store: Store) -> list[dict[str, Any]]:
    """The records of all runs, oldest first."""
    found = sorted((store / "runs").glob("*/record.json"))
    return [files.read_json(path) for path in found]


def stage(
    *,
    reads: tuple[str, ...],
    libraries: tuple[str, ...] = (),
    resume: bool = False,
    environment: Callable[[Pipeline], dict[str, Any]] = lambda _: {},
) -> Callable[[Callable[Concatenate[Room, P], A]], Callable[Concatenate[Run, P], A]]:
    """Make a pure function of (room, artifacts) a stage: keyed, reused when nothing changed, atomic.

    `reads` names the parts of the config it depends on, `libraries` the distributions whose version decides its
    result, `environment` whatever else does (device, threads). With `resume` the function finds in `room.path`
    what a killed execution left, and goes on from there.
    """

    def wrap(function: Callable[Concatenate[Room, P], A]) -> Callable[Concatenate[Run, P], A]:
        def execute(run: Run, /, *args: P.args, **kwargs: P.kwargs) -> A:
            given = inspect.signature(function).bind(None, *args, **kwargs).arguments
            parts: keys.Parts = {
                "takes": {n: v.digest for n, v in given.items() if isinstance(v, Artifact)},
                "config": run.config.read(*reads),
                "code": keys.code_of(function.__module__),
                "libraries": keys.libraries_of(libraries),
                "environment": environment(run.config),
            }
            kind: type[A] = get_type_hints(function)["return"]
            return _execute(run, execute.__name__, kind, parts, lambda room: function(room, *args, **kwargs), resume)

        for attribute in ("__module__", "__qualname__", "__doc__"):  # not the signature: it takes a Room
            setattr(execute, attribute, getattr(function, attribute))
        execute.__name__ = function.__name__.strip("_")
        return execute

    return wrap


def _execute(run: Run, name: str, kind: type[A], parts: keys.Parts, make: Callable[[Room], A], resume: bool) -> A:
    """Reuse the finished output under the parts' key, or make it."""
    key = keys.key_of(name, parts)
    with timed(run, name, key) as entry:
        found, damage = run.store.find(name, key, kind)
        if found is not None:
            entry.update(reused=True, reason=f"same as run {_first_run(run, name, key)}")
            return found
        entry.update(reused=False, reason=damage or _why(run, name, parts))
        run.listener(Event(name, "start", entry["reason"]))
        part = run.store.begin(name, key, resume=resume)
        try:
            with files.machine_errors(part):
                result = make(Room(part, run.config, run.store, name, run.folder, run.listener))
            return run.store.finish(name, key, parts, result)
        except BaseException:
            if not resume:
                files.remove(part)
            raise


@contextmanager
def timed(run: Run, name: str, key: str) -> Iterator[dict[str, Any]]:
    """Note in the run's record how a stage went: fill in `reused` and `reason` of the entry given."""
    entry: dict[str, Any] = {"key": key}
    began, cpu = time.perf_counter(), time.process_time()
    yield entry
    entry["seconds"] = round(time.perf_counter() - began, 3)
    entry["cpu_seconds"] = round(time.process_time() - cpu, 3)
    run.add(stages={**run.record()["stages"], name: entry})
    what = "reused" if entry["reused"] else "done"
    run.listener(Event(name, what, entry["reason"], 1.0, {"seconds": entry["seconds"]}))


def _first_run(run: Run, name: str, key: str) -> str:
    entries = ((r["run"], r["stages"].get(name)) for r in records(run.store))
    made = (made_by for made_by, entry in entries if entry and entry["key"] == key and not entry["reused"])
    return next(made, "unknown")


def _why(run: Run, name: str, parts: keys.Parts) -> str:
    """Why a stage has to run, against the last run that finished it."""
    done = [r["stages"][name]["key"] for r in reversed(records(run.store)) if name in r["stages"]]
    if done and done[0] == keys.key_of(name, parts):
        return "its stored output was lost"
    for key in done:
        manifest = run.store.manifest(name, key)
        if manifest and "parts" in manifest:
            return ", ".join(keys.changes(manifest["parts"], parts))
    return "first run"
