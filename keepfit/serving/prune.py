"""Take from a store what nothing needs any more; `keepfit.serving.retention` says what is needed.

First the journal says which models no rollback brings back, then each thing leaves its place by a rename, then what was
renamed is deleted. Killed anywhere, the next prune finds the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal

from keepfit.config import Pipeline
from keepfit.errors import MachineError
from keepfit.quoting import size
from keepfit.serving import journal
from keepfit.serving.copies import copies, drop
from keepfit.serving.retention import RUN, Needed, names, needed
from keepfit.store import trash
from keepfit.store.locks import is_being_written, part_lock, run_lock, service_lock
from keepfit.store.store import Store

Kind = Literal["run", "output", "unfinished output", "model", "record of scores", "record of a look", "leftover"]
"""leftover: what a prune that was killed had no time to delete."""
RECORDS: dict[str, Kind] = {"scored": "record of scores", "monitored": "record of a look"}
"""Folders of records, whose names begin with their time, and what one is."""


@dataclass(frozen=True)
class Item:
    """One thing that nothing needs."""

    kind: Kind
    name: str
    path: str
    """Relative to the store."""
    bytes: int


@dataclass(frozen=True)
class Pruned:
    """What a prune took away, or would."""

    pipeline: str
    done: bool
    """Whether it was taken away."""
    items: tuple[Item, ...]
    retired: tuple[str, ...]
    """Bundles that a rollback could have brought back before."""
    stays: int
    """Bytes of the store besides."""

    @property
    def bytes(self) -> int:
        """How much was, or would be, freed."""
        return sum(item.bytes for item in self.items)

    @property
    def sentence(self) -> str:
        """In one line."""
        if not self.items:
            return f"Nothing to take away: the store holds {size(self.stays)}, and all of it is needed."
        counts = ", ".join(counted(kind, len([*of])) for kind, of in groupby(self.items, lambda item: item.kind))
        word = "Taken away" if self.done else "To take away"
        return f"{word}: {size(self.bytes)} ({counts}). {size(self.stays)} {'stay' if self.done else 'would stay'}."

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "bytes": self.bytes}


def counted(kind: Kind, count: int) -> str:
    """`1 run`, or `1,200 runs`."""
    first, *rest = kind.split(" of ") if count != 1 else [kind]
    return f"{count:,} {' of '.join([f'{first}s' if count != 1 else first, *rest])}"


def pruning(config: Pipeline) -> Pruned:
    """What `prune` would do; nothing is changed. Raises MachineError where the journal cannot be read."""
    store = Store(config.resolve(config.store))
    state = journal.read(store)
    return _told(store, config, state, needed(store, config, state), done=False)


def prune(config: Pipeline) -> Pruned:
    """Take it away. Raises MachineError where a run is under way, which may need anything."""
    store = Store(config.resolve(config.store))
    with service_lock(store.root):
        with run_lock(store.root):
            state = journal.read(store)
            keep = needed(store, config, state)
            told = _told(store, config, state, keep, done=True)
            for bundle in told.retired:
                journal.append(store, _retired(state, bundle))
            _away(store, [item for item in told.items if item.kind not in ("model", "leftover")])
        drop(store, config, copies(store, config).keys() - keep.bundles)
        _away(store, [item for item in told.items if item.kind == "model"])
    trash.empty(store.root)
    return told


def _away(store: Store, items: list[Item]) -> None:
    for item in items:
        with ExitStack() as stack:
            try:
                if item.kind == "unfinished output":
                    stack.enter_context(part_lock(store / item.path))
            except MachineError:  # a process writes into it by now
                continue
            trash.away(store.root, store / item.path)


def _told(store: Store, config: Pipeline, state: journal.State, keep: Needed, *, done: bool) -> Pruned:
    found = [
        *_runs(store, keep),
        *_outputs(store, keep),
        *_models(store, config, state, keep),
        *_records(store, config.retention.runs),
        *(("leftover", name, f"{trash.FOLDER}/{name}") for name in names(store / trash.FOLDER)),
    ]
    items = tuple(Item(kind, name, path, trash.size_of(store / path)) for kind, name, path in found)
    return Pruned(
        pipeline=config.name,
        done=done,
        items=items,
        retired=tuple(bundle for bundle in state.reachable if bundle not in keep.models),
        stays=trash.size_of(store.root) - sum(item.bytes for item in items),
    )


Found = tuple[Kind, str, str]
"""Kind, name and path of an item."""


def _runs(store: Store, keep: Needed) -> Iterator[Found]:
    for run in names(store / "runs"):
        if RUN.fullmatch(run) and run not in keep.runs:
            yield "run", run, f"runs/{run}"


def _outputs(store: Store, keep: Needed) -> Iterator[Found]:
    """Finished ones, then unfinished ones that no process writes into."""
    found = [f"stages/{stage}/{key}" for stage in names(store / "stages") for key in names(store / "stages" / stage)]
    gone = [(path.endswith(".part"), path) for path in found if path not in keep.outputs]
    for is_part, path in sorted(gone):
        if not (is_part and is_being_written(store / path)):
            name = path.removeprefix("stages/").removesuffix(".part").replace("/", " ")
            yield "unfinished output" if is_part else "output", name, path


def _models(store: Store, config: Pipeline, state: journal.State, keep: Needed) -> Iterator[Found]:
    """The registry's copies."""
    known = {line.bundle: line.version for line in state.lines if line.version}
    for bundle, folders in copies(store, config).items():
        name = f"version {known.get(bundle, 'unknown')}, bundle {bundle}" if bundle else "an unfinished version"
        for folder in folders if bundle not in keep.bundles else ():
            yield "model", name, folder.relative_to(store.root).as_posix()


def _records(store: Store, count: int) -> Iterator[Found]:
    for folder, kind in RECORDS.items():
        found = [name for name in names(store / folder) if name.endswith(".json") and not name.startswith(".")]
        for name in found[:-count]:
            yield kind, name, f"{folder}/{name}"


def _retired(state: journal.State, bundle: str) -> journal.Line:
    out = state.reachable[bundle]
    return journal.Line(
        id=journal.identity(state, "retire", bundle),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        action="retire",
        run="",
        bundle=bundle,
        path=out.path,
        champion=state.champion.bundle if state.champion else None,
        version=out.version,
        rules="",
        why="older than the models that retention keeps",
    )
