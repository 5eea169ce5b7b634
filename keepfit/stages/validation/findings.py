"""What came of the expectations, in figures and in words, and whether a run may go on with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from keepfit.config import Expectation, Validation
from keepfit.config.expectations import columns_of
from keepfit.data.unread import Unread
from keepfit.data.unread import sentence as unread_sentence
from keepfit.errors import DataError
from keepfit.quoting import some
from keepfit.store.stage import Room

_WIDEST = 80
_PREFIXES = ("expect_column_pair_", "expect_select_column_", "expect_column_", "expect_")
_HIDDEN = ("column", "column_A", "column_B", "condition_parser")


@dataclass(frozen=True)
class Finding:
    """What came of one expectation."""

    expectation: Expectation
    passed: bool
    rows: int | None
    """Rows considered; None where the expectation judges a whole column or table."""
    unexpected: int | None
    """Those of them that fail."""
    observed: Any
    """The figure an expectation on a whole column or table looked at."""

    def check(self) -> dict[str, Any]:
        """The entry in checks.json."""
        return {
            "expectation": sentence(self.expectation),
            "type": self.expectation.type,
            "kwargs": plain(self.expectation.kwargs),
            "severity": self.expectation.severity,
            "passed": self.passed,
            "rows": self.rows,
            "unexpected": self.unexpected,
            "share": self.unexpected / self.rows if self.rows and self.unexpected is not None else None,
            "observed": self.observed,
        }


@dataclass(frozen=True)
class Findings:
    """The checks as they stand in checks.json, and what to tell of them."""

    checks: list[dict[str, Any]] = field(default_factory=list)
    quarantined: int = 0
    examples: dict[int, str] = field(default_factory=dict)
    """First failing rows in words, by the expectation's place in the suite."""

    def failed(self, *severities: str) -> list[str]:
        """Each expectation of these severities that was not met, with how many rows and which."""
        return [
            self._told(place, check)
            for place, check in enumerate(self.checks)
            if not check["passed"] and check["severity"] in severities
        ]

    def _told(self, place: int, check: dict[str, Any]) -> str:
        if check["unexpected"] is None:
            observed = "" if check["observed"] is None else f", found {_short(_figure(check['observed']), 120)}"
            return f"{check['expectation']}{observed}"
        bad = f"{check['unexpected']:,} of {check['rows']:,} rows ({check['share']:.2%})"
        examples = f", such as {self.examples[place]}" if place in self.examples else ""
        return f"{check['expectation']}: {bad}{examples}"

    def remarks(self, kept: Path) -> Iterator[str]:
        """What a person should read even when the run goes on; `kept` is where the rows left out lie."""
        for told in self.failed("critical", "warning"):
            yield f"not met: {told}"
        for told in self.failed("info"):
            yield f"for information: {told}"
        if self.quarantined:
            yield f"rows left out: {self.quarantined:,}, kept in {kept}"


def reason_to_stop(found: Findings, rows: int, unread: Sequence[Unread], settings: Validation) -> str:
    """Why the run must not go on, in a sentence; empty where it may.

    `rows` are all the rows that were checked, `unread` those that never came so far: one budget holds for both. With
    `stop: false` only a run that has no row left stops.
    """
    if found.quarantined == rows:
        return f"no row is left to learn from: {some(found.failed('critical', 'warning'))}."
    if not settings.stop:
        return ""
    if critical := found.failed("critical"):
        count = "a critical expectation was" if len(critical) == 1 else f"{len(critical)} critical expectations were"
        return f"{count} not met: {some(critical)}."
    whole = rows + len(unread)
    share = (found.quarantined + len(unread)) / whole
    if share > settings.max_bad_share:
        allowed = f"validation.max_bad_share allows {settings.max_bad_share:.2%}"
        failed = [f"{found.quarantined:,} of {whole:,} rows failed"] if found.quarantined else []
        failed += [unread_sentence(unread, whole)] if unread else []
        why = f": {some(found.failed('warning'))}" if found.quarantined else ""
        return f"{' and '.join(failed)} ({share:.2%}), and {allowed}{why}."
    return ""


def stopped(sentence: str, found: Findings, room: Room, kept: Path, unread: Path | None) -> DataError:
    """The error that ends the run, with where the rows are and what can be done."""
    if unread and not found.failed("critical", "warning"):
        allowed = f"All of them are named in {unread}."
        todo = "Mend or remove them, or go on without them with a larger validation.max_bad_share."
    elif found.quarantined:
        allowed = f"The rows that failed are in {kept / 'quarantine.parquet'}."
        todo = "Mend the source, change the expectation, or go on without these rows with validation.stop: false."
    else:
        allowed = f"What was found stands in {kept / 'checks.json'}."
        todo = "Mend the source or change the expectation, or go on all the same with validation.stop: false."
    return DataError(
        sentence,
        allowed=allowed,
        todo=todo,
        where=suite_file(room) if room.config.validation.expectations else str(room.config.file),
    )


def suite_file(room: Room) -> str:
    """The file the expectations stand in."""
    return str(room.config.resolve(room.config.validation.expectations or ""))


def sentence(expectation: Expectation) -> str:
    """A short sentence, such as `age: values to be between (min_value 0, max_value 120)`."""
    columns = columns_of(expectation)
    prefix = next((p for p in _PREFIXES if expectation.type.startswith(p)), "")
    verb = expectation.type.removeprefix(prefix).replace("_", " ")
    hidden = (*_HIDDEN, "column_list") if columns else ("condition_parser",)
    given = ", ".join(f"{k} {_short(_listed(v), _WIDEST)}" for k, v in expectation.kwargs.items() if k not in hidden)
    subject = f"{', '.join(columns)}: " if columns else ""
    return f"{subject}{verb}" + (f" ({given})" if given else "")


def plain(value: Any) -> Any:
    """A value of Great Expectations as JSON takes it; of bytes only the length, since pictures are bytes."""
    return json.loads(json.dumps(value, default=_plain, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    for method in ("item", "to_json_dict"):  # numpy's scalars, and the library's own results
        if hasattr(value, method):
            return getattr(value, method)()
    return str(value)


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _figure(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
