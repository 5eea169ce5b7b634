"""The report's essentials as markdown: what a Prefect artifact renders, charts as base64 images."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable

from keepfit.report import headline, inputs, results
from keepfit.report.facts import RunFacts
from keepfit.store.run import Run

LIMIT = 900_000
"""Characters; Prefect keeps an artifact up to 1 MB. Charts that do not fit are left out."""


def brief(run: Run, address: str) -> str:
    """Verdict, score, what changed, validation, curves and where it is wrong."""
    facts = RunFacts(run)
    head = headline.head(facts)
    parts = [f"# {head['title']}", plain(head["sentence"]), *_score(facts), *_stages(facts), *_seen(facts)]
    if not facts.made_a_model:
        parts += _validation(facts)
    elif not facts.nothing_new:
        parts += [*_validation(facts), *_errors(facts), *_charts(facts)]
    made = ""
    for part in [*parts, _where(run, address)]:
        made += f"{part}\n\n" if len(made) + len(part) < LIMIT else ""
    return made


def _where(run: Run, address: str) -> str:
    """A link where the report is served; a browser opens no file of another machine."""
    there = f"[the whole report]({address})" if address.startswith("http") else f"report `{address}`"
    return f"Run `{run.id}`, {there}"


def _score(facts: RunFacts) -> list[str]:
    score = headline.score(facts)
    if not score:
        return []
    rows = [("**this model**", f"**{score['value']}**", score["span"])]
    rows += [(plain(other["name"]), other["text"], "") for other in score["others"]]
    scores = table((f"test {score['metric']}, {score['rows']:,} rows", "", "interval"), rows)
    return [*filter(None, (scores, plain(facts.show.measured(facts.metrics))))]


def _stages(facts: RunFacts) -> list[str]:
    rows = [(s["name"], s["state"], plain(s["reason"]), s["seconds"]) for s in headline.stages(facts)]
    return ["## What changed since the last run", table(("stage", "", "why", "time"), rows)]


def _seen(facts: RunFacts) -> list[str]:
    told = "\n".join(f"- {plain(note)}" for note in facts.seen)
    return ["## Seen in the data", told] if told else []


def _validation(facts: RunFacts) -> list[str]:
    found = inputs.validation(facts)
    if not found:
        return []
    failed = [(row["severity"], plain(row["text"]), row["found"]) for row in found["rows"] if not row["passed"]]
    told = f"{found['met']} of {len(found['rows'])} expectations met; {found['quarantined']:,} rows in quarantine."
    return ["## Validation", told, *([table(("severity", "not met", "rows"), failed)] if failed else [])]


def _errors(facts: RunFacts) -> list[str]:
    """The first table of where it is wrong."""
    return [
        f"## {one.title}\n\n{table(one.head, [tuple(map(plain, row)) for row in one.rows])}"
        for one in facts.show.errors(facts.metrics).tables[:1]
    ]


def _charts(facts: RunFacts) -> list[str]:
    return [chart(svg) for svg in results.charts(facts) + facts.show.curves(facts.metrics).charts]


def chart(svg: str) -> str:
    """A chart as an image inside the markdown."""
    from keepfit.problems import drawing

    content = base64.b64encode(drawing.plain(svg).encode()).decode()
    return f"![chart](data:image/svg+xml;base64,{content})"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in markdown."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(text: str) -> str:
    """Text from the data as text: nothing in it is taken for markdown or HTML, and no line ends a table."""
    flat = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_{}[]#|!~" else c for c in flat)
