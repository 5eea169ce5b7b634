"""The calendar of a backfill: when it retrains, and which rows come between."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.backfill.periods import MOST, Ask, micros, periods
from keepfit.errors import ConfigError, DataError


def times(*moments: datetime) -> np.ndarray:
    return np.array([micros(moment) for moment in moments])


def daily(days: int, start: datetime = datetime(2025, 1, 1)) -> np.ndarray:
    return times(*(start + timedelta(days=n) for n in range(days)))


def test_months_begin_on_their_first_day_once_a_tenth_of_the_rows_was_there() -> None:
    found = periods(daily(100), Ask("month"))
    assert [period.name for period in found] == ["2025-02-01", "2025-03-01", "2025-04-01"]
    assert [(period.rows, period.coming) for period in found] == [(31, 28), (59, 31), (90, 10)]
    assert found[-1].until == datetime(2025, 5, 1)


def test_months_go_by_the_day_that_was_asked_for_where_a_month_has_it() -> None:
    found = periods(daily(120), Ask("month", start=date(2025, 1, 31)))
    assert [period.name for period in found] == ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30"]


def test_an_end_that_was_asked_for_is_the_last_retrain_and_rows_after_it_still_judge() -> None:
    found = periods(daily(100), Ask("1w", date(2025, 2, 1), date(2025, 2, 8)))
    assert [(period.name, period.coming) for period in found] == [("2025-02-01", 7), ("2025-02-08", 7)]


def test_parts_of_a_day_have_their_time_in_their_name() -> None:
    hourly = times(*(datetime(2025, 1, 1) + timedelta(hours=n) for n in range(60)))
    found = periods(hourly, Ask("12h", date(2025, 1, 2)))
    assert [period.name for period in found] == ["2025-01-02", "2025-01-02 12:00", "2025-01-03"]


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=60),
    st.sampled_from(["month", "1w", "10d", "36h"]),
    st.booleans(),
)
def test_every_row_from_the_first_retrain_on_comes_once_and_no_period_is_without_any(
    days: list[int], every: str, is_asked: bool
) -> None:
    moments = [datetime(2024, 1, 1) + timedelta(days=day) for day in days]
    ask = Ask(every, start=date(2024, 1, 2) if is_asked else None)
    try:
        found = periods(times(*moments), ask)
    except DataError:  # all rows are on one side
        return
    assert all(period.coming for period in found)
    for period, after in pairwise(found):
        assert period.until == after.at
        assert period.rows + period.coming == after.rows
    assert found[0].rows == sum(moment < found[0].at for moment in moments)
    assert found[-1].rows + found[-1].coming == len(moments)


def test_rows_without_a_time_are_in_no_period() -> None:
    with_gap = np.append(daily(100), np.nan)
    assert periods(with_gap, Ask("month")) == periods(daily(100), Ask("month"))


def test_what_cannot_be_walked_is_refused_with_the_rows_that_there_are() -> None:
    with pytest.raises(DataError, match="The rows go from 2025-01-01 to 2025-04-10"):
        periods(daily(100), Ask("month", start=date(2026, 1, 1)))
    with pytest.raises(DataError, match="no row has a time"):
        periods(np.array([np.nan]), Ask("month"))
    with pytest.raises(ConfigError, match=f"more than {MOST:,} retrains"):
        periods(daily(100), Ask("1m"))


@pytest.mark.parametrize("every", ["", "weekly", "0d", "999999w", "-1d"])
def test_what_is_no_length_of_time_is_refused(every: str) -> None:
    with pytest.raises(ConfigError, match="month, or a number and m, h, d or w"):
        Ask(every)


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(ConfigError, match="from 2025-03-01 to 2025-02-01"):
        Ask("month", date(2025, 3, 1), date(2025, 2, 1))
