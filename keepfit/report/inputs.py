"""The report's sections on what went in: the data's profile, and its validation. Empty where there is none."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from keepfit.features.lookup import words_of
from keepfit.metrics.naming import cell
from keepfit.quoting import cut, visible
from keepfit.report.facts import RunFacts
from keepfit.store.artifacts import PARTS

QUARANTINE, FAILED = "quarantine.parquet", "keepfit_failed"
ASIDE, CELLS = 10, 6
"""Rows in quarantine that are shown, and columns of them; so many rows that could not be read, too."""
LONG = 160
"""Characters of a place or a reason."""
COLUMNS = 60
"""Columns that are shown; of more the number is said."""


def data(facts: RunFacts) -> dict[str, Any]:
    """Rows a part, the target, and a profile of each column of the train rows."""
    profile = facts.read("preprocess", "profile.json", {})
    if not profile:
        return {}
    return {
        "rows": {part: profile["rows"][part] for part in PARTS},
        "target": facts.show.target(profile["target"]),
        "columns": [_column(c, profile["rows"]["train"]) for c in profile["columns"][:COLUMNS]],
        "more_columns": max(0, len(profile["columns"]) - COLUMNS),
    }


def _column(column: dict[str, Any], rows: int) -> dict[str, Any]:
    told = words_of(column["kind"]).told(column, rows)
    return {"name": column["name"], "kind": column["kind"], "leak": column.get("leak"), **asdict(told)}


def unread(facts: RunFacts) -> dict[str, Any]:
    """The first rows that could not be read: place among the source's rows, where they lie, why; empty without such."""
    from keepfit.data.identity import UNREAD  # they bring Arrow, which a short report does without
    from keepfit.data.unread import read_unread

    path = facts.folder("ingest") / UNREAD
    found = read_unread(path)
    if not found:
        return {}
    rows = [(one.row, cut(visible(one.where), LONG), cut(visible(one.reason), LONG)) for one in found[:ASIDE]]
    return {"path": str(path), "count": len(found), "rows": rows}


def validation(facts: RunFacts) -> dict[str, Any]:
    """Each expectation and what came of it, those that were not met first."""
    checks = facts.checks
    rows = [
        {
            "text": c["expectation"],
            "severity": c.get("severity", ""),
            "passed": c["passed"],
            "found": f"{c['unexpected']:,} of {c['rows']:,} rows" if c.get("unexpected") else "",
        }
        for c in sorted(checks, key=lambda c: c["passed"])
    ]
    if not rows:
        return {}
    met = sum(row["passed"] for row in rows)
    return {"rows": rows, "met": met, "quarantined": _quarantined(facts)}


def _quarantined(facts: RunFacts) -> int:
    ended, stopped = facts.artifact("validate"), facts.run.folder / "validation" / QUARANTINE
    if ended or not stopped.is_file():
        return int(ended.get("quarantined", 0))
    import pyarrow.parquet as pq  # only where it is needed: a run with nothing new shall be cheap

    return int(pq.read_metadata(stopped).num_rows)


def quarantine(facts: RunFacts) -> dict[str, Any]:
    """The first rows put aside, with what they failed and their first columns; empty where there are none."""
    kept = (facts.run.folder / "validation" / QUARANTINE, facts.folder("validate") / QUARANTINE)
    path = next((path for path in kept if path.is_file()), None)
    if path is None or not _quarantined(facts):
        return {}
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = [n for n in file.schema_arrow.names if not n.startswith("keepfit_")][:CELLS]
        first = next(file.iter_batches(ASIDE, columns=[*names, FAILED])).to_pylist()
    rows = [{"failed": "; ".join(row[FAILED]), "cells": [cell(row[name]) for name in names]} for row in first]
    return {"path": str(path), "columns": names, "rows": rows}
