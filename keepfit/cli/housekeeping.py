"""`keepfit history`, `keepfit rollback`, `keepfit prune`: what was live, back to it, and what can go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from keepfit.cli.saying import say

if TYPE_CHECKING:
    from keepfit.serving.history import History, Score, Term
    from keepfit.serving.prune import Pruned

SCORES = 20
"""The newest that a person is shown; --json has all."""
ITEMS = 10
"""So many of a kind are named before a prune; --json has all."""


def history(pipeline: Path, /, *, json: bool = False) -> None:
    """Tell which model was in service when and why, and how good models were over time.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    json
        Print all of it as one JSON object, with every decision, for a program to read.
    """
    from keepfit import config
    from keepfit.serving.history import history_of

    told = history_of(config.load(pipeline))
    for line in [told.model_dump_json(indent=2)] if json else _past(told, pipeline):
        say(line)


def rollback(
    pipeline: Path, /, *, to: str = "", reason: str = "rolled back on the command line", json: bool = False
) -> None:
    """Put the previous model back in service and bar the present one from coming back by itself.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    to
        An earlier model than the one before: its version, or six or more letters of its bundle's id.
    reason
        Why; it is journalled.
    json
        Print what was done as one JSON object, for a program to read.
    """
    from json import dumps

    from keepfit import config
    from keepfit.serving.rollback import rollback as roll_back

    done = roll_back(config.load(pipeline), reason, to)
    say(dumps(done.json(), indent=2, ensure_ascii=False) if json else str(done))


def prune(pipeline: Path, /, *, yes: bool = False, json: bool = False) -> None:
    """Say what of the store nothing needs any more, and with --yes take it away; retention in the YAML says what stays.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    yes
        Take it away; without it, nothing is changed.
    json
        Print it as one JSON object, for a program to read.
    """
    from json import dumps

    from keepfit import config
    from keepfit.serving.prune import prune as take_away
    from keepfit.serving.prune import pruning

    told = (take_away if yes else pruning)(config.load(pipeline))
    for line in [dumps(told.json(), indent=2, ensure_ascii=False)] if json else _gone(told, pipeline):
        say(line)


def _gone(told: Pruned, pipeline: Path) -> Iterator[str]:
    from itertools import groupby

    from keepfit.quoting import size
    from keepfit.serving.prune import counted

    for kind, of in groupby(told.items, lambda item: item.kind):
        items = list(of)
        yield f"{counted(kind, len(items))}, {size(sum(item.bytes for item in items))}:"
        for item in items if len(items) <= ITEMS else items[: ITEMS - 1]:
            yield f"    {item.name}  {size(item.bytes)}"
        if len(items) > ITEMS:
            yield f"    and {len(items) - ITEMS + 1:,} more"
    if told.retired:
        word = "No rollback can bring back any more" if told.done else "No rollback could then bring back"
        yield f"{word}: bundle {', bundle '.join(told.retired)}"
    yield told.sentence
    if told.items and not told.done:
        yield f"Nothing was changed. To do it:  keepfit prune {pipeline} --yes"


def _past(told: History, pipeline: Path) -> Iterator[str]:
    if not told.decisions:
        yield f"Nothing was decided on {told.pipeline} yet. Next:  keepfit run {pipeline}"
        return
    if told.terms:
        yield f"In service of {told.pipeline}, the newest first (UTC):"
    else:
        yield f"No model of {told.pipeline} was in service yet."
    for term in told.terms:
        yield from _term(term, told.metric)
    yield ""
    yield from _scores(told)


def _term(term: Term, metric: str) -> Iterator[str]:
    from keepfit.metrics.naming import figure, metric_name

    score = "" if term.score is None else f", {metric_name(metric)} {figure(metric, term.score)}"
    until = _minute(term.ended) if term.ended else "now"
    run = f", run {term.run}" if term.run else ""
    yield f"{_minute(term.began)} to {until}: version {term.version}, bundle {term.bundle}{score}{run}"
    yield f"    {term.how}: {term.sentence}"


def _scores(told: History) -> Iterator[str]:
    from keepfit.metrics.naming import figure, metric_name

    verdicts = {one.run: f"{one.outcome} {one.reason}" for one in told.decisions if one.run}
    if not told.scores:
        return
    yield f"{metric_name(told.metric)[0].upper()}{metric_name(told.metric)[1:]}, the newest first:"
    for score in told.scores[:SCORES]:
        what = verdicts.get(score.run, "of the model in service")
        value = figure(told.metric, score.value)
        yield f"{_minute(score.time)}  {value}  {_rows(score)}, {what}, bundle {score.bundle}"
    if len(told.scores) > SCORES:
        yield f"and {len(told.scores) - SCORES:,} older; --json has them all."


def _rows(score: Score) -> str:
    return f"test rows of run {score.run}" if score.run else "rows whose truth came later"


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")
