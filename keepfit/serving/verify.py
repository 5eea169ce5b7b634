"""Every byte of a store read and compared with what was written; what served is put back from the registry's copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from keepfit.config import Pipeline
from keepfit.errors import KeepfitError
from keepfit.serving import journal
from keepfit.serving.bundle import seal
from keepfit.serving.champion import Champion
from keepfit.serving.registry import ARTIFACTS, DATABASE, open_registry
from keepfit.serving.settled import settled, whole
from keepfit.store import files
from keepfit.store.locks import service_lock
from keepfit.store.store import Store


@dataclass(frozen=True)
class Verified:
    """What was found."""

    sentences: tuple[str, ...]
    """One for each thing that is not, or was not, as it was written."""
    sound: bool
    """Whether everything that serves or served is whole now."""


def verify(config: Pipeline) -> Verified:
    """Read every byte. A bundle that is or was in service is mended; a stage's output is made again by the next run.

    Raises MachineError for a journal that cannot be read.
    """
    store = Store(config.resolve(config.store))
    with service_lock(store.root):
        told, sound = [], True
        state = journal.read(store)
        for champion in state.reachable.values():
            sentence, mended = _mended(store, config, champion)
            told += [sentence] if sentence else []
            sound &= mended
        if sound:
            settled(store, config)
        told += [f"{damage}: the next run that needs it makes it again." for damage in store.damaged()]
    return Verified(tuple(told), sound)


def _mended(store: Store, config: Pipeline, champion: Champion) -> tuple[str, bool]:
    """What to say of one bundle, and whether it is whole afterwards."""
    named = f"the bundle {champion.bundle}, version {champion.version},"
    try:
        whole(store, champion)
        return "", True
    except KeepfitError as damage:
        with TemporaryDirectory(dir=store.root) as scratch:
            copy = next(_copies(store, config, champion, Path(scratch)), None)
            if copy is None:
                return f"{named} is damaged, and the registry has no whole copy of it: {damage}", False
            _put_back(copy, store / champion.path)
        whole(store, champion)
        return f"{named} was damaged and is put back from the registry's copy.", True


def _copies(store: Store, config: Pipeline, champion: Champion, scratch: Path) -> Iterator[Path]:
    """Whole copies of a bundle: those that the store's own registry keeps as files, then what the registry gives."""
    for path in sorted((store / ARTIFACTS).glob(f"**/{seal.MANIFEST}")):
        if _is(path.parent, champion.bundle):
            yield path.parent
    if config.release.registry is None and not (store / DATABASE).is_file():
        return
    try:
        registry = open_registry(store, config)
        version = registry.version_of(champion.bundle)
        if version is not None:
            yield registry.fetch(version, champion.bundle, scratch)
    except KeepfitError:
        return


def _is(folder: Path, bundle: str) -> bool:
    try:
        return seal.id_of(folder) == bundle and seal.verify(folder) == bundle
    except (KeepfitError, OSError):
        return False


def _put_back(copy: Path, folder: Path) -> None:
    with files.machine_errors(folder):
        part = folder.with_name(f".{folder.name}.tmp")
        files.remove(part)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(copy, part)
        files.remove(folder)
        part.replace(folder)
        files.sync_folder(folder.parent)
