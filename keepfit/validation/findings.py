"""What came of the expectations, in figures and in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from keepfit.config import Expectation
from keepfit.validation.words import sentence


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
class Outcome:
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
            observed = "" if check["observed"] is None else f", found {_short(check['observed'])}"
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


def _short(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
