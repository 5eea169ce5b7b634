"""Watch a model in service: do recent rows still look like those it learned from, and is it as good as it was?"""

from __future__ import annotations

from keepfit.config import Pipeline
from keepfit.errors import ConfigError, DataError
from keepfit.serving import model_of
from keepfit.serving.monitoring.findings import findings
from keepfit.serving.monitoring.live import live
from keepfit.serving.monitoring.recent import Watching, recent
from keepfit.serving.monitoring.watched import Watched, keep, watched
from keepfit.store.store import Store

__all__ = ["Watched", "Watching", "monitor"]


def monitor(config: Pipeline, looked: Watching) -> Watched:
    """Compare recent rows and the answers to them with what the bundle says of the rows it learned from; where the
    truth is known by now, also the metric with that at release. The result is kept in the store under monitored/.

    Raises ConfigError where no model is in service or labels come without a key, DataError for rows or labels that
    cannot be used, and for a bundle that does not tell what to compare with.
    """
    if (looked.labels is None) != (looked.key is None):
        raise ConfigError(
            "labels and their key belong together.",
            allowed="--labels names a table with the target, --key the column by which its lines find their rows.",
            todo="Give both.",
        )
    model, store = model_of(config), Store(config.resolve(config.store))
    if model.profile is None:
        raise DataError(
            "the model in service does not tell where the rows it learned from fall.",
            allowed="Models that earlier versions of keepfit exported do not.",
            todo=f"Run it once more: keepfit run {config.file.name}; what is released from then on can be watched.",
            where=str(model.folder),
        )
    seen = recent(config, model, store, looked)
    found = watched(config, model, seen, findings(seen.fallen, model.profile), live(config, model, seen))
    keep(store, found)
    return found
