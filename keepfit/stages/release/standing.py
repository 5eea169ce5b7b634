"""How the model in service does on the test rows as they are now; nothing is trained, judged or changed. N rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from keepfit.errors import ConfigError
from keepfit.metrics.naming import figure, metric_name
from keepfit.serving import journal
from keepfit.serving.settled import whole
from keepfit.store.artifacts import Prepared
from keepfit.store.run import Run

if TYPE_CHECKING:
    from keepfit.config import Pipeline


class Standing(BaseModel):
    """The figures of the model in service."""

    model_config = ConfigDict(frozen=True)

    champion: str
    """Its bundle's id."""
    version: str
    rows: int
    """Test rows that it was not trained on."""
    metrics: dict[str, float]
    sentence: str


def standing(run: Run, prepared: Prepared) -> Standing:
    """Score the champion on the untouched test rows of this run.

    Raises ConfigError where no model is in service, MachineError where it is damaged, DataError where it cannot answer
    these rows.
    """
    from keepfit.stages.release.compare import unseen

    champion = journal.read(run.store).champion
    if champion is None:
        raise ConfigError(
            "no model is in service, so there is none to measure.",
            todo="Run in the mode normal: the first goes in.",
        )
    rows, metrics = unseen(whole(run.store, champion), run.store / f"{prepared.path}/test_raw", run.config)
    return Standing(
        champion=champion.bundle,
        version=champion.version,
        rows=rows,
        metrics=metrics,
        sentence=_sentence(run.config, champion.version, rows, metrics),
    )


def _sentence(config: Pipeline, version: str, rows: int, metrics: dict[str, float]) -> str:
    value = metrics.get(config.metric)
    got = "could not be measured" if value is None else f"is {figure(config.metric, value)}"
    return f"The {metric_name(config.metric)} of version {version}, in service, {got} on {rows:,} test rows of today."
