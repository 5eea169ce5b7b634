"""Two runs of a pipeline side by side, whatever was decided on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from keepfit.config import Pipeline
from keepfit.errors import KeepfitError
from keepfit.metrics.naming import against, figure, metric_name, span
from keepfit.stages.release.verdict import Incomparable
from keepfit.store.artifacts import Bundle, Evaluated, Interval, Prepared
from keepfit.store.keys import changes
from keepfit.store.records import Record
from keepfit.store.store import Store

_MADE: dict[str, type[Any]] = {"evaluate": Evaluated, "export": Bundle, "preprocess": Prepared}


@dataclass(frozen=True)
class Beside:
    """What there is to say of two runs."""

    runs: tuple[str, str]
    metrics: dict[str, tuple[float | None, float | None]]
    intervals: dict[str, tuple[Interval | None, Interval | None]]
    changed: dict[str, list[str]]
    """Stage → what differs between the two in what it was made from, in words; the first that the change reached."""
    paired: str
    """The second model against the first on the same rows, in a sentence; or why that cannot be said."""

    def json(self) -> dict[str, Any]:
        """As plain values."""
        intervals = {k: [one and one.model_dump() for one in pair] for k, pair in self.intervals.items()}
        return {**asdict(self), "intervals": intervals}

    def lines(self) -> Iterator[str]:
        """For a person."""
        yield f"{'':<24}{self.runs[0]:>26}{self.runs[1]:>26}"
        for name, values in self.metrics.items():
            cells = [_cell(name, value, self.intervals.get(name, (None, None))[i]) for i, value in enumerate(values)]
            yield f"{metric_name(name):<24}{cells[0]:>26}{cells[1]:>26}"
        yield ""
        for stage, told in self.changed.items():
            yield f"{stage}: {', '.join(told)}"
        yield self.paired


def beside(config: Pipeline, one: Record, other: Record) -> Beside:
    """Compare two runs, with the paired test where both models are there."""
    store = Store(config.resolve(config.store))
    made = [{stage: _made(store, record, stage) for stage in _MADE} for record in (one, other)]
    intervals = [evaluated.intervals if (evaluated := of["evaluate"]) else {} for of in made]
    return Beside(
        runs=(one.run, other.run),
        metrics={name: (one.metrics.get(name), other.metrics.get(name)) for name in {**one.metrics, **other.metrics}},
        intervals={name: (intervals[0].get(name), intervals[1].get(name)) for name in {**intervals[0], **intervals[1]}},
        changed=dict(_changed(store, one, other)) or {"all stages": ["nothing changed"]},
        paired=_without_model(one, other) or _paired(config, store, *made),
    )


def _made(store: Store, record: Record, stage: str) -> Any:
    """What a stage of a run gave; None where it is not there any more."""
    note = record.stages.get(stage)
    return store.find(stage, note.key, _MADE[stage])[0] if note else None


def _changed(store: Store, one: Record, other: Record) -> Iterator[tuple[str, list[str]]]:
    for stage, note in other.stages.items():
        before = one.stages.get(stage)
        if before is None or before.key == note.key:
            continue
        old, new = store.manifest(stage, before.key), store.manifest(stage, note.key)
        told = changes(old.parts, new.parts) if old and new else ["what it was made from is not known any more"]
        if stage != "release" and told:
            yield stage, told


def _without_model(*records: Record) -> str:
    """A sentence that names a run which made no model; empty where both did."""
    none = next((record for record in records if "export" not in record.stages), None)
    return f"Not compared on the same rows: the run {none.run} made no model." if none else ""


def _paired(config: Pipeline, store: Store, old: dict[str, Any], new: dict[str, Any]) -> str:
    """On the second run's test rows, those that either model has learned from left out."""
    from keepfit.stages.release.compare import compare

    if not (old["export"] and new["export"] and new["preprocess"]):
        return "Not compared on the same rows: of one of the two the model is not there any more."
    if old["export"].answers == new["export"].answers:
        return "Both models give the same answers."
    raw = store / new["preprocess"].path / "test_raw"
    try:
        found = compare(store / old["export"].folder, store / new["export"].folder, raw, config)
    except KeepfitError as error:
        return f"Not compared on the same rows: {error}"
    if isinstance(found, Incomparable):
        return f"Not compared on the same rows: {found.why}."
    paired, metric = found.paired, config.metric
    difference, ends = against(metric, paired.difference, paired.low, paired.high)
    told = difference.replace(" against the champion", " against the first")
    return f"The second model, on the same {paired.rows:,} rows: {told} ({ends})."


def _cell(name: str, value: float | None, interval: Interval | None) -> str:
    if value is None:
        return ""
    return f"{figure(name, value)}{f' ({span(name, interval.low, interval.high)})' if interval else ''}"
