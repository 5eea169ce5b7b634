"""The draft of a table: kinds, expectations, and what is odd about its columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from keepfit.config.sets import FEATURES
from keepfit.data.sources.opening import Reading
from keepfit.data.unread import sentence
from keepfit.drafting.drafted import Drafted, name_of, written
from keepfit.drafting.forms import with_forms
from keepfit.drafting.kinds import choose
from keepfit.drafting.label_columns import label_columns
from keepfit.drafting.learnable import learnable, refuse_few
from keepfit.drafting.looking import Seen, head, look
from keepfit.drafting.points import LongForm, long_form
from keepfit.drafting.runs import runs, span
from keepfit.drafting.suggestions import expectations_of
from keepfit.drafting.target import Asked, ask, find_target, spelled_out, told_of
from keepfit.drafting.ties import Tied, leaks
from keepfit.drafting.yaml_text import SourceLines, family_for, pipeline_text
from keepfit.errors import DataError
from keepfit.features.column import Choice, ColumnFacts, facts_of
from keepfit.features.lookup import kind_of
from keepfit.problems.lookup import target_column
from keepfit.stages.ingest.source_columns import refuse_ours


def plan_table(
    path: Path,
    named: str | None,
    test: Path | None,
    place: Path,
    reading: Reading,
    source: SourceLines | None = None,
    problem: str | None = None,
    form: LongForm | None = None,
) -> Drafted:
    """Look at a table, and at the publisher's test file if there is one, and choose.

    `source` is what the YAML says of it, where that is no path; `problem` is what is asked, where a person says it;
    `form` is that of a table whose lines are points of series.
    """
    seen = look(path, reading, form.points if form else None)
    refuse_ours(seen.opened.columns, str(path))
    columns = with_forms(facts_of(seen.batches), seen.opened.batches if seen.cut else None)
    target = spelled_out(find_target(columns, named, str(path), headless=seen.opened.headless), seen.batches)
    if form is None and not seen.opened.headless and (found := long_form(columns, target)):
        drafted = plan_table(path, target.name, test, place, reading, source, problem, found)
        return replace(drafted, said=[*told_of(target, named), *found.said(), *drafted.said])
    columns = [column for column in columns if form is None or column.name not in form.left]
    asked = ask(target, str(path), problem)
    tied = target_column(asked.problem).codes(target)
    refuse_few(asked, str(path))
    series = runs([column for column in columns if column.name != target.name])
    within = {column.name for run in series for column in run}
    columns = [column for column in columns if column.name not in within]
    choices = [learnable(choose(c, tied), c, target) for c in columns if c.name != target.name]
    choices += [_series(run, place) for place, run in enumerate(series)]
    kinds = {choice.name: choice.kind for choice in choices if choice.kind}
    if not kinds:
        why = "; ".join(f'"{choice.name}": {choice.comment}' for choice in choices[:5])
        raise DataError(
            f"no column is left to predict from ({why}).",
            allowed="Numbers, dates, booleans, categories and pictures are learned from.",
            todo="Add a column of one of these.",
            where=str(path),
        )
    said = _said(seen, asked, named, choices)
    said += [*_leaks(columns, target.name, tied, kinds), *label_columns(target, columns)]
    everything, whole = columns, target
    if test:
        tested = _look_at_test(test, seen, replace(reading, target=target.name), form)
        both = {column.name: column for column in facts_of(seen.batches + tested.batches)}
        everything = [replace(both[column.name], looked=column.looked) for column in columns]
        whole, more = _with_test(everything, asked)
        said += more
    source = replace(
        source or SourceLines(written(path, place), sheet=reading.sheet),
        test=written(test, place) if test else None,
        columns=(reading.columns if form else seen.opened.columns) if seen.opened.headless or reading.columns else None,
        encoding=reading.encoding,
        said=reading.columns is not None,
        more=(form.line(),) if form else (),
    )
    text = pipeline_text(
        name_of(path), source, asked, choices, family_for(kinds.values()), head(path, target.rows, seen)
    )
    facts = {column.name: column for column in everything}
    single = {name: kind for name, kind in kinds.items() if name in facts}
    lines = expectations_of(single, facts, whole, asked.problem)
    return Drafted(text, lines, target.name, len(kinds), said)


def _series(run: list[ColumnFacts], place: int) -> Choice:
    """Columns that are the steps of one series, as one feature."""
    name = f"series_{place + 1}" if place else "series"
    kind = next(kind for kind in FEATURES.names() if kind_of(kind).is_series)
    told = (
        f"The columns {run[0].name} to {run[-1].name}, most like those beside them, are taken as the steps of one "
        f'series, the feature "{name}"; name them singly in features to learn from each as a number.'
    )
    comment = f"{len(run):,} columns, each a step, most like those beside it"
    return Choice(name, kind, comment, told, may_all_differ=True, columns=span(run))


def _look_at_test(test: Path, seen: Seen, reading: Reading, form: LongForm | None) -> Seen:
    columns = seen.opened.columns
    reading = replace(reading, columns=columns) if seen.opened.headless else reading
    tested = look(test, reading, form.points if form else None)
    lacking = [name for name in columns if name not in tested.opened.columns]
    if lacking:
        raise DataError(
            f'the test file has no column "{lacking[0]}".', todo="Give one with the same columns.", where=str(test)
        )
    return Seen(tested.opened, [batch.select(list(columns)) for batch in tested.batches], tested.cut)


def _said(seen: Seen, asked: Asked, named: str | None, choices: list[Choice]) -> list[str]:
    opened, target = seen.opened, asked.column
    said = [*opened.notes, *opened.later]
    if opened.unread:
        said.append(f"{sentence(opened.unread, seen.rows + len(opened.unread))}; left out.")
    if seen.cut:
        said.append(f"Only the first {seen.rows:,} rows were looked at.")
    if opened.headless and opened.columns[:1] == ("column_1",):
        said.append("The file has no header line, so its columns are called column_1, column_2 and so on.")
    said += told_of(target, named)
    said += [choice.said for choice in choices if choice.said]
    return [asked.sentence, *said, *asked.found.said]


def _leaks(columns: list[ColumnFacts], target: str, tied: Tied, kinds: dict[str, str]) -> list[str]:
    told = [
        c
        for c in columns
        if c.name in kinds and c.distinct and leaks(c, tied, as_number=kind_of(kinds[c.name]).is_quantity)
    ]
    return [
        f'The feature "{c.name}" nearly determines the target "{target}" on its own: '
        "if it is known only afterwards, take it out of features."
        for c in told
    ]


def _with_test(everything: list[ColumnFacts], asked: Asked) -> tuple[ColumnFacts, list[str]]:
    """The target of both files, and what to say of values that are names and that only the test file has."""
    whole = next(column for column in everything if column.name == asked.column.name)
    return target_column(asked.problem).joined(asked.column, whole)
