"""What is in service, brought in line with the journal: pointer first, since that is what answers, then the registry.

The journal is the truth. A pointer that was lost or damaged, or a registry that was, is made again from it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from keepfit.config import Pipeline
from keepfit.errors import DataError, MachineError
from keepfit.serving import journal
from keepfit.serving.bundle.seal import verify
from keepfit.serving.champion import Champion, point, pointed
from keepfit.serving.registry import Registry, open_registry
from keepfit.store.store import Store


def settled(store: Store, config: Pipeline) -> journal.State:
    """The journal's state, with champion.json and the aliases brought in line; heavy only when they are not."""
    state = journal.read(store)
    if state.champion is None:
        _refuse_lost_journal(store)
        return state
    if is_settled(store, state.champion):
        return state
    found = _pointed(store)
    if found is None or not _same(found, state.champion):
        point(store, state.champion)
    registry = open_registry(store, config)
    version = registered(registry, store, state, state.champion)
    previous = registered(registry, store, state, state.previous) if state.previous else None
    registry.serve(version, previous)
    point(store, replace(state.champion, version=version, announced=True))
    return state


def is_settled(store: Store, champion: Champion) -> bool:
    """Whether champion.json says so already, and that the registry was told."""
    found = _pointed(store)
    return found is not None and found.announced and _same(found, champion)


def whole(store: Store, champion: Champion) -> Path:
    """The folder of a bundle that is or was in service, every byte verified.

    Raises MachineError where it is missing or damaged: that says something about this machine and nothing about the
    model.
    """
    folder = store / champion.path
    if verify(folder) != champion.bundle:
        raise MachineError(
            f"the bundle {champion.bundle} was expected and another one lies here.",
            todo="keepfit verify PIPELINE puts it back from the registry's copy.",
            where=str(folder),
        )
    return folder


def registered(registry: Registry, store: Store, state: journal.State, champion: Champion) -> str:
    """The version of a bundle in the registry; where the registry has lost it, all that served are registered again.

    Their order is the journal's, so that a new registry gives them their old numbers where all of them are there.
    """
    version = registry.version_of(champion.bundle)
    if version is not None:
        return version
    for served in state.served:
        try:
            registry.add(served.bundle, whole(store, served))
        except (MachineError, DataError):
            if served.bundle == champion.bundle:
                raise
    return registry.add(champion.bundle, whole(store, champion))


def _refuse_lost_journal(store: Store) -> None:
    """A model is in service that no line put there: the next run would take itself for the first."""
    if (found := _pointed(store)) is not None:
        raise MachineError(
            f"champion.json names the bundle {found.bundle}, and the journal that must say so is gone.",
            todo=f"Put {journal.JOURNAL} back from a copy, or take champion.json away to begin anew.",
            where=str(store / journal.JOURNAL),
        )


def _pointed(store: Store) -> Champion | None:
    """What champion.json says; None where it is damaged, as the journal knows better."""
    try:
        return pointed(store)
    except MachineError:
        return None


def _same(one: Champion, other: Champion) -> bool:
    return (one.bundle, one.since) == (other.bundle, other.since)
