"""One run of a pipeline: its record, and how a stage is executed, resumed or reused inside it."""

from __future__ import annotations

import inspect
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, get_type_hints

from keepfit.config import Pipeline
from keepfit.errors import MachineError
from keepfit.quoting import one_line
from keepfit.redact import redacted
from keepfit.store import files, keys, records
from keepfit.store.artifacts import A, Artifact
from keepfit.store.events import Event, Listener, heard_by, to_log
from keepfit.store.interrupt import check, heard, interruptible
from keepfit.store.locks import run_lock
from keepfit.store.progress import Pulse, born
from keepfit.store.records import Failure, Record, StageNote
from keepfit.store.store import Store

P = ParamSpec("P")

NOTES = "beside/notes.txt"
"""What was told of an output, a line each."""
_NOTE = 2000
"""Characters of a note."""


@dataclass(frozen=True)
class Run:
    """One run: which pipeline, where it writes, who listens. Small enough to hand to every task."""

    config: Pipeline
    store: Store
    id: str
    listener: Listener = to_log
    pulse: Pulse = field(init=False, repr=False, compare=False)
    """How far it is, for other processes to see."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pulse", Pulse(self.folder))

    @property
    def folder(self) -> Path:
        """Where this run's record and report lie."""
        return self.store / f"runs/{self.id}"

    def record(self) -> Record:
        """What this run has noted so far."""
        return records.read(self.folder / records.FILE)

    def add(self, **entries: Any) -> None:
        """Put entries into the record, replacing those of the same name."""
        records.write(self.folder / records.FILE, self.record().model_copy(update=entries))

    def outcome(self, stage: str) -> StageNote:
        """How a stage went in this run."""
        return self.record().stages.get(stage, StageNote(key="", reused=False, reason="the record is not whole"))

    def tell(self, event: Event) -> None:
        """Let whoever watches, now or from another process, know how far the run is."""
        check()
        self.pulse.note(event.stage, event.message, event.done)
        self.listener(event)


@dataclass(frozen=True)
class Room:
    """What a stage's function gets to work with."""

    path: Path
    """The folder to write into; it gets its final name when the function has returned."""
    run: Run
    stage: str

    @property
    def config(self) -> Pipeline:
        """The whole YAML; the stage's key holds what it `reads` of it."""
        return self.run.config

    @property
    def store(self) -> Store:
        """Where the outputs lie that it takes."""
        return self.run.store

    @property
    def run_folder(self) -> Path:
        """The run's own record folder, for what a person must be able to see even when the stage fails."""
        return self.run.folder

    def step(self, message: str, done: float = 0.0, **figures: float | int | str) -> None:
        """Tell how far the stage is; a run that was told to stop ends here."""
        self.run.tell(Event(self.stage, "step", redacted(message), done, figures))

    def note(self, message: str) -> None:
        """Tell something that a person should read, and keep it beside the output for the runs that use it again."""
        told = one_line(redacted(message), _NOTE)
        kept = self.path / NOTES
        kept.parent.mkdir(exist_ok=True)
        with kept.open("a", encoding="utf-8") as file:
            file.write(f"{told}\n")
        self.run.tell(Event(self.stage, "note", told))


@contextmanager
def begin(config: Pipeline, failed: Callable[[Run], None] = lambda _: None) -> Iterator[Run]:
    """A new run, the only one of its pipeline until the block ends; its record says how it ended.

    `failed` is called with a run that did not reach its end, once its record says why.
    Raises MachineError when another run of the pipeline is under way or the store is not writable.
    """
    with heard(), run_lock(config.resolve(config.store)):
        run = start(config)
        run.store.sweep()
        try:
            yield run
        except BaseException as error:
            with suppress(Exception):  # a full disk, say, must not hide why the run ended
                run.add(ended=_now(), failure=_failure(run, error))
                failed(run)
            raise
        finally:
            run.store.close()
        for path in run.store.records.damaged:
            run.tell(Event("", "note", f"{path} is damaged, and that run was passed over."))
        try:
            run.add(ended=_now())
        except (OSError, MachineError) as error:  # the run itself has reached its end, and what it gave stands
            run.tell(Event("", "note", f"the run's record is not whole: {error}"))


def start(config: Pipeline) -> Run:
    """A new id and a new record, without the lock that `begin` holds."""
    store = Store(config.resolve(config.store))
    now = datetime.now(UTC)
    id = f"{now:%Y%m%d-%H%M%S-%f}"
    run = Run(config, store, id, heard_by())
    record = Record(
        run=run.id,
        pipeline=config.name,
        started=now.isoformat(),
        host=socket.gethostname(),
        pid=os.getpid(),
        born=born(os.getpid()),
    )
    records.write(run.folder / records.FILE, record)
    return run


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _failure(run: Run, error: BaseException) -> Failure:
    """An Exception is a failure; any other ends a run from outside: Ctrl-C, a cancellation, the system's signal."""
    stopped, kind = not isinstance(error, Exception), type(error).__name__
    said = _STOPPED.get(kind, f"it was ended from outside ({kind})") if stopped else redacted(str(error) or kind)
    return Failure(stage=run.pulse.stage, kind=kind, message=said, stopped=stopped)


_STOPPED = {
    "KeyboardInterrupt": "Ctrl-C",
    "Terminated": "the system or a person sent SIGTERM",
    "TerminationSignal": "it was cancelled, or its worker was told to end",
}


def stage(
    *,
    reads: tuple[str, ...],
    members: tuple[str, ...] = (),
    libraries: tuple[str, ...] = (),
    resume: bool = False,
    environment: Callable[[Pipeline], dict[str, Any]] = lambda _: {},
) -> Callable[[Callable[Concatenate[Room, P], A]], Callable[Concatenate[Run, P], A]]:
    """Make a pure function of (room, artifacts) a stage: keyed, reused when nothing changed, atomic.

    `reads` names the parts of the config it depends on, `members` the parts of the open sets' members that it uses
    (`features.cells`: that module of each kind in the YAML), `libraries` the distributions that others load for it
    (those that its modules import are found), `environment` whatever else decides its result (device, threads). With
    `resume` the function finds in `room.path` what a killed execution left, and goes on from there.

    Raises TypeError for an argument that is no artifact: it would decide the result and be in no key.
    """

    def wrap(function: Callable[Concatenate[Room, P], A]) -> Callable[Concatenate[Run, P], A]:
        def execute(run: Run, /, *args: P.args, **kwargs: P.kwargs) -> A:
            given = inspect.signature(function).bind(None, *args, **kwargs).arguments
            modules = (function.__module__, *run.config.members(*members))
            parts: keys.KeyParts = {
                "takes": _digests(execute.__name__, dict([*given.items()][1:])),
                "config": run.config.read(*reads),
                "code": run.store.code.digests(*modules),
                "libraries": run.store.code.libraries(modules, libraries),
                "environment": environment(run.config),
            }
            kind: type[A] = get_type_hints(function)["return"]
            return _execute(run, execute.__name__, kind, parts, lambda room: function(room, *args, **kwargs), resume)

        for attribute in ("__module__", "__qualname__", "__doc__"):  # not the signature: it takes a Room
            setattr(execute, attribute, getattr(function, attribute))
        execute.__name__ = function.__name__.strip("_")
        return execute

    return wrap


def _digests(stage: str, given: Mapping[str, Any]) -> dict[str, str]:
    for name, value in given.items():
        if not isinstance(value, Artifact):
            raise TypeError(
                f"the stage {stage} was given a {type(value).__name__} for {name}. A stage takes artifacts only: "
                f"anything else is in no key. A setting belongs into the YAML, and into what the stage reads of it."
            )
    return {name: value.digest for name, value in given.items()}


def _execute(run: Run, name: str, kind: type[A], parts: keys.KeyParts, make: Callable[[Room], A], resume: bool) -> A:
    """Reuse the finished output under the parts' key, or make it."""
    key = keys.key_of(name, parts)
    with timed(run, name, key) as entry:
        found, damage = interruptible(lambda: run.store.find(name, key, kind))
        if found is not None:
            made_by = run.store.manifest(name, key)
            reason = f"same as run {made_by.run if made_by else 'unknown'}"
            entry.update(reused=True, reason=reason, notes=_notes(run, found))
            return found
        entry.update(reused=False, reason=damage or _why(run, name, key, parts, resume=resume))
        run.tell(Event(name, "start", entry["reason"]))
        part = run.store.begin(name, key, resume=resume)
        try:
            made = interruptible(lambda: _made(run, name, key, parts, make, part))
            entry.update(notes=_notes(run, made))
            return made
        except BaseException:
            if not resume:
                files.remove(part)
            raise


def _made(run: Run, name: str, key: str, parts: keys.KeyParts, make: Callable[[Room], A], part: Path) -> A:
    with files.machine_errors(part):
        result = make(Room(part, run, name))
    check()
    return run.store.finish(name, key, parts, result, run.id)


def _notes(run: Run, found: Artifact) -> tuple[str, ...]:
    """What was told of an output when it was made; none where that is lost."""
    try:
        return tuple(dict.fromkeys((run.store / found.path / NOTES).read_text(encoding="utf-8").splitlines()))
    except (OSError, ValueError):
        return ()


@contextmanager
def timed(run: Run, name: str, key: str) -> Iterator[dict[str, Any]]:
    """Note in the run's record how a stage went: fill in `reused` and `reason` of the entry given."""
    entry: dict[str, Any] = {"key": key}
    began, cpu = time.perf_counter(), time.process_time()
    run.pulse.enter(name)
    yield entry
    run.pulse.enter("")
    entry["seconds"] = round(time.perf_counter() - began, 3)
    entry["cpu_seconds"] = round(time.process_time() - cpu, 3)
    run.add(stages={**run.record().stages, name: StageNote(**entry)})
    what = "reused" if entry["reused"] else "done"
    run.tell(Event(name, what, entry["reason"], 1.0, {"seconds": entry["seconds"]}))


def _why(run: Run, name: str, key: str, parts: keys.KeyParts, *, resume: bool) -> str:
    """Why a stage has to run, against the last run that finished it."""
    if resume and run.store.left(name, key):
        return "going on where a run was stopped"
    done = [record.stages[name].key for record in run.store.records if name in record.stages]
    if done and done[0] == key:
        return "its stored output was lost"
    for earlier in done:
        manifest = run.store.manifest(name, earlier)
        if manifest is not None:
            return ", ".join(keys.changes(manifest.parts, parts))
    return "first run"
