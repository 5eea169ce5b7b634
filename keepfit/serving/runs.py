"""A run of a pipeline as a person names it: by the beginning or the end of its id, or as the last."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from keepfit.config import Pipeline
from keepfit.errors import ConfigError
from keepfit.quoting import some
from keepfit.store.records import Record
from keepfit.store.store import Store

_SHOWN = 5


def found(config: Pipeline, named: str) -> Record:
    """The one run that is called so. Raises ConfigError where there is none or are several, naming some."""
    records = list(Store(config.resolve(config.store)).records)
    if not records:
        raise ConfigError(f"{config.name} has not been run yet.", todo=f"Next: keepfit run {config.file}")
    if named == "last":
        return records[0]
    fits = [record for record in records if named and (record.run.startswith(named) or record.run.endswith(named))]
    if len(fits) == 1:
        return fits[0]
    shown = [record.run for record in islice(fits or records, _SHOWN)]
    what = f"{len(fits)} runs are called so" if fits else "there is no such run"
    raise ConfigError(f'"{named}": {what}.', allowed=f"The newest: {some(shown)}.", todo="Write more of the id.")


def report_of(config: Pipeline, record: Record) -> Path:
    """The report of a run. Raises ConfigError where it has none."""
    path = config.resolve(config.store) / "runs" / record.run / "report.html"
    if not path.is_file():
        raise ConfigError(f"the run {record.run} has no report yet.", todo="keepfit show tells how far it is.")
    return path
