"""Whether a run may go on with what its validation found."""

from __future__ import annotations

from pathlib import Path

from keepfit.config import Validation
from keepfit.errors import DataError
from keepfit.run import Room
from keepfit.validation.findings import Outcome

_NAMED = 3
"""So many failed expectations are told in full; the rest are counted."""


def reason_to_stop(found: Outcome, rows: int, settings: Validation) -> str:
    """Why the run must not go on, in a sentence; empty where it may.

    `rows` are all the rows that were checked. With `stop: false` only a run that has no row left stops.
    """
    if found.quarantined == rows:
        return f"no row is left to learn from: {_told(found.failed('critical', 'warning'))}."
    if not settings.stop:
        return ""
    if critical := found.failed("critical"):
        count = "a critical expectation was" if len(critical) == 1 else f"{len(critical)} critical expectations were"
        return f"{count} not met: {_told(critical)}."
    share = found.quarantined / rows
    if share > settings.max_bad_share:
        allowed = f"validation.max_bad_share allows {settings.max_bad_share:.2%}"
        failed = f"{found.quarantined:,} of {rows:,} rows failed ({share:.2%})"
        return f"{failed}, and {allowed}: {_told(found.failed('warning'))}."
    return ""


def _told(sentences: list[str]) -> str:
    more = f"; and {len(sentences) - _NAMED} more" if len(sentences) > _NAMED else ""
    return "; ".join(sentences[:_NAMED]) + more


def stopped(sentence: str, found: Outcome, room: Room, kept: Path) -> DataError:
    """The error that ends the run, with where the rows are and what can be done."""
    if found.quarantined:
        allowed = f"The rows that failed are in {kept / 'quarantine.parquet'}."
        todo = "Mend the source, change the expectation, or go on without these rows with validation.stop: false."
    else:
        allowed = f"What was found stands in {kept / 'checks.json'}."
        todo = "Mend the source or change the expectation, or go on all the same with validation.stop: false."
    return DataError(
        sentence,
        allowed=allowed,
        todo=todo,
        where=suite_file(room),
    )


def suite_file(room: Room) -> str:
    """The file the expectations stand in."""
    return str(room.config.resolve(room.config.validation.expectations or ""))
