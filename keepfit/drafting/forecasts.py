"""The draft of forecasts: a table whose rows are points of series, in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from keepfit.config.sets import FEATURES
from keepfit.config.source import HISTORY
from keepfit.data.sources.opening import Reading
from keepfit.drafting.asking import Asking
from keepfit.drafting.drafted import Drafted, name_of, written
from keepfit.drafting.forms import with_forms
from keepfit.drafting.kinds import choose
from keepfit.drafting.looking import head, look
from keepfit.drafting.target import Asked, find_target, told_of
from keepfit.drafting.ties import Tied
from keepfit.drafting.yaml_text import SourceLines, family_for, pipeline_text, scalar
from keepfit.errors import ConfigError, DataError
from keepfit.features.column import Choice, ColumnFacts, facts_of, full
from keepfit.features.lookup import kind_of
from keepfit.features.series import times_of_points
from keepfit.features.times import Times
from keepfit.problems.target import Recognised

_DAY = 86_400_000_000
"""In microseconds, which dates are counted in."""
_LENGTHS = ((_DAY / 12, 72), (5 * _DAY, 28), (20 * _DAY, 104), (80 * _DAY, 36), (300 * _DAY, 12))
"""Points apart by less than this → so many are looked back at: three days of hours, four weeks of days, two years of
weeks, three of months and of quarters."""
_OTHERS = 24
"""Looked back at where points have no dates, or are years."""
_SHARE = 4
"""Of the points of a series a window takes one in so many, at most."""
_FEWEST = 20


@dataclass(frozen=True)
class _Points:
    """Which column says when a point is, and which of what series."""

    time: ColumnFacts
    times: Times
    by: ColumnFacts | None = None

    @property
    def each(self) -> int:
        """Points of a series in the middle."""
        return int(np.median(self.by.counts)) if self.by else len(self.times)

    def length(self, horizon: int) -> int:
        """Values that a forecast is made from."""
        steps = np.diff(np.unique(self.times))
        usual = float(np.median(steps)) if len(steps) else 0.0
        dated = usual > 1e5  # no number of steps or of years is so large
        wanted = next((length for step, length in _LENGTHS if usual < step), _OTHERS) if dated else _OTHERS
        return max(2, min(wanted, (self.each - horizon) // _SHARE))


def plan_forecast(path: Path, named: str | None, place: Path, reading: Reading, asking: Asking) -> Drafted:
    """Look at a table, and find when its points are and of which series. The target is `named`, or the one number.

    Raises ConfigError where no column says when, or several could be the target; DataError where points are few.
    """
    seen = look(path, reading)
    columns = with_forms(facts_of(seen.batches), seen.opened.batches if seen.cut else None)
    choices = {column.name: choose(column, _untied(column)) for column in columns}
    if named:
        find_target(columns, named, str(path), headless=seen.opened.headless)
    time = _time(columns, choices, named, str(path))
    target = _target([column for column in columns if column is not time], choices, named, str(path))
    points = _series(time, [column for column in columns if column not in (time, target)], seen.batches, str(path))
    if points.each < _FEWEST + asking.horizon:
        raise DataError(
            f"a series has {points.each} points.",
            allowed=f"To learn, to choose and to judge take {_FEWEST + asking.horizon} at least.",
            todo="Add points, or name the column that tells series apart in source.window.by of the YAML.",
            where=str(path),
        )
    length, by = points.length(asking.horizon), f", by: {scalar(points.by.name)}" if points.by else ""
    window = f"{{time: {scalar(time.name)}{by}, length: {length}, horizon: {asking.horizon}}}"
    more = (f"window: {window}  # values that a forecast is made from, and those that it is of",)
    source = SourceLines(
        written(path, place),
        sheet=reading.sheet,
        columns=seen.opened.columns if seen.opened.headless or reading.columns else None,
        encoding=reading.encoding,
        said=reading.columns is not None,
        more=more,
    )
    found = Recognised(_told(points), settings={"format": choices[target.name].form})
    asked = Asked(target, asking.problem, found, named=True)
    kind = next(kind for kind in FEATURES.names() if kind_of(kind).is_series)
    history = Choice(HISTORY, kind, "the values up to a point")
    text = pipeline_text(
        name_of(path), source, asked, [history], family_for([kind]), head(path, target.rows, seen), time=time.name
    )
    said = [
        asked.sentence,
        *seen.opened.notes,
        *_others(columns, choices, points, target),
        *told_of(target, target.name),
    ]
    return Drafted(text, [full(HISTORY)], target.name, 1, said)


def _untied(column: ColumnFacts) -> Tied:
    return np.zeros(column.rows, np.int64), 1


def _is_moment(choice: Choice) -> bool:
    return choice.kind is not None and kind_of(choice.kind).is_moment


def _time(columns: list[ColumnFacts], choices: dict[str, Choice], named: str | None, where: str) -> ColumnFacts:
    """The first column of dates, or of numbers that only rise."""
    others = [column for column in columns if column.name != named]
    dated = [column for column in others if _is_moment(choices[column.name])]
    counting = [c for c in others if c.number_share == 1 and not c.missing and (np.diff(c.numbers) > 0).all()]
    for found in (*dated, *counting):
        return found
    raise ConfigError(
        "no column says when its rows are.",
        allowed="Forecasts need a column of dates, or of numbers that rise from row to row.",
        todo="Write source.window.time into a YAML of your own, if numbers that do not rise are times.",
        where=where,
    )


def _target(others: list[ColumnFacts], choices: dict[str, Choice], named: str | None, where: str) -> ColumnFacts:
    """The one that is named, or the only column of quantities."""
    fit = [column for column in others if _is_quantity(column, choices[column.name])]
    if named:
        fit = [column for column in others if column.name == named and column.number_share > 0]
    if len(fit) == 1:
        return fit[0]
    names = ", ".join(column.name for column in others[:40])
    raise ConfigError(
        f'"{named}" holds no numbers.' if named else f"{len(fit) or 'no'} columns could be the one to forecast.",
        allowed=f"There are: {names}.",
        todo="Name one of numbers with --target.",
        where=where,
    )


def _is_quantity(column: ColumnFacts, choice: Choice) -> bool:
    """Also whole numbers that are all different, which name the rows of other tables."""
    return not _is_moment(choice) and column.number_share == 1 and column.distinct > 2


def _series(time: ColumnFacts, others: list[ColumnFacts], batches: Sequence[pa.RecordBatch], where: str) -> _Points:
    """One series, or those that a column of names tells apart, so that none has two points at a time."""
    times, _ = times_of_points(pa.chunked_array([batch[time.name] for batch in batches]), time.name)
    there = np.isfinite(times)
    if len(np.unique(times[there])) == there.sum():
        return _Points(time, times)
    for column in sorted(others, key=lambda column: column.distinct):
        pairs = np.stack([times[there], column.codes[there]], 1)
        if 1 < column.distinct <= column.rows // _FEWEST and len(np.unique(pairs, axis=0)) == len(pairs):
            return _Points(time, times, column)
    raise DataError(
        f'times in "{time.name}" are there twice, and no column tells series apart.',
        allowed="A series has one value a time.",
        todo="Take the double points out, or add a column with the name of the series.",
        where=where,
    )


def _told(points: _Points) -> str:
    several = f" in {points.by.distinct:,} series" if points.by else ""
    return f"{len(points.times):,} points{several}, ordered by {points.time.name}"


def _others(columns: list[ColumnFacts], choices: dict[str, Choice], points: _Points, target: ColumnFacts) -> list[str]:
    """What a person may add."""
    taken = {target.name, points.time.name, points.by.name if points.by else ""}
    names = [column.name for column in columns if column.name not in taken and choices[column.name].kind]
    if not names:
        return []
    return [f"Features are the values before alone; a column known at each point may stand beside: {', '.join(names)}."]
