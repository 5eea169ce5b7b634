"""How a stage is executed, resumed or reused inside a run."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, get_type_hints

from keepfit.config import Pipeline
from keepfit.quoting import one_line
from keepfit.redact import redacted
from keepfit.store import files, keys
from keepfit.store.artifacts import A, Artifact
from keepfit.store.events import Event
from keepfit.store.interrupt import check, interruptible
from keepfit.store.locks import part_lock
from keepfit.store.records import StageNote
from keepfit.store.run import Run
from keepfit.store.store import Store

P = ParamSpec("P")

NOTES = "beside/notes.txt"
"""What was told of an output, a line each."""
_NOTE = 2000
"""Characters of a note."""


@dataclass(frozen=True)
class Room:
    """What a stage's function gets to work with."""

    path: Path
    """The folder to write into; it gets its final name when the function has returned."""
    run: Run
    stage: str
    about: str = ""
    """Which part of the stage, where it has several."""
    span: tuple[float, float] = (0.0, 1.0)
    """Where that begins and ends, as shares of the stage."""

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

    def step(self, message: str, done: float = 0.0, *, closes: bool = False, **figures: float | int | str) -> None:
        """Tell how far the stage is; a run that was told to stop ends here. What `closes` an epoch is logged."""
        begin, end = self.span
        told = f"{self.about}: {message}" if self.about else message
        self.run.tell(Event(self.stage, "step", redacted(told), begin + done * (end - begin), figures, closes))

    def note(self, message: str) -> None:
        """Tell something that a person should read, and keep it beside the output for the runs that use it again."""
        told = one_line(redacted(f"{self.about}: {message}" if self.about else message), _NOTE)
        kept = self.path / NOTES
        kept.parent.mkdir(exist_ok=True)
        with kept.open("a", encoding="utf-8") as file:
            file.write(f"{told}\n")
        self.run.tell(Event(self.stage, "note", told))


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
        def parts_of(run: Run, *args: Any, **kwargs: Any) -> keys.KeyParts:
            given = inspect.signature(function).bind(None, *args, **kwargs).arguments
            modules = (function.__module__, *run.config.members(*members))
            return {
                "takes": _digests(execute.__name__, dict([*given.items()][1:])),
                "config": run.config.read(*reads),
                "code": run.store.code.digests(*modules),
                "libraries": run.store.code.libraries(modules, libraries),
                "environment": environment(run.config),
            }

        def execute(run: Run, /, *args: P.args, **kwargs: P.kwargs) -> A:
            parts = parts_of(run, *args, **kwargs)
            kind: type[A] = get_type_hints(function)["return"]
            return _execute(run, execute.__name__, kind, parts, lambda room: function(room, *args, **kwargs), resume)

        execute.parts_of = parts_of  # type: ignore[attr-defined]
        for attribute in ("__module__", "__qualname__", "__doc__"):  # not the signature: it takes a Room
            setattr(execute, attribute, getattr(function, attribute))
        execute.__name__ = function.__name__.strip("_")
        return execute

    return wrap


@dataclass(frozen=True)
class Inner:
    """A part of a stage that has an output of its own in the store, and is told of as the stage."""

    room: Room
    """The stage's."""
    run: Run
    """The run as the part sees it: its config is the part's."""
    about: str
    span: tuple[float, float]
    """Where it begins and ends, as shares of the stage."""

    def made(self, name: str, kind: type[A], parts: keys.KeyParts, make: Callable[[Room], A]) -> A:
        """The finished output under the parts' key; or make it, going on from what a killed execution left."""
        key, store = keys.key_of(name, parts), self.run.store
        found, _ = store.find(name, key, kind)
        if found is not None and (not self.run.fresh or self._is_ours(name, key)):
            self.room.step(f"{self.about}: as before", self.span[1])
            return found
        with part_lock(store.part(name, key)):
            part = store.begin(name, key, resume=True)
            room = Room(part, self.run, self.room.stage, self.about, self.span)
            return _made(room, name, key, parts, make)

    def _is_ours(self, name: str, key: str) -> bool:
        manifest = self.run.store.manifest(name, key)
        return manifest is not None and manifest.run == self.run.id


def inner(room: Room, config: Pipeline, about: str, span: tuple[float, float]) -> Inner:
    """A part of a stage, which depends on a config of its own."""
    return Inner(room, replace(room.run, config=config), about, span)


def parts_of(stage: Callable[..., A], run: Run, *args: Artifact | None) -> keys.KeyParts:
    """What the key of a stage's output is made of here."""
    parts: keys.KeyParts = stage.parts_of(run, *args)  # type: ignore[attr-defined]
    return parts


def made_elsewhere(run: Run, name: str, kind: type[A], parts: keys.KeyParts) -> A | None:
    """The newest finished output of a stage that another machine made from the same things; None where there is none.

    Its libraries may be other builds of the same versions: torch 2.13.0+cu130 there and 2.13.0+cpu here.
    """
    for key in dict.fromkeys(record.stages[name].key for record in run.store.records if name in record.stages):
        manifest = run.store.manifest(name, key)
        if manifest is None or keys.without_builds(manifest.parts) != keys.without_builds(parts):
            continue
        found, _ = run.store.find(name, key, kind)
        if found is None or not run.may_use(name, key):
            continue
        with timed(run, name, key) as entry:
            entry.update(reused=True, reason=f"same as run {manifest.run or 'unknown'}", notes=_notes(run, found))
        return found
    return None


def _digests(stage: str, given: Mapping[str, Any]) -> dict[str, str]:
    given = {name: value for name, value in given.items() if value is not None}  # nothing decides nothing
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
        if found is not None and run.may_use(name, key):
            made_by = run.store.manifest(name, key)
            reason = f"same as run {made_by.run if made_by else 'unknown'}"
            entry.update(reused=True, reason=reason, notes=_notes(run, found))
            return found
        entry.update(reused=False, reason=damage or _why(run, name, key, parts, resume=resume))
        run.tell(Event(name, "start", entry["reason"]))
        with part_lock(run.store.part(name, key)):
            part = run.store.begin(name, key, resume=resume)
            try:
                made = interruptible(lambda: _made(Room(part, run, name), name, key, parts, make))
                entry.update(notes=_notes(run, made))
                return made
            except BaseException:
                if not resume:
                    files.remove(part)
                raise


def _made(room: Room, name: str, key: str, parts: keys.KeyParts, make: Callable[[Room], A]) -> A:
    with files.machine_errors(room.path):
        result = make(room)
    check()
    return room.store.finish(name, key, parts, result, room.run.id)


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
    if run.fresh:
        return "everything was asked for anew"
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
