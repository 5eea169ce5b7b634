"""Series in long form: a table whose lines are the points of series, told by a target that each series has once.

N lines, S series.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config.source import Points
from keepfit.drafting.yaml_text import scalar
from keepfit.errors import DataError
from keepfit.features.column import ColumnFacts
from keepfit.features.series import times_of_points
from keepfit.features.times import Times

_SERIES = 40
"""That there must be, at least."""
_POINTS = 8
"""Of a series in the middle."""
_CHANNELS = 64


@dataclass(frozen=True)
class LongForm:
    """What the columns of such a table are."""

    points: Points
    left: tuple[str, ...]
    """Columns that differ within a series and are no numbers."""
    series: int

    def line(self) -> str:
        """The setting of the YAML."""
        points = self.points
        said = {"id": scalar(points.id), "time": scalar(points.time), "values": _listed(points.values)}
        if points.channel is not None:
            said |= {"channel": scalar(points.channel), "channels": _listed(points.channels)}
        return f"points: {{{', '.join(f'{key}: {value}' for key, value in said.items())}}}"

    def said(self) -> list[str]:
        """What a person should read."""
        points = self.points
        told = [
            f'Each of the {self.series:,} values of "{points.id}" is taken for a series, whose points are the lines in '
            f'the order of "{points.time}", as the target is the same in all of them; take source.points out of the '
            "YAML and name the columns in features to learn from each line by itself."
        ]
        if self.left:
            told.append(f"Left, as they differ within a series and are no numbers: {', '.join(self.left)}.")
        return told


def long_form(columns: list[ColumnFacts], target: ColumnFacts) -> LongForm | None:
    """The finest column by which the lines are series with one value of the target each; None where none is."""
    others = [column for column in columns if column.name != target.name and not column.missing and column.distinct > 1]
    for by in sorted(others, key=lambda column: -column.distinct):
        if _names_series(by, target):
            rest = [column for column in others if column is not by and _pairs(by, column) > by.distinct]
            if found := _of_series(by, rest):
                return found
    return None


def _names_series(by: ColumnFacts, target: ColumnFacts) -> bool:
    if by.distinct < _SERIES or np.median(by.counts) < _POINTS or target.distinct < 2 or target.missing:
        return False
    fractions = by.number_share == 1 and (by.parsed != np.round(by.parsed)).any()
    return not fractions and _pairs(by, target) == by.distinct


def _of_series(by: ColumnFacts, rest: list[ColumnFacts]) -> LongForm | None:
    """`rest` are the columns that differ within a series."""
    for time, times in ((column, _times(column)) for column in rest):
        for channel in (None, *(column for column in rest if column is not time and _may_be_channel(column))):
            if not _rises(times, by.codes if channel is None else by.codes * channel.distinct + channel.codes):
                continue
            values = [c for c in rest if c not in (time, channel) and c.number_share == 1]
            left = tuple(c.name for c in rest if c not in (time, channel, *values))
            if values and (channel is None or len(values) == 1):
                return LongForm(_points(by, time, values, channel), left, by.distinct)
    return None


def _points(by: ColumnFacts, time: ColumnFacts, values: list[ColumnFacts], channel: ColumnFacts | None) -> Points:
    names = tuple(column.name for column in values)
    if channel is None:
        return Points(id=by.name, time=time.name, values=names)
    apart = tuple(sorted(channel.values))
    return Points(id=by.name, time=time.name, values=names, channel=channel.name, channels=apart)


def _may_be_channel(column: ColumnFacts) -> bool:
    return column.distinct <= _CHANNELS and column.number_share == 0


def _times(column: ColumnFacts) -> Times:
    """[N]: numbers, or when dates are; NaN of anything else."""
    if column.number_share == 1:
        return column.numbers
    try:
        return times_of_points(pa.chunked_array([column.cells]), column.name)[0]
    except DataError:
        return column.numbers


def _rises(times: Times, groups: NDArray[np.int64]) -> bool:
    """Whether they only grow from line to line of each group, which has two lines on the mean at least."""
    order = np.argsort(groups, kind="stable")
    same = np.diff(groups[order]) == 0
    steps = np.diff(times[order])
    return bool(same.sum() >= len(groups) // 2 and (steps[same] > 0).all())


def _pairs(one: ColumnFacts, other: ColumnFacts) -> int:
    """How many different pairs there are."""
    return len(np.unique(one.codes * max(other.distinct, 1) + other.codes))


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(map(scalar, names))}]"
