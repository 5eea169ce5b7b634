"""What of a store is needed: by what is in service, by a rollback, by the next run, by a person who reads reports."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from keepfit.config import Pipeline
from keepfit.errors import KeepfitError
from keepfit.serving import journal
from keepfit.serving.bundle.seal import id_of
from keepfit.serving.copies import aliased
from keepfit.store.records import Record
from keepfit.store.store import CHECKPOINT, Store

RUN = re.compile(r"\d{8}-\d{6}-\d{6}")
"""How the folder of a run is called."""
_LATE = 2 * 86400.0
"""Seconds after the time for an answer in which a run that waits for one may still be taken up."""


@dataclass(frozen=True)
class Needed:
    """What stays."""

    models: frozenset[str]
    """Bundles that are in service or that a rollback can bring back."""
    runs: frozenset[str]
    outputs: frozenset[str]
    """Folders of finished outputs and of unfinished ones, relative to the store."""
    bundles: frozenset[str]
    """Bundles whose version in the store's registry stays: the models, those of the outputs, those with an alias."""


def needed(store: Store, config: Pipeline, state: journal.State) -> Needed:
    """What stays of a store. Reads every record, and no output."""
    keep, records = config.retention, list(store.records)
    models = frozenset(islice(_in_reach(state), keep.models))
    waiting = [record for record in records if _waits(record)]
    outputs = {
        *_newest_outputs(store, records, keep.outputs),
        *(f"stages/{stage}/{note.key}" for record in waiting for stage, note in record.stages.items()),
        *(record.start.path.removesuffix("/bundle") for record in records[:1] if record.start and record.start.path),
        *(state.reachable[bundle].path.removesuffix("/bundle") for bundle in models),
        *_newest_unfinished(store),
    }
    return Needed(
        models=models,
        runs=frozenset(_runs(store, state, records, models, keep.runs) | {record.run for record in waiting}),
        outputs=frozenset(outputs),
        bundles=models | aliased(store, config) | frozenset(_bundles(store, outputs)),
    )


def names(folder: Path) -> list[str]:
    """What lies in a folder, sorted; nothing where there is none."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def _in_reach(state: journal.State) -> Iterator[str]:
    """The champion, then what a rollback brings back, the next first, then what was gone past."""
    yield from dict.fromkeys(champion.bundle for champion in (*reversed(state.served), *reversed(state.passed)))


def _waits(record: Record) -> bool:
    """Whether a person may still answer it."""
    late = record.asked is not None and record.asked.until + _LATE < time.time()
    return bool(record.waiting) and record.ended is None and not late


def _runs(
    store: Store, state: journal.State, records: list[Record], models: frozenset[str], count: int
) -> frozenset[str]:
    """The newest, those whose verdict they repeat, and those that put the models in service."""
    newest = set([name for name in names(store / "runs") if RUN.fullmatch(name)][-count:])
    repeated = {record.repeats for record in records if record.run in newest and record.repeats}
    entered = (line for line in state.lines if line.verdict and line.verdict.enters_service)
    served = {line.run for line in entered if line.bundle in models}
    return frozenset(newest | repeated | served)


def _newest_outputs(store: Store, records: list[Record], count: int) -> Iterator[str]:
    """The folders of each stage that the newest runs used, or made and had no time to note."""
    used: dict[str, str] = {}
    for record in records:
        for stage, note in record.stages.items():
            used.setdefault(f"stages/{stage}/{note.key}", record.run)
    for stage in names(store / "stages"):
        paths = [f"stages/{stage}/{key}" for key in names(store / "stages" / stage) if not key.endswith(".part")]
        yield from sorted(paths, key=lambda path: used.get(path) or _made_by(store, path), reverse=True)[:count]


def _made_by(store: Store, path: str) -> str:
    _, stage, key = path.split("/")
    manifest = store.manifest(stage, key)
    return manifest.run if manifest else ""


def _newest_unfinished(store: Store) -> Iterator[str]:
    """Of each stage the one that a killed run left last to go on from."""
    for stage in names(store / "stages"):
        left = [path for path in (store / "stages" / stage).glob("*.part") if (path / CHECKPOINT).is_file()]
        newest = max(left, key=lambda path: (path / CHECKPOINT).stat().st_mtime, default=None)
        if newest is not None:
            yield f"stages/{stage}/{newest.name}"


def _bundles(store: Store, outputs: Iterable[str]) -> Iterator[str]:
    for path in outputs:
        try:
            if path.startswith("stages/export/"):
                yield id_of(store / path / "bundle")
        except (OSError, KeepfitError):
            continue
