"""Figures as a person reads them: nothing is rounded to what it is not, and directions are said in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keepfit.metrics import naming

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)
SIZES = st.floats(1e-6, 1e11)


@given(SIZES, st.sampled_from([-1, 1]))
def test_a_quantity_in_four_digits_is_the_value(size: float, sign: int) -> None:
    value = sign * size
    assert float(naming.quantity(value).replace(",", "")) == pytest.approx(value, rel=1e-3)
    assert naming.quantity(value, "+")[0] in "+-"


@given(st.floats(0, 1, exclude_max=True), st.sampled_from(sorted(naming.SHARES)))
def test_a_share_that_is_not_one_is_not_shown_as_one_unless_nothing_can_tell(value: float, metric: str) -> None:
    assume(value < 0.99994)
    shown = naming.figure(metric, value)
    assert shown != naming.figure(metric, 1.0)
    assert float(shown.removesuffix(" %")) == pytest.approx(100 * value, abs=0.051)


@given(st.floats(0, 1e7))
def test_a_time_is_said_in_two_units_at_most_and_never_as_sixty_of_one(value: float) -> None:
    said = naming.seconds(value)
    numbers = [float(number) for number in re.findall(r"[\d.]+", said)]
    units = re.findall(r"[a-z]+", said)
    assert units in (["s"], ["min", "s"], ["h", "min"])
    assert all(number < 60 for number in numbers[1:])
    scale = {"s": 1, "min": 60, "h": 3600}
    told = sum(number * scale[unit] for number, unit in zip(numbers, units, strict=True))
    assert told == pytest.approx(value, rel=0.02, abs=0.06)


@given(st.sampled_from(naming.SHOWN), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_gain_is_above_zero_exactly_where_the_model_is_better(metric: str, value: float, base: float) -> None:
    better = value < base if metric in naming.LOWER_IS_BETTER else value > base
    assert (naming.gain(metric, value, base) > 0) == better


@given(st.sampled_from(sorted(naming.IN_UNITS)), st.floats(-0.9, 0.9))
def test_errors_in_the_targets_unit_are_lower_or_higher_and_have_no_sign(metric: str, difference: float) -> None:
    said, ends = naming.against(metric, difference, difference - 0.1, difference + 0.1)
    assert ("lower" in said) == (difference >= 0)
    assert ("higher" in said) == (difference < 0)
    assert "-" not in said + ends
    assert "+" not in said + ends


def test_every_metric_that_is_shown_has_a_name_and_digits() -> None:
    names = [naming.metric_name(metric) for metric in naming.SHOWN]
    assert len({*names}) == len(names)
    assert all("_" not in name for name in names)
    assert all(re.search(r"\d", naming.figure(metric, 0.5)) for metric in naming.SHOWN)


def test_an_error_of_nothing_has_no_share() -> None:
    assert naming.gain("rmse", 2.0, 0.0) == -2.0
    assert naming.gain("rmse", 0.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (b"abc", "3 bytes"),
        (1 / 3, "0.33333"),
        ("x" * 41, "x" * 39 + "…"),
        ("x" * 40, "x" * 40),
        (True, "True"),
    ],
)
def test_a_cell_fits_its_column(value: object, shown: str) -> None:
    assert naming.cell(value) == shown
