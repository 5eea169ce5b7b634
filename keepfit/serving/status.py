"""What a pipeline's runs came to, what is in service, and what a person did about it, from the store alone."""

from __future__ import annotations

import socket
import time
from itertools import islice
from typing import Literal

from pydantic import BaseModel, ConfigDict

from keepfit.config import Pipeline
from keepfit.errors import MachineError
from keepfit.serving import journal
from keepfit.serving.champion import pointed
from keepfit.store import progress
from keepfit.store.artifacts import Verdict
from keepfit.store.progress import Progress
from keepfit.store.records import Failure, Record
from keepfit.store.store import Store

RUNS = 10
"""The newest that are told of."""
SILENT_SECONDS = 120.0
"""A run on another machine that has said nothing for so long is not called under way any more."""

State = Literal["ended", "failed", "stopped", "under way", "died", "silent", "waiting"]
"""died: its process is gone without a word, by kill -9 or with the machine; silent: so it seems, from another one."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True)


class RunStatus(_Told):
    """One run."""

    run: str
    started: str
    state: State
    host: str
    pid: int
    mode: str
    """What it does in place of coming to a verdict: dry run or evaluate only; empty where it shall come to one."""
    verdict: Verdict | None
    found: str
    """What a dry run or an evaluation found, in a sentence."""
    bundle: str | None
    """Id of the bundle that was judged, or in service when it was measured."""
    score: float | None
    """That bundle's figure in `metric`."""
    ran: int
    """Stages that ran."""
    reused: int
    failure: Failure | None
    waiting: str
    """What a person is asked before it goes on; empty where nobody is."""
    progress: Progress | None
    """How far it is, or was when it was last heard."""
    seen: tuple[str, ...]
    """What was seen in the data and is not used, or not as it stands there."""

    @property
    def word(self) -> str:
        """How it stands, for a person: ended, failed, dry run, dry run failed …"""
        return " ".join(filter(None, (self.mode, "" if self.mode and self.state == "ended" else self.state)))


class Serving(_Told):
    """The model in service."""

    bundle: str
    version: str
    since: str
    folder: str
    problem: str = ""
    """What is wrong with it; empty when nothing is."""


class LastRollback(_Told):
    """The last rollback."""

    time: str
    why: str
    barred: str
    """The bundle that was taken out."""


class Status(_Told):
    """All that `keepfit show` tells."""

    pipeline: str
    metric: str
    """What the rules compare models on."""
    runs: tuple[RunStatus, ...]
    """The newest first."""
    serving: Serving | None
    rolled_back: LastRollback | None
    barred: tuple[str, ...]
    """Bundles that stay out of service until they are forced."""
    damaged: tuple[str, ...]
    """Records that cannot be read."""


def status_of(config: Pipeline, most: int = RUNS) -> Status:
    """Look at a pipeline's store; nothing in it is changed, and a damaged file is told and not raised."""
    store = Store(config.resolve(config.store))
    runs = tuple(_run(store, record, config.metric) for record in islice(store.records, most))
    state = journal.read(store)
    return Status(
        pipeline=config.name,
        metric=config.metric,
        runs=runs,
        serving=_serving(store, state),
        rolled_back=_rolled_back(state),
        barred=tuple(dict.fromkeys(line.bundle for line in state.lines if line.bundle in state.barred)),
        damaged=tuple(str(path) for path in store.records.damaged),
    )


def _run(store: Store, record: Record, metric: str) -> RunStatus:
    heard = progress.read(store / f"runs/{record.run}")
    reused = sum(note.reused for note in record.stages.values())
    return RunStatus(
        run=record.run,
        started=record.started,
        state=_state(record, heard),
        host=record.host,
        pid=record.pid,
        mode=record.mode,
        verdict=record.verdict,
        found=record.found,
        bundle=record.bundle or (record.champion if record.metrics else None),
        score=record.metrics.get(metric),
        ran=len(record.stages) - reused,
        reused=reused,
        failure=record.failure,
        waiting=record.waiting,
        progress=None if record.ended else heard,
        seen=tuple(record.seen),
    )


def _state(record: Record, heard: Progress | None) -> State:
    if record.ended:
        return "ended" if record.failure is None else "stopped" if record.failure.stopped else "failed"
    if record.waiting:
        return "waiting"
    if record.host == socket.gethostname():
        alive = record.born != 0 and progress.born(record.pid) == record.born
        return "under way" if alive else "died"
    return "under way" if heard is not None and time.time() - heard.time < SILENT_SECONDS else "silent"


def _serving(store: Store, state: journal.State) -> Serving | None:
    """What champion.json says; where it is damaged, what the journal does."""
    from keepfit.serving.champion import current

    try:
        champion, problem = pointed(store), ""
        current(store)
    except MachineError as error:
        champion, problem = state.champion, str(error)
    if champion is None:
        return None
    return Serving(
        bundle=champion.bundle,
        version=champion.version,
        since=champion.since,
        folder=str(store / champion.path),
        problem=problem,
    )


def _rolled_back(state: journal.State) -> LastRollback | None:
    line = next((line for line in reversed(state.lines) if line.action == "rollback"), None)
    return LastRollback(time=line.time, why=line.why, barred=line.bundle) if line else None
