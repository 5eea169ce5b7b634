"""What a backfill has to do: the periods, the rows of each, and which of them are done.

Its memory is the records of its own runs. A period's run bears the period's name, a digest of the rows it learned from,
of the YAML, code and libraries, and of the periods before it: where that stands in a record that reached its end, the
period is done. Where there are records or decisions of another walk, as after a change of the YAML, the walk begins
anew; what its stages made stays, and is used again where it is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from keepfit.backfill.periods import Ask, Period, micros, periods
from keepfit.config import Pipeline
from keepfit.config.source import UNTIL
from keepfit.errors import ConfigError, InputError, named, nearest
from keepfit.serving import journal
from keepfit.serving.champion import POINTER
from keepfit.serving.registry import ARTIFACTS, DATABASE
from keepfit.stages.ingest.within import Span, Timed, clock, read, span, times, within
from keepfit.store import files
from keepfit.store.artifacts import Snapshot
from keepfit.store.records import Record
from keepfit.store.run import Run
from keepfit.store.store import Store

FOLDER = "backfill"
"""In the pipeline's store."""
_STAGES = ("ingest", "validation", "preprocessing", "training", "evaluation", "export")
"""Those whose libraries count; release has one besides, which only keeps what was decided."""
_MEMBERS = (
    *("features", "features.cells", "features.words", "features.net", "features.graph", "models.net"),
    *("problems", *(f"problems.{part}" for part in ("target", "learn", "judge", "answer", "graph"))),
)
_OPERATION = {"store", "schedule", "train_on", "approval", "approval_within", "notify", "tuning"}
"""Of the YAML: decides no verdict."""


@dataclass(frozen=True)
class Planned:
    """One period, and what is there for it."""

    period: Period
    when: Timed
    """When each row of the source is."""
    before: Span
    """Which rows it learns from."""
    learned: Snapshot
    """These rows."""
    coming: Snapshot
    """The rows that came next."""
    name: str
    """What its run is asked for by."""
    done: Record | None
    """Its run, where that reached its end."""


def apart(config: Pipeline) -> Pipeline:
    """The pipeline with a store, a registry and nobody of its own: nothing in service is touched, nobody asked or told.

    Raises ConfigError where the test rows come from a file of their own: they would be of no period.
    """
    if config.source.test is not None or config.source.test_names is not None:
        raise ConfigError(
            "source.test or test_names tells which rows only judge, and they are judged whatever the time is.",
            todo="Backfill a pipeline whose rows all come from source.path, each with its time.",
            where=str(config.file),
        )
    release = config.release.model_copy(update={"registry": None})
    alone = {"train_on": "here", "approval": "never", "notify": None, "schedule": None}
    return config.model_copy(update={"store": f"{config.store}/{FOLDER}", "release": release, **alone})


def planned(run: Run, whole: Snapshot, ask: Ask) -> tuple[Planned, ...]:
    """The periods, each with its rows cut out of the whole source.

    Raises ConfigError where the time column cannot be told, DataError where it holds no times or there is no period.
    """
    schema = files.read_json(run.store / whole.path / "schema.json")
    column = time_column(run.config, {c["name"]: c["type"] for c in schema["columns"]}, ask.time)
    when = times(run, whole, clock(column))
    found = periods(read(run.store / when.path), ask)
    made = _made(run)
    records = {record.request: record for record in run.store.records if record.request}
    walk: list[Planned] = []
    for period in found:
        at, until = micros(period.at), micros(period.until)
        before = span(None, at)
        learned, coming = (within(run, whole, when, one) for one in (before, span(at, until)))
        last = walk[-1].name if walk else ""
        name = f"period-{files.digest_of([made, last, period.name, learned.digest])}"
        walk.append(Planned(period, when, before, learned, coming, name, _ended(records.get(name))))
    return tuple(walk)


def time_column(config: Pipeline, types: dict[str, str], asked: str = "") -> str:
    """The column that says when a row is: the one asked for, that up to which the target of a window of series reaches,
    that of a split by time, or the only one of dates.

    `types` are those of the snapshot's columns. Raises ConfigError where it cannot be told, or holds plain numbers.
    """
    split = config.preprocessing.split
    dated = [name for name, kind in types.items() if kind.startswith(("timestamp", "date"))]
    said = UNTIL if config.source.window else str(split.column) if split.by == "time" else ""
    column = asked or said or (dated[0] if len(dated) == 1 else "")
    if not column or column not in types:
        found = f'there is no column "{column}"' if column else "no column is known to say when a row is"
        raise ConfigError(
            f"{found}.",
            allowed=f"There are: {', '.join(types)}.",
            todo=nearest(column, [*types]) or "Name the one with the dates: --time COLUMN.",
        )
    if types[column].startswith(("double", "int", "float")):
        raise ConfigError(
            f'the time column "{column}" holds numbers.',
            allowed="A time column holds dates, or texts in one notation of dates.",
            todo="Name another, or declare it in features as a datetime with its format.",
        )
    return column


def begin_anew(config: Pipeline, walk: Iterable[Planned]) -> tuple[Planned, ...]:
    """The walk, with what another walk decided taken away where something is left to do."""
    store, walk = Store(config.resolve(config.store)), tuple(walk)
    if all(one.done for one in walk) or not _is_of_others(store, walk):
        return walk
    runs = store / "runs"
    gone = runs.with_name("runs.gone")
    with files.machine_errors(runs):
        files.remove(gone)
        # The records first and at one instant: killed after it, the journal's lines are of no run of this walk.
        runs.replace(gone)
        for name in (POINTER, journal.JOURNAL, DATABASE):
            (store / name).unlink(missing_ok=True)
    for folder in (gone, store / ARTIFACTS):
        files.remove(folder)
    return tuple(replace(one, done=None) for one in walk)


def _is_of_others(store: Store, walk: tuple[Planned, ...]) -> bool:
    names = {one.name for one in walk}
    requests = {record.run: record.request for record in store.records if record.request}
    lines = journal.read(store).lines
    return bool({*requests.values()} - names) or any(requests.get(line.run) not in names for line in lines)


def _ended(record: Record | None) -> Record | None:
    """A record with a verdict, or with a failure that the rows or the YAML are at fault for."""
    if record is None or record.ended is None:
        return None
    failed = record.failure is not None and issubclass(named(record.failure.kind), InputError)
    return record if record.verdict is not None or failed else None


def _made(run: Run) -> dict[str, Any]:
    """What decides the verdict on given rows: as the keys of all stages, together."""
    modules = (*(f"keepfit.stages.{stage}" for stage in _STAGES), *run.config.members(*_MEMBERS))
    return {
        "config": run.config.model_dump(mode="json", exclude=_OPERATION),
        "code": run.store.code.digests("keepfit.stages.release", *modules),
        "libraries": run.store.code.libraries(modules),
    }
