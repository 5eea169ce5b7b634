"""The calendar of a backfill: when it retrains, and which rows come between."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np

from keepfit.config.clock import duration
from keepfit.errors import ConfigError, DataError
from keepfit.features.times import Times

MOST = 1000
"""Retrains of one backfill."""
BEGUN = 0.1
"""Share of the rows that were there at the first retrain, where nobody says when it was."""
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Ask:
    """What was asked for. Raises ConfigError for a length of time that is none, or an end before the start."""

    every: str
    """month, or a length of time such as 30d or 1w."""
    start: date | None = None
    """The first retrain; None for when a tenth of the rows was there."""
    end: date | None = None
    """No retrain after it; None for as long as there are rows."""
    time: str = ""
    """The time column; empty where it can be found."""

    def __post_init__(self) -> None:
        if self.every != "month":
            try:
                datetime.max - duration(self.every) * (MOST + 1)
            except (ValueError, OverflowError) as error:
                raise ConfigError(
                    f'every is "{self.every}".',
                    allowed="It is month, or a number and m, h, d or w, such as 12h, 30d or 1w.",
                ) from error
        if self.start and self.end and self.start > self.end:
            raise ConfigError(f"the backfill is asked for from {self.start} to {self.end}: it ends before it begins.")


@dataclass(frozen=True)
class Period:
    """A retrain on all rows before `at`, whose model would have answered those from `at` to `until`."""

    at: datetime
    """UTC, or whatever clock the time column goes by."""
    until: datetime
    rows: int
    """Before `at`."""
    coming: int
    """From `at` to `until`; at least one."""

    @property
    def name(self) -> str:
        """`2025-03-01`, and the time of day where there is one."""
        return said(self.at)


def said(moment: datetime) -> str:
    """A moment as a person writes it."""
    return f"{moment:%Y-%m-%d}" if moment == _midnight(moment) else f"{moment:%Y-%m-%d %H:%M}"


def micros(moment: datetime) -> float:
    """Microseconds since 1970, as `keepfit.features.times` counts."""
    return (moment - _EPOCH) / timedelta(microseconds=1)


def periods(times: Times, ask: Ask) -> tuple[Period, ...]:
    """The periods of rows with these times [N], in order; a moment before which no new row came is left out.

    Raises DataError where there are none, ConfigError where there are more than `MOST`.
    """
    known = np.sort(times[~np.isnan(times)])
    if not len(known):
        raise DataError("no row has a time.", todo="Name another column with --time.")
    first, last = (_EPOCH + timedelta(microseconds=float(known[place])) for place in (0, -1))
    found = _cut(known, list(_moments(known, last, ask)))
    if not found:
        asked = f" from {ask.start}" if ask.start else ""
        raise DataError(
            f"no retrain every {ask.every}{asked} has rows before and after it.",
            allowed=f"The rows go from {said(first)} to {said(last)}.",
            todo="Choose shorter periods, or other dates.",
        )
    return found


def _moments(known: Times, last: datetime, ask: Ask) -> Iterator[datetime]:
    """Every moment of the calendar up to the last row or the asked end, and the one after."""
    first, end = _first(known, ask), min(last, _of_day(ask.end) if ask.end else last)
    moment, number = first, 0
    while moment <= end:
        if number == MOST:
            raise ConfigError(
                f"every {ask.every} from {said(first)} to {said(end)} makes more than {MOST:,} retrains.",
                todo="Choose longer periods, or a later start.",
            )
        yield moment
        number += 1
        moment = _after(first, number, ask.every)
    yield moment


def _first(known: Times, ask: Ask) -> datetime:
    if ask.start:
        return _of_day(ask.start)
    begun = _EPOCH + timedelta(microseconds=float(known[int(BEGUN * (len(known) - 1))]))
    midnight = _midnight(begun) + timedelta(days=1)
    return midnight if ask.every != "month" or midnight.day == 1 else _after(midnight.replace(day=1), 1, "month")


def _after(first: datetime, number: int, every: str) -> datetime:
    """The moment so many periods after the first."""
    if every != "month":
        return first + number * duration(every)
    year, month = divmod(first.month - 1 + number, 12)
    year, month = first.year + year, month + 1
    return first.replace(year=year, month=month, day=min(first.day, monthrange(year, month)[1]))


def _cut(known: Times, moments: list[datetime]) -> tuple[Period, ...]:
    before = np.searchsorted(known, [micros(moment) for moment in moments]).tolist()
    kept = [0, *(n for n in range(1, len(moments)) if before[n] > before[n - 1] or n == len(moments) - 1)]
    found = (Period(moments[a], moments[b], before[a], before[b] - before[a]) for a, b in pairwise(kept))
    return tuple(period for period in found if period.rows and period.coming)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _of_day(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
