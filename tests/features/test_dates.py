"""How dates are written: whatever the form, what was written is what is read, and in any order."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.data.evidence import Found
from keepfit.features.column import facts_of
from keepfit.features.datetime import names
from keepfit.features.datetime.cells import moments
from keepfit.features.datetime.evidence import DateEvidence
from keepfit.features.datetime.forms import ISO, pattern
from keepfit.features.datetime.words import WORDS

DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y",
    "%b %d, %Y", "%Y年%m月%d日", "%m/%d/%y", "%d.%m.%y", "%Y%m%d", "%d/%b/%Y",
)  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %Hh%M")
FORMS = st.builds(lambda day, time: day + time, st.sampled_from(DAYS), st.sampled_from(TIMES))
MOMENTS = st.lists(
    st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)).map(lambda m: m.replace(microsecond=0)), max_size=20
)
MONTHS = st.dates(datetime(1970, 1, 1).date(), datetime(2068, 12, 31).date()).map(
    lambda d: datetime(d.year, d.month, 1)
)
DECIDING = [datetime(1999, 12, 31, 23, 59, 58), datetime(2013, 2, 28, 0, 0, 1), datetime(2032, 1, 13, 12)]
"""In these neither day nor year is a month, and no year is a day."""


def found(cells: list[str]) -> Found:
    evidence = DateEvidence()
    evidence.add(pa.array(cells, pa.string()))
    return evidence.found()


def kept(moment: datetime, form: str) -> datetime:
    """What a form keeps of a moment."""
    return datetime.strptime(moment.strftime(form), form)


@given(FORMS, MOMENTS)
@settings(deadline=None, max_examples=150)
def test_what_is_written_in_a_form_is_found_and_read_back(form: str, some: list[datetime]) -> None:
    some = [*some, *DECIDING]
    cells = [moment.strftime(form) for moment in some]
    column = found(cells)
    assert column.is_sure
    read = moments(pa.array(cells), column.form or ISO).to_pylist()
    assert read == [kept(moment, form) for moment in some]


@given(FORMS, MOMENTS, st.randoms(use_true_random=False), st.integers(1, 5))
@settings(deadline=None, max_examples=50)
def test_neither_the_order_of_rows_nor_the_size_of_batches_changes_what_is_found(
    form: str, some: list[datetime], order: random.Random, size: int
) -> None:
    cells = [moment.strftime(form) for moment in some]
    shuffled = order.sample(cells, len(cells))
    evidence = DateEvidence()
    for start in range(0, len(cells), size):
        evidence.add(pa.array(shuffled[start : start + size]))
    whole, parts = found(cells), evidence.found()
    assert (parts.form, parts.read, parts.cells) == (whole.form, whole.read, whole.cells)


@given(FORMS, st.sampled_from(["k. A.", "unknown", "-", "n.d.", "", " "]))
@settings(deadline=None, max_examples=30)
def test_a_marker_of_missing_values_changes_nothing(form: str, marker: str) -> None:
    cells = [moment.strftime(form) for moment in DECIDING]
    assert found([*cells, marker]).form == found(cells).form


@pytest.mark.parametrize(
    ("cell", "form", "moment"),
    [
        ("01/15/2024 03:45:00 PM", "%m/%d/%Y %I:%M:%S %p", datetime(2024, 1, 15, 15, 45)),
        ("15/01/2024 03h45", "%d/%m/%Y %Hh%M", datetime(2024, 1, 15, 3, 45)),
        ("01-Jan-24", "%d-%b-%y", datetime(2024, 1, 1)),
        ("01-JAN-24 10.15.30.123456000 AM", "%d-%b-%y %I.%M.%S %p", datetime(2024, 1, 1, 10, 15, 30, 123456)),
        ("2024年1月5日 10:30", "%Y年%m月%d日 %H:%M", datetime(2024, 1, 5, 10, 30)),
        ("2024年01月05日10时30分", "%Y年%m月%d日%H时%M分", datetime(2024, 1, 5, 10, 30)),
        ("Mon, 15 Jan 2024 10:00:00 +0100", "%a, %d %b %Y %H:%M:%S %z", datetime(2024, 1, 15, 9)),
        ("10/Oct/2000:13:55:36 -0700", "%d/%b/%Y:%H:%M:%S %z", datetime(2000, 10, 10, 20, 55, 36)),
        ("Thu Jan  4 10:00:00 2024", "%a %b %d %H:%M:%S %Y", datetime(2024, 1, 4, 10)),
        ("15. März 2024", "%d. %b %Y", datetime(2024, 3, 15)),
        ("15 févr. 2024", "%d %b %Y", datetime(2024, 2, 15)),
        ("15 de enero de 2024", "%d de %b de %Y", datetime(2024, 1, 15)),
        ("15JAN2024:10:00:00", "%d%b%Y:%H:%M:%S", datetime(2024, 1, 15, 10)),
        ("2024-01-15 10:00:00 UTC", "", datetime(2024, 1, 15, 10)),
        ("2024-01-15T10:00:00.123456789Z", "", datetime(2024, 1, 15, 10, 0, 0, 123456)),
        ("2024-01-15 10:00:00+05:30", "", datetime(2024, 1, 15, 4, 30)),
        ("2024-01-15 10:00:00-0800", "", datetime(2024, 1, 15, 18)),
        ("31.12.99", "%d.%m.%y", datetime(1999, 12, 31)),
        ("15 marca 2024", "%d %b %Y", datetime(2024, 3, 15)),
        ("15 października 2024 r.", "%d %b %Y r.", datetime(2024, 10, 15)),
        ("15 Марта 2024 г.", "%d %b %Y г.", datetime(2024, 3, 15)),
        ("15 сент. 2024", "%d %b %Y", datetime(2024, 9, 15)),
        ("15 листопада 2024 р.", "%d %b %Y р.", datetime(2024, 11, 15)),
        ("2024. március 15.", "%Y. %b %d.", datetime(2024, 3, 15)),
        ("15. března 2024", "%d. %b %Y", datetime(2024, 3, 15)),
        ("15. 3. 2024", "%d. %m. %Y", datetime(2024, 3, 15)),
        ("15 ŞUBAT 2024", "%d %b %Y", datetime(2024, 2, 15)),
        ("15 ARALIK 2024", "%d %b %Y", datetime(2024, 12, 15)),
        ("15 toukokuuta 2024", "%d %b %Y", datetime(2024, 5, 15)),
        ("15 Μαΐου 2024", "%d %b %Y", datetime(2024, 5, 15)),
        ("15 februarie 2024", "%d %b %Y", datetime(2024, 2, 15)),
        ("2024-01-15 10:00:00 EST", "", datetime(2024, 1, 15, 15)),
        ("Mon Jan 15 10:00:00 PST 2024", "%a %b %d %H:%M:%S %z %Y", datetime(2024, 1, 15, 18)),
        ("15.01.2024 10:00 CET", "%d.%m.%Y %H:%M %z", datetime(2024, 1, 15, 9)),
        ("2024-03", "%Y-%m", datetime(2024, 3, 1)),
        ("Mar 2024", "%b %Y", datetime(2024, 3, 1)),
        ("März 2024", "%b %Y", datetime(2024, 3, 1)),
        ("март 2024", "%b %Y", datetime(2024, 3, 1)),
        ("Mar-24", "%b-%y", datetime(2024, 3, 1)),
        ("03/2024", "%m/%Y", datetime(2024, 3, 1)),
        ("2024年3月", "%Y年%m月", datetime(2024, 3, 1)),
        ("12/31/68", "%m/%d/%y", datetime(2068, 12, 31)),
    ],
)  # fmt: skip
def test_forms_of_portals_and_databases(cell: str, form: str, moment: datetime) -> None:
    assert found([cell, cell]).form == form
    assert moments(pa.array([cell]), form or ISO).to_pylist() == [moment]


def test_where_day_and_month_may_change_places_both_are_named() -> None:
    column = found(["03/04/2024", "05/06/2024 "])
    assert (column.form, column.others) == ("%d/%m/%Y", (("%m/%d/%Y", "month first"),))
    assert column.example == "03/04/2024"
    assert not found(["03/04/2024", "13/06/2024"]).others
    assert not found(["03.04.2024", "05.06.2024"]).others
    assert not found(["03/03/2024", "05/05/2024"]).others


@pytest.mark.parametrize(
    ("cell", "form"),
    [("31/02/2024", "%d/%m/%Y"), ("24/01/24", "%d/%m/%Y"), ("12:61", "%H:%M %d%m%Y"), ("2024-02-30", ISO),
     ("2024-01-01 25:00", ISO), ("1. Foo 2024", "%d. %b %Y"), ("15/01/2024x", "%d/%m/%Y"), ("", "%d/%m/%Y"),
     ("2024-01-15 10:00 CST", ISO), ("2024-01-15 10:00 IST", ISO), ("2024-13", "%Y-%m"), ("Foo 2024", "%b %Y")],
)  # fmt: skip
def test_what_is_not_of_the_form_or_of_the_calendar_is_not_read(cell: str, form: str) -> None:
    assert moments(pa.array([cell]), form).to_pylist() == [None]


@pytest.mark.parametrize("form", ["", "%H:%M", "%Y", "%Q-%m-%d", "%d/%d/%Y", "dd/mm/yyyy", "%", "%Y-%d", "%d %b"])
def test_a_form_that_names_no_month_of_a_year_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match="it is made of"):
        pattern(form)


def test_plain_dates_are_read_as_they_are() -> None:
    some = [datetime(2024, 1, 1) + timedelta(minutes=n) for n in range(1000)]
    assert moments(pa.array([str(moment) for moment in some]), ISO).to_pylist() == some


def test_a_word_means_one_month() -> None:
    words = [(word, month) for month, words in enumerate(names._MONTHS, 1) for word in words.split()]
    assert len({names.plain(word) for word, _ in words}) == len({(names.plain(word), month) for word, month in words})
    assert not {"CST", "IST", "BST"} & names.ZONES.keys()


@given(st.lists(MONTHS, max_size=20), st.sampled_from(["%Y-%m", "%b %Y", "%B %Y", "%m/%Y", "%b-%y", "%Y/%m"]))
@settings(deadline=None, max_examples=50)
def test_months_are_their_first_days(some: list[datetime], form: str) -> None:
    column = found([moment.strftime(form) for moment in [*some, datetime(2013, 12, 1)]])
    assert column.is_sure
    assert moments(pa.array([moment.strftime(form) for moment in some], pa.string()), column.form).to_pylist() == some


@pytest.mark.parametrize("season", [True, False])
def test_seasons_are_no_months(season: bool) -> None:
    values = [f"{year}-{(year + 1) % 100 if season else 1 + year % 12:02}" for year in range(2000, 2012)]
    (column,) = facts_of([pa.record_batch({"x": values * 5})])
    choice = WORDS.recognise(column)
    assert (choice is None) == season
