"""One run of a pipeline, its record, and how it begins, is taken up again and ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keepfit.config import Pipeline
from keepfit.errors import MachineError
from keepfit.redact import redacted
from keepfit.store import records
from keepfit.store.events import Event, Listener, heard_by, to_log, unheard
from keepfit.store.interrupt import check, heard
from keepfit.store.locks import run_lock
from keepfit.store.progress import Pulse, born
from keepfit.store.records import Failure, Record, Records, StageNote
from keepfit.store.store import Store


@dataclass(frozen=True)
class Request:
    """Who asked for a run, so that one that is asked for again, after a failure or a person's answer, is the same."""

    id: str = ""
    """Prefect's id of the flow run."""
    notes: str = ""
    """What the person who started it wrote."""
    mode: str = ""
    """Where it shall not come to a verdict: dry run or evaluate only."""

    def taken_up(self, known: Records) -> Record | None:
        """The record of the run that it began, as one that goes on; None where there is none."""
        found = known.asked_for_by(self.id) if self.id else None
        return found and found.model_copy(update={"ended": None, "failure": None, "waiting": ""})


@dataclass(frozen=True)
class Run:
    """One run: which pipeline, where it writes, who listens. Small enough to hand to every task."""

    config: Pipeline
    store: Store
    id: str
    listener: Listener = unheard
    fresh: bool = False
    """Whether no output of an earlier run is used again."""
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

    def may_use(self, stage: str, key: str) -> bool:
        """Whether a finished output may be used: in a run that makes all anew, only what it made itself before."""
        return not self.fresh or self.outcome(stage).key == key

    def tell(self, event: Event) -> None:
        """Let whoever watches, now or from another process, know how far the run is."""
        check()
        self.pulse.note(event.stage, event.message, event.done)
        to_log(event)
        self.listener(event)


@contextmanager
def begin(
    config: Pipeline,
    failed: Callable[[Run], None] = lambda _: None,
    request: Request | None = None,
    *,
    fresh: bool = False,
) -> Iterator[Run]:
    """A run, the only one of its pipeline until the block ends; its record says how it ended.

    It is a new one, unless `request` was begun before: then that run is taken up again under its old id. `failed` is
    called with a run that did not reach its end, once its record says why.
    Raises MachineError when another run of the pipeline is under way or the store is not writable.
    """
    with heard(), run_lock(config.resolve(config.store)):
        run = replace(start(config, request or Request()), fresh=fresh)
        run.store.sweep(checkpoints=fresh and not run.record().stages)
        try:
            yield run
        except BaseException as error:
            with suppress(Exception):  # a full disk, say, must not hide why the run ended
                _end_early(run, error, failed)
            raise
        finally:
            run.store.close()
        for path in run.store.records.damaged:
            run.tell(Event("", "note", f"{path} is damaged, and that run was passed over."))
        try:
            run.add(ended=_now())
        except (OSError, MachineError) as error:  # the run itself has reached its end, and what it gave stands
            run.tell(Event("", "note", f"the run's record is not whole: {error}"))


@contextmanager
def attached(config: Pipeline, id: str) -> Iterator[Run]:
    """A run that another process began and waits in: a stage of it is executed here, on the same store."""
    store = Store(config.resolve(config.store))
    with heard():
        run = Run(config, store, id, heard_by())
        try:
            yield run
        except Exception as error:  # for the process that waits
            run.add(failure=_failure(run, error))
            raise
        finally:
            store.close()


def start(config: Pipeline, request: Request | None = None) -> Run:
    """A run and its record, without the lock that `begin` holds."""
    request = request or Request()
    store = Store(config.resolve(config.store))
    now = datetime.now(UTC)
    known = request.taken_up(store.records)
    record = known or Record(
        run=f"{now:%Y%m%d-%H%M%S-%f}",
        pipeline=config.name,
        started=now.isoformat(),
        pid=os.getpid(),
        request=request.id,
        mode=request.mode,
        notes=request.notes,
        overrides=config.overrides,
    )
    run = Run(config, store, record.run, heard_by())
    here = {"host": socket.gethostname(), "pid": os.getpid(), "born": born(os.getpid())}
    records.write(run.folder / records.FILE, record.model_copy(update=here))
    return run


def give_up(store: Store, record: Record, why: str) -> None:
    """End a run that waits for a person, in its record: it does not go on by itself."""
    stopped = Failure(stage="release", kind="Cancelled", message=why, stopped=True)
    ended = record.model_copy(update={"waiting": "", "ended": _now(), "failure": stopped})
    records.write(store / f"runs/{record.run}" / records.FILE, ended)


def _end_early(run: Run, error: BaseException, failed: Callable[[Run], None]) -> None:
    """Note why a run ended without a verdict; one that waits for a person has not ended."""
    if run.record().waiting:
        return
    run.add(ended=_now(), failure=_failure(run, error))
    failed(run)


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
