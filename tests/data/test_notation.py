"""How numbers are written: whatever the notation, what was written is what is read, and in any order."""

from __future__ import annotations

import random
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.data import notation
from keepfit.data.evidence import Found, settled
from keepfit.data.notation import Notation, NumberEvidence

MARKS = [(".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'")]
BLANKS = [" ", "\u00a0", "\u202f", "\u2009"]
AFFIXES = [("", ""), ("$", ""), ("R$", ""), ("CHF", ""), ("", "EUR"), ("", "€"), ("", "kg"), ("", "m2"), ("", "%")]
NOTATIONS = st.builds(
    lambda marks, affix, minus: Notation(*marks, *affix, minus),
    st.sampled_from(MARKS), st.sampled_from(AFFIXES), st.sampled_from(["", "-", "()"]),
)  # fmt: skip
CENTS = st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=30)
DECIDING = (12, -12, 123_456_712, -98_765_432_198)
"""In hundredths: two digits behind the mark and two marks between thousands leave no second reading."""


def written(cents: int, how: Notation, blank: str = " ") -> str:
    """A number of hundredths as people write it."""
    whole, rest = divmod(abs(cents), 100)
    body = f"{whole:,}".replace(",", how.thousands.replace(" ", blank)) + how.decimal + f"{rest:02d}"
    before = how.before + (" " if how.before[-1:].isalpha() else "")
    after = f"{blank}{how.after}" if how.after else ""
    text = f"{before}{body}{after}"
    if cents >= 0:
        return text
    return {"": f"-{text}", "-": f"{before}{body}-{after}", "()": f"({text})"}[how.minus]


def found(cells: list[str | None]) -> Found:
    evidence = NumberEvidence()
    evidence.add(pa.array(cells, pa.string()))
    return evidence.found()


@given(NOTATIONS, CENTS, st.sampled_from(BLANKS))
@settings(deadline=None, max_examples=200)
def test_what_is_written_in_a_notation_is_found_and_read_back_exactly(
    how: Notation, cents: list[int], blank: str
) -> None:
    cents = [*cents, *DECIDING]
    cells = [written(number, how, blank) for number in cents]
    form = found(cells).form
    assert (found(cells).is_sure, form) == (True, how.written())
    assert notation.read(pa.array(cells), form).to_pylist() == [number / 100 for number in cents]


@given(NOTATIONS, CENTS, st.randoms(use_true_random=False), st.integers(1, 5))
@settings(deadline=None, max_examples=50)
def test_neither_the_order_of_rows_nor_the_size_of_batches_changes_what_is_found(
    how: Notation, cents: list[int], order: random.Random, size: int
) -> None:
    cells = [written(number, how) for number in cents]
    shuffled = order.sample(cells, len(cells))
    evidence = NumberEvidence()
    for start in range(0, len(cells), size):
        evidence.add(pa.array(shuffled[start : start + size]))
    assert evidence.found() == found(cells)


@given(NOTATIONS, CENTS, st.sampled_from(["k. A.", "unknown", "-", "n.d.", "нет", "没有", "", " ", "?"]))
@settings(deadline=None, max_examples=50)
def test_a_marker_of_missing_values_changes_nothing(how: Notation, cents: list[int], marker: str) -> None:
    cells = [written(number, how) for number in (*cents, *DECIDING)]
    assert found([*cells, marker, marker]).form == found(cells).form
    assert notation.read(pa.array([marker]), how.written()).to_pylist() == [None]


@pytest.mark.parametrize(
    ("cells", "form", "other"),
    [
        (["1,234", "2,345"], "1,234.56", "1234,56"),
        (["1.234", "2.345"], "", "1.234,56"),
        (["1.234", "12"], "", "1.234,56"),
        (["1,234", "5678"], "1234,56", "1,234.56"),
        (["1,234", "0,108"], "1234,56", None),
        (["1,234", "12,5"], "1234,56", None),
        (["1,234", "1,234,567"], "1,234.56", None),
        (["1.234", "1.234.567"], "1.234,56", None),
        (["1.234", "0.5"], "", None),
        (["12,34,567.5", "1,234"], "1,234.56", None),
    ],
)
def test_where_two_readings_fit_both_are_named(cells: list[str], form: str, other: str | None) -> None:
    column = found(cells)
    assert (column.form, [name for name, _ in column.others]) == (form, [other] if other else [])


def test_columns_of_one_source_decide_for_each_other() -> None:
    unsure = found(["1,234", "2,345"])
    assert settled({"a": unsure, "b": found(["0,5"])})["a"].form == "1234,56"
    assert settled({"a": unsure, "b": found(["0.5"])})["a"].form == "1,234.56"
    assert settled({"a": unsure, "b": found(["0.5"]), "c": found(["0,5"])})["a"] == unsure
    assert settled({"a": unsure, "b": replace(found(["0,5", "x", "y"]))})["a"] == unsure


@pytest.mark.parametrize(
    ("cell", "form"),
    [("1,234", ""), ("12 kg", ""), ("$5", ""), ("12 lb", "1234.56 kg"), ("1.234.56", "1.234,56"), ("1,2,3", "1,234.56"),
     ("0,123", "1,234.56"), ("--5", "1234.56-"), ("-5-", "1234.56-"), ("(5", "(1234.56)"), ("(-5)", "(1234.56)"),
     ("5-", ""), ("(5)", ""), ("12 34", "1 234,56"), ("1e999999", "1.234,56"), ("", "1.234,56"), ("一", "1.234,56")],
)  # fmt: skip
def test_what_is_not_in_the_notation_is_not_read(cell: str, form: str) -> None:
    read = notation.read(pa.array([cell]), form).to_pylist()[0]
    assert read is None or read == float("inf")


@pytest.mark.parametrize(
    "cells", [["12a", "13b", "14c", "5"], ["12 kg", "13 lb", "14 oz", "3 st"], ["A1", "B2", "C3"], ["192.168.1.1"]]
)
def test_what_is_no_notation_of_one_column_is_none(cells: list[str]) -> None:
    assert found(cells).share < 0.5


@given(NOTATIONS)
def test_a_notation_is_written_as_it_is_read(how: Notation) -> None:
    assert notation.notation_of(how.written()) == how


@pytest.mark.parametrize("form", ["", "abc", "1234", "1.2", "12.345,67", "1234.56+", "1234.56e3", "(1234.56", "0"])
def test_what_is_no_notation_is_refused(form: str) -> None:
    if form:
        with pytest.raises(ValueError, match="is not the number"):
            notation.notation_of(form)
    else:
        assert notation.notation_of(form) == Notation()
