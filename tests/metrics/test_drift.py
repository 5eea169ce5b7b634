"""Rows that fall as others did alarm nobody; those that moved are found, and how probable chance is, is told right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from keepfit.metrics.drift import move

SIZES = (200, 20_000)


@given(st.lists(st.integers(20, 400), min_size=2, max_size=12), st.integers(0, 1 << 30))
def test_with_full_bins_the_chance_is_that_of_the_chi_square_test(before: list[int], seed: int) -> None:
    now = np.random.default_rng(seed).integers(20, 400, len(before))
    expected = chi2_contingency(np.array([before, now]), correction=False).pvalue
    assert move(np.array(before), now).chance == pytest.approx(expected, rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("shape", ["even", "one value", "many rare"])
def test_of_rows_that_have_not_moved_no_more_look_so_than_chance_says(rows: int, shape: str) -> None:
    draw = np.random.default_rng(rows)
    shares = {"even": np.ones(11), "one value": np.array([90.0, 5, 3, 1, 1]), "many rare": 1 / np.arange(1, 33) ** 2}
    share = shares[shape] / shares[shape].sum()
    found = [move(draw.multinomial(20_000, share), draw.multinomial(rows, share)) for _ in range(120)]
    assert np.mean([one.chance < 0.05 for one in found]) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 120)
    assert not any(one.alarms(1) for one in found)


@pytest.mark.parametrize("rows", SIZES)
def test_half_a_deviation_is_found_and_its_size_is_a_quarter(rows: int) -> None:
    draw = np.random.default_rng(0)
    edges = np.array([-np.inf, *np.arange(-1.5, 1.6, 0.375), np.inf])
    before, now = (np.histogram(draw.normal(at, 1, n), edges)[0] for at, n in ((0, 20_000), (0.5, rows)))
    found = move(before, now)
    assert found.alarms(1_000)
    assert found.size == pytest.approx(0.25, abs=0.1)


def test_a_value_that_was_never_there_is_found_and_named() -> None:
    found = move(np.array([0, 500, 500]), np.array([30, 85, 85]))
    assert found.alarms(100)
    assert (found.most, found.before, found.now) == (0, 0.0, 0.15)


def test_a_column_of_one_value_cannot_move() -> None:
    assert move(np.array([0, 500]), np.array([0, 3])).size == 0.0
    assert not move(np.array([0, 500]), np.array([0, 3])).alarms(1)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8), st.lists(st.integers(0, 50), min_size=8, max_size=8))
def test_any_counts_have_a_size_and_a_chance(before: list[int], now: list[int]) -> None:
    old, new = np.array(before), np.array(now[: len(before)])
    if old.sum() and new.sum():
        found = move(old, new)
        assert 0 <= found.size < 50
        assert 0 <= found.chance <= 1
