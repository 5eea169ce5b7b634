"""backfill.html beside the walk's store, and the same as markdown for Prefect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keepfit.backfill.told import WAYS, Backfilled, Difference, Told
from keepfit.metrics.naming import figure, gap, signed
from keepfit.redact import redacted
from keepfit.report.brief import chart as picture
from keepfit.report.brief import plain, table
from keepfit.report.headline import TONES
from keepfit.report.rendering import rendered
from keepfit.store import files

NAME = "backfill.html"
_RIGHT = {True: ("right", "good"), False: ("wrong", "bad"), None: ("", "none")}


def write(found: Backfilled, folder: Path) -> Backfilled:
    """Write the page into a folder: one file that loads nothing from elsewhere. Gives the same with its place."""
    page = rendered(
        "backfill.html",
        found=found,
        tone=_tone(found),
        chart=_chart(found),
        ways=_ways(found),
        names=[*WAYS.values()],
        rows=[_row(found, one) for one in found.periods],
    )
    files.write_bytes(folder / NAME, page.encode())
    return found.model_copy(update={"page": str(folder / NAME)})


def markdown(found: Backfilled) -> str:
    """The sentences, the chart and the table."""
    head, *ways = _ways(found)
    names = ["retrained", "verdict", "rows", "came next", *WAYS.values(), "challenger, afterwards"]
    rows = [
        (row["at"], f"**{row['outcome']}** {plain(row['reason'])}", row["rows"], row["coming"], *row["earned"],
         f"{row['challenger']} {row['right']}")
        for row in (_row(found, one) for one in found.periods)
    ]  # fmt: skip
    svg = _chart(found)
    parts = [
        f"# Backfill of {plain(found.pipeline)}, every {found.every}", found.sentence, *found.sentences,
        *([picture(svg)] if svg else []), table(head, ways), table(names, rows), f"Page `{found.page}`",
    ]  # fmt: skip
    return redacted("\n\n".join(parts))


def _chart(found: Backfilled) -> str:
    if not found.earned:
        return ""
    from keepfit.backfill.chart import chart

    return chart(found)


def _tone(found: Backfilled) -> str:
    never = found.against.get("never")
    return {"better": "good", "worse": "bad", "level": "hold"}[never.way] if never else "none"


def _ways(found: Backfilled) -> list[tuple[str, str, str]]:
    """The head and a line a way."""
    metric = found.metric
    lines = [("", f"{metric} of {found.rows:,} rows", "following is ahead by")]
    for way, name in WAYS.items():
        if way not in found.earned:
            continue
        one = found.against.get(way)
        ahead = _difference(metric, one) if one else ""
        lines.append((name, figure(metric, found.earned[way]), ahead))
    return lines


def _row(found: Backfilled, one: Told) -> dict[str, Any]:
    against, metric = one.challenger, found.metric
    right, tone = _RIGHT[one.was_right]
    return {
        "at": one.at,
        "report": one.report,
        "outcome": one.outcome,
        "reason": one.reason,
        "sentence": one.sentence,
        "tone": TONES.get(one.outcome, "none"),
        "rows": f"{one.rows:,}",
        "coming": f"{one.coming:,}",
        "earned": [figure(metric, one.earned[way]) if one.earned else "" for way in WAYS],
        "challenger": _difference(metric, against) if against else "",
        "right": right,
        "right_tone": tone,
    }


def _difference(metric: str, found: Difference) -> str:
    """`+2.1 points (+0.9 to +3.3)`."""
    return f"{gap(metric, found.difference, '+')} ({signed(metric, found.low)} to {signed(metric, found.high)})"
