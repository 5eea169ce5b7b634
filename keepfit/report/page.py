"""report.html: the sections filled into the template."""

from __future__ import annotations

from typing import Any

from keepfit.report import headline, inputs, results
from keepfit.report.facts import RunFacts
from keepfit.report.lineage import compared, lineage
from keepfit.report.rendering import rendered
from keepfit.store.run import Run

SECTIONS = {
    "score": "Score", "compared": "Champion", "changes": "What changed", "seen": "Seen", "data": "Data",
    "validation": "Validation", "training": "Training", "errors": "Errors", "curves": "Curves", "slices": "Slices",
    "importance": "Columns", "telling": "Telling parts", "worst": "Worst predictions",
    "typical": "Typical predictions",
    "lineage": "Lineage",
}  # fmt: skip
ALWAYS = ("score", "compared", "changes", "lineage")


def html(run: Run) -> str:
    """The whole page."""
    facts = RunFacts(run)
    filled: dict[str, Any] = {
        "head": headline.head(facts),
        "score": headline.score(facts),
        "changes": headline.stages(facts),
        "seen": facts.seen,
        "compared": compared(facts),
        "lineage": lineage(facts),
        **(_nothing() if facts.nothing_new else _details(facts) if facts.made_a_model else _inputs(facts)),
    }
    there = [(name, title) for name, title in SECTIONS.items() if filled[name]]
    return rendered("report.html", sections=there, **filled)


def _nothing() -> dict[str, Any]:
    return {
        name: None
        for name in (*SECTIONS, "metrics", "quarantine", "unread")
        if name not in ("score", "compared", "changes", "seen", "lineage")
    }


def _inputs(facts: RunFacts) -> dict[str, Any]:
    """Of a run that ended early, or made no model: what went in, as far as it came."""
    return {**_nothing(), "score": None, "data": inputs.data(facts), **_bad_rows(facts)}


def _bad_rows(facts: RunFacts) -> dict[str, Any]:
    return {
        "unread": inputs.unread(facts),
        "validation": inputs.validation(facts),
        "quarantine": inputs.quarantine(facts),
    }


def _details(facts: RunFacts) -> dict[str, Any]:
    from keepfit.report.worst import typical, worst

    errors, curves = facts.show.errors(facts.metrics), facts.show.curves(facts.metrics)
    return {
        "metrics": headline.table(facts),
        "measured": facts.show.measured(facts.metrics),
        "classical": facts.artifact("evaluate").get("classical") or "classical baseline",
        "guess": facts.run.config.problem.guess,
        "data": inputs.data(facts),
        **_bad_rows(facts),
        "training": {
            "figures": results.training(facts),
            "charts": results.charts(facts),
            "members": results.members(facts),
            "changed": results.changed(facts),
        },
        "errors": errors if errors.tables or errors.matrix else None,
        "curves": curves if curves.charts else None,
        "slices": results.slices(facts),
        "importance": results.importance(facts),
        "telling": results.telling(facts),
        "worst": worst(facts),
        "typical": typical(facts),
    }
