"""Which model answers: the one in service, or a bundle asked for by its id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keepfit.config import Pipeline
from keepfit.errors import ConfigError
from keepfit.store.store import Store

if TYPE_CHECKING:
    from keepfit.serving.bundle.model import ServedModel
    from keepfit.serving.champion import Champion


def model_of(config: Pipeline, bundle: str | None = None) -> ServedModel:
    """The champion's model, or that of the bundle whose id begins with `bundle`; verified, and without torch.

    Raises ConfigError when no model is in service, telling which verdict stands, or when no bundle has that id.
    """
    from keepfit.serving.bundle.model import open_bundle

    store = Store(config.resolve(config.store))
    if bundle is not None:
        return open_bundle(_find(store, bundle, config))
    champion = champion_of(config)
    return open_bundle(store / champion.path, champion.version)


def champion_of(config: Pipeline) -> Champion:
    """The bundle in service, not opened. Raises ConfigError when none is, telling which verdict stands."""
    from keepfit.serving.champion import current

    store = Store(config.resolve(config.store))
    champion = current(store)
    if champion is None:
        raise _nothing_in_service(store, config)
    return champion


def _find(store: Store, start: str, config: Pipeline) -> Path:
    """The folder of the one bundle whose id begins with `start`."""
    known = _bundles(store)
    found = {id: folder for id, folder in known.items() if id.startswith(start)}
    if len(found) != 1 or not start:
        count = "no bundle" if not found else f"{len(found)} bundles"
        raise ConfigError(
            f'{count} in the store of {config.name} has an id that begins with "{start}".',
            allowed=f"There are: {', '.join(sorted(known)) or 'none'}.",
            todo="keepfit show lists the runs with their bundles.",
            where=str(store.root),
        )
    return found.popitem()[1]


def _bundles(store: Store) -> dict[str, Path]:
    from keepfit.serving.bundle.seal import MANIFEST, id_of

    finished = (path.parent for path in sorted((store / "stages/export").glob(f"*/bundle/{MANIFEST}")))
    return {id_of(folder): folder for folder in finished if not folder.parent.name.endswith(".part")}


def _nothing_in_service(store: Store, config: Pipeline) -> ConfigError:
    judged = next((record for record in store.records if record.verdict and record.bundle), None)
    if judged is None or judged.verdict is None:
        return ConfigError(
            f"no model of {config.name} is in service: no run has reached a verdict yet.",
            todo=f"Run it first: keepfit run {config.file.name}",
            where=str(config.file),
        )
    return ConfigError(
        f"no model of {config.name} is in service: the verdict of run {judged.run} stands, "
        f"{judged.verdict.outcome}. {judged.verdict.sentence}",
        todo=f"To use that model all the same: keepfit predict {config.file.name} … --bundle {judged.bundle}",
        where=str(config.file),
    )
