"""Which model each way of choosing has in service in each period, told by the records of the periods' runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keepfit.backfill.plan import Planned
from keepfit.backfill.told import Way
from keepfit.errors import MachineError
from keepfit.store.artifacts import Bundle
from keepfit.store.records import Record
from keepfit.store.run import Run


@dataclass(frozen=True)
class Served:
    """The models of one period."""

    record: Record
    ways: dict[Way, Bundle]
    """Empty before a model came into service."""
    before: Bundle | None
    """What was in service until then."""
    challenger: Bundle | None
    """What was judged against it; None where nothing new was, and for a bundle that failed its own checks."""

    @property
    def models(self) -> dict[str, Bundle]:
        """All that are asked about the rows that came next, by id."""
        against = (self.before, self.challenger) if self.challenger else ()
        return {model.id: model for model in (*self.ways.values(), *against) if model}


def served(run: Run, walk: Iterable[Planned]) -> Iterator[Served]:
    """The models of every period, in order. Raises MachineError for one whose record or bundle is gone."""
    records = {record.request: record for record in run.store.records if record.request}
    ways: dict[Way, Bundle] = {}
    for planned in walk:
        record, before = records.get(planned.name), ways.get("followed")
        if record is None:
            raise _gone(run, f"the record of the period {planned.period.name}")
        bundle = _bundle(run, record)
        if bundle and record.verdict and record.verdict.enters_service:
            ways = {"never": bundle, **ways, "followed": bundle, "always": bundle}
        elif bundle and bundle.passed and ways:
            ways = {**ways, "always": bundle}
        is_new = bundle and bundle.passed and before and bundle.answers != before.answers
        yield Served(record, ways, before, bundle if is_new else None)


def _bundle(run: Run, record: Record) -> Bundle | None:
    """The bundle that a run judged; None where it reached no verdict."""
    if record.verdict is None:
        return None
    manifest = run.store.manifest("export", record.stages["export"].key) if "export" in record.stages else None
    if manifest is None:
        raise _gone(run, f"the bundle of the run {record.run}")
    return Bundle.model_validate(manifest.artifact)


def _gone(run: Run, what: str) -> MachineError:
    return MachineError(
        f"{what} is gone.", todo="Take the backfill's folder away and run again.", where=str(run.store.root)
    )
