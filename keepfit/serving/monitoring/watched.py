"""What a watch came to: one of three outcomes and a sentence, and a record in the store under monitored/."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from keepfit.config import Pipeline
from keepfit.metrics.drift import LARGE
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.monitoring.findings import ANSWERS, Finding
from keepfit.serving.monitoring.live import Live
from keepfit.serving.monitoring.recent import Recent
from keepfit.store import files
from keepfit.store.store import Store

FORMAT = 1
_SHOWN = 10
"""Columns in a person's table; all are in the record."""
Outcome = Literal["ok", "drift", "worse"]


@dataclass(frozen=True)
class Watched:
    """One look at recent rows."""

    pipeline: str
    time: str
    """ISO 8601."""
    outcome: Outcome
    """worse goes before drift: answers that are wrong matter more than rows that are new."""
    sentence: str
    version: str
    bundle: str
    looked_at: str
    rows: int
    findings: tuple[Finding, ...]
    """What matters most first."""
    live: Live | None
    notes: tuple[str, ...]

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return {"format": FORMAT, **asdict(self)}

    def lines(self) -> Iterator[str]:
        """For a person."""
        yield f"{self.outcome}: {self.sentence}"
        if self.live:
            yield self.live.sentence
        yield f"Looked at: {self.looked_at}; model version {self.version}. From {LARGE} on a size matters."
        for one in self.findings[:_SHOWN]:
            yield f"{'!' if one.alarms else ' '} {one.size:.3f}  {one.name}  ({one.sentence})"
        if len(self.findings) > _SHOWN:
            yield f"  and {len(self.findings) - _SHOWN} more, which moved less"
        yield from (f"Note: {note}" for note in self.notes)

    def markdown(self) -> str:
        """For the Prefect UI."""
        table = ["| | column | size | what says most of it |", "|---|---|---|---|"]
        for one in self.findings[:_SHOWN]:
            name, said = (text.replace("|", "\\|") for text in (one.name, one.sentence))
            table.append(f"| {'**!**' if one.alarms else ''} | {name} | {one.size:.3f} | {said} |")
        head = [f"**{self.outcome}**: {self.sentence}", *([self.live.sentence] if self.live else [])]
        foot = f"Model version {self.version}, {self.rows:,} rows: {self.looked_at}. From {LARGE} on a size matters."
        return "\n\n".join([*head, "\n".join(table), foot, *self.notes])


def watched(
    config: Pipeline, model: ServedModel, seen: Recent, found: list[Finding], truth: Live | str | None
) -> Watched:
    """The outcome of what was found."""
    live = truth if isinstance(truth, Live) else None
    outcome, sentence = _outcome(seen.fallen.rows, found, live)
    return Watched(
        pipeline=config.name, time=datetime.now(UTC).isoformat(timespec="milliseconds"), outcome=outcome,
        sentence=sentence, version=model.version, bundle=model.id, looked_at=seen.named, rows=seen.fallen.rows,
        findings=tuple(found), live=live, notes=(*seen.notes, *([truth] if isinstance(truth, str) else [])),
    )  # fmt: skip


def _outcome(rows: int, found: list[Finding], live: Live | None) -> tuple[Outcome, str]:
    moved = _moved(found)
    if live and live.worse:
        also = f" Also, of {rows:,} rows {moved}" if moved else ""
        return "worse", f"the answers are worse than at release.{also}"
    if moved:
        return "drift", f"of {rows:,} rows {moved}"
    return "ok", f"{rows:,} rows look like those that the model learned from."


def _moved(found: list[Finding]) -> str:
    """What has moved, in the end of a sentence; empty where nothing has."""
    alarms = [one for one in found if one.alarms]
    if not alarms:
        return ""
    columns = len({one.name for one in alarms} - {ANSWERS})
    of = len({one.name for one in found} - {ANSWERS})
    parts = [f"{columns} of {of} columns {'has' if columns == 1 else 'have'} moved"] if columns else []
    parts += ["the answers have moved"] if any(one.name == ANSWERS for one in alarms) else []
    return f"{' and '.join(parts)}; most of all {alarms[0].name} ({alarms[0].sentence})."


def keep(store: Store, found: Watched) -> None:
    """Write monitored/<time>.json."""
    stamp = found.time.partition("+")[0].replace(":", "").replace("-", "")
    files.write_json(store / "monitored" / f"{stamp}.json", found.json())
