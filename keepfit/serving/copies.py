"""The bundles that the store's own registry keeps as files, seen without MLflow, which takes seconds to import.

A team's registry is the team's: here it holds nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from keepfit.config import Pipeline
from keepfit.serving.bundle.seal import MANIFEST, id_of
from keepfit.serving.registry import ARTIFACTS, DATABASE, TAG, open_registry
from keepfit.store.store import Store

_ALIASED = """SELECT tags.value FROM registered_model_aliases AS aliases JOIN model_version_tags AS tags
    ON tags.name = aliases.name AND tags.version = aliases.version WHERE tags.key = ? AND aliases.name = ?"""


def copies(store: Store, config: Pipeline) -> dict[str, list[Path]]:
    """Folders of the copies, by bundle; those that a killed release left unfinished under ''.

    Whoever acts on it holds the lock on what is in service.
    """
    found: dict[str, list[Path]] = {}
    for folder in sorted((store / ARTIFACTS / "models").glob("*")) if config.release.registry is None else ():
        whole = (folder / "artifacts" / MANIFEST).is_file()
        found.setdefault(id_of(folder / "artifacts") if whole else "", []).append(folder)
    return found


def aliased(store: Store, config: Pipeline) -> frozenset[str]:
    """The bundles whose version has an alias, whoever gave it; all there are, where the registry cannot be read."""
    database = store / DATABASE
    if config.release.registry is not None or not database.is_file():
        return frozenset()
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return frozenset(row[0] for row in connection.execute(_ALIASED, (TAG, config.name)))
    except sqlite3.Error:
        return frozenset(copies(store, config))


def drop(store: Store, config: Pipeline, bundles: Iterable[str]) -> None:
    """Take the versions of these bundles out of the registry; heavy where there are any."""
    wanted = sorted({*bundles} - {""})
    if wanted and (store / DATABASE).is_file():
        registry = open_registry(store, config)
        for bundle in wanted:
            registry.drop(bundle)
