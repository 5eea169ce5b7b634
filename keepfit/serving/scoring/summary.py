"""What a batch came to: for the person who asked, and for `keepfit monitor`, in the store under scored/."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keepfit.config import Pipeline
from keepfit.data.unread import Unread, sentence
from keepfit.errors import DataError
from keepfit.metrics.naming import seconds
from keepfit.serving.bundle.fallen import fallen_of
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.bundle.remarks import Remarks
from keepfit.serving.scoring.place import Notes, Place
from keepfit.store import files
from keepfit.store.store import Store

FORMAT = 1


@dataclass(frozen=True)
class Summary:
    """One batch."""

    pipeline: str
    job: str
    """A digest of the rows, the bundle and what is kept: the same batch, the same job."""
    out: str
    """For a person."""
    path: str
    """The file or folder; empty for a table."""
    kept: tuple[str, ...]
    """The columns of the rows that stand beside the answers."""
    rows: int
    """Lines."""
    bad: int
    """Of those, lines that are empty, as their rows could not be read."""
    parts: int
    again: int
    """Parts that were there already."""
    version: str
    bundle: str
    notes: tuple[str, ...]
    """What a person should read."""
    time: str
    """When it was made, ISO 8601."""
    seconds: float = 0.0
    rows_per_second: int = 0

    def timed(self, spent: float, fresh: int) -> Summary:
        """With the seconds it took; `fresh` rows were answered in this time."""
        return replace(self, seconds=round(spent, 3), rows_per_second=round(fresh / max(spent, 1e-9)))

    @property
    def is_new(self) -> bool:
        """Whether any of the rows had not been scored before."""
        return self.again < self.parts

    def __str__(self) -> str:
        """A sentence, and a line for each note."""
        did = "Scored" if self.is_new else "These rows were scored before:"
        speed = f" in {seconds(self.seconds)} ({self.rows_per_second:,} rows/s)" if self.is_new else ""
        first = f"{did} {self.rows - self.bad:,} rows with version {self.version}{speed}: {self.out}"
        return "\n".join([first, *self.notes])

    def json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def summary_of(
    config: Pipeline, model: ServedModel, place: Place, notes: Notes, said: list[str], job: str, again: int
) -> Summary:
    """The whole of all parts. Raises DataError where not one row could be read."""
    rows, bad = (sum(getattr(note, what) for note in notes.values()) for what in ("lines", "bad"))
    told = Remarks()
    for note in notes.values():
        told.add(Remarks.of(note.told))
    lines = [f"Note: {one}" for one in (*said, *told.sentences())]
    if bad:
        named = [Unread(*one) for number in sorted(notes) for one in notes[number].named]
        unreadable = sentence(named, rows, bad)
        if bad == rows:
            raise DataError(f"{unreadable}.", todo="Mend them, or name others.", where=place.name)
        lines.append(f"Warning: {unreadable}; their lines are empty.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Summary(
        pipeline=config.name, job=job, out=place.name, rows=rows, bad=bad, parts=len(notes), again=again,
        version=model.version, bundle=model.id, notes=tuple(lines), time=now, path=place.path, kept=notes[0].kept,
    )  # fmt: skip


def remember(store: Store, summary: Summary, notes: Notes, model: ServedModel) -> None:
    """Write scored/<time>-<job>.json, once a job: the summary, and where the rows fall."""
    folder = store / "scored"
    if any(folder.glob(f"*-{summary.job}.json")):
        return
    fallen = fallen_of(model)
    for note in notes.values():
        fallen.take(note.fallen)
    stamp = summary.time[:19].replace(":", "").replace("-", "")
    content = {"format": FORMAT, **summary.json(), "fallen": fallen.json()}
    files.write_json(folder / f"{stamp}-{summary.job}.json", content)


def newest(store: Store, bundle: str) -> tuple[Summary, dict[str, Any]] | None:
    """The newest batch that a bundle answered, and where its rows fall; None where there is none."""
    for path in sorted((store / "scored").glob("*.json"), reverse=True):
        found = _read(path)
        if found is not None and found[0].bundle == bundle:
            return found
    return None


def _read(path: Path) -> tuple[Summary, dict[str, Any]] | None:
    """One damaged record is passed over."""
    try:
        content = files.read_json(path)
        if content.pop("format") != FORMAT:
            return None
        fallen = content.pop("fallen")
        return Summary(**{**content, "notes": tuple(content["notes"]), "kept": tuple(content["kept"])}), fallen
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
