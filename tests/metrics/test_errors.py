"""Errors of predicted values: against scikit-learn, by properties, and by draws whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from keepfit.metrics.errors import Errors, compare, deciles

VALUES = st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=3, max_size=40)


def pairs(values: list[float], seed: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.array(values)
    return labels, labels + np.random.default_rng(seed).normal(size=len(labels))


@settings(deadline=None)
@given(VALUES, st.integers(0, 100))
def test_scores_are_those_of_scikit_learn(values, seed):
    labels, predictions = pairs(values, seed)
    found = Errors(labels, predictions).scores()
    assert found["rmse"] == pytest.approx(reference.root_mean_squared_error(labels, predictions))
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(labels, predictions))
    assert found["median_error"] == pytest.approx(reference.median_absolute_error(labels, predictions))
    if Errors(labels, predictions).varies:
        assert found["r2"] == pytest.approx(reference.r2_score(labels, predictions), rel=1e-6)
    if "mape" in found:
        assert found["mape"] == pytest.approx(reference.mean_absolute_percentage_error(labels, predictions))


@settings(deadline=None)
@given(VALUES, st.integers(0, 100))
def test_every_interval_holds_its_value(values, seed):
    labels, predictions = pairs(values, seed)
    for name, ends in Errors(labels, predictions, predictions - 1, predictions + 1).intervals(0.95).items():
        assert ends.low <= ends.value + 1e-9 * abs(ends.value), name
        assert ends.high >= ends.value - 1e-9 * abs(ends.value), name


@pytest.mark.parametrize("metric", ["rmse", "mae", "median_error", "r2", "coverage"])
def test_an_interval_misses_the_truth_as_rarely_as_it_says(metric):
    draw = np.random.default_rng(0)

    def errors(rows: int) -> Errors:
        labels = draw.normal(size=rows)
        predictions = labels + draw.standard_t(8, rows) / 2
        return Errors(labels, predictions, predictions - 0.8, predictions + 0.8)

    truth = errors(2_000_000).scores()[metric]
    found = [errors(150).intervals(0.9)[metric] for _ in range(400)]
    missed = np.mean([not ends.low <= truth <= ends.high for ends in found])
    assert missed < 0.15, f"{missed:.1%} of the 90 % intervals miss"


def test_percentages_are_given_only_where_they_mean_something():
    predictions = np.ones(4)
    assert "mape" in Errors(np.array([1.0, 2, 3, 4]), predictions).scores()
    assert "mape" not in Errors(np.array([0.0, 2, 3, 4]), predictions).scores()
    assert "mape" not in Errors(np.array([-1.0, 2, 3, 4]), predictions).scores()
    assert "mape" not in Errors(np.array([1e-6, 2, 3, 4]), predictions).scores()


def test_of_rows_that_are_all_alike_there_is_no_variance_to_explain():
    found = Errors(np.full(5, 3.0), np.arange(5.0))
    assert "r2" not in found.scores()
    assert "r2" not in found.intervals(0.9)


@settings(deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["rmse", "mae"]), st.floats(0.1, 3))
def test_turned_round_a_comparison_says_the_opposite_and_the_unit_does_not_matter(seed, metric, unit):
    draw = np.random.default_rng(seed)
    labels = draw.normal(size=60)
    one, other = labels + draw.normal(size=60), labels + 0.7 * draw.normal(size=60)
    there, back = compare(labels, one, other, metric, 0.05), compare(labels, other, one, metric, 0.05)
    assert (there.difference > 0) == (back.difference < 0)
    assert not (there.low > 0 and back.low > 0)
    scaled = compare(labels * unit, one * unit, other * unit, metric, 0.05)
    assert scaled.difference == pytest.approx(there.difference)
    assert scaled.low == pytest.approx(there.low, rel=1e-6)


def test_the_difference_is_a_share_of_the_champions_error():
    labels = np.zeros(4)
    found = compare(labels, np.array([2.0, -2, 2, -2]), np.array([1.0, -1, 1, -1]), "rmse", 0.05)
    assert found.difference == pytest.approx(0.5)
    assert compare(labels, np.full(4, 2.0), np.full(4, 1.5), "mae", 0.05).difference == pytest.approx(0.25)


def test_two_models_that_are_equal_are_seldom_told_apart():
    draw = np.random.default_rng(1)
    wrong = 0
    for _ in range(400):
        labels = draw.normal(size=100)
        one, other = (labels + draw.standard_t(5, 100) for _ in range(2))
        wrong += compare(labels, one, other, "rmse", 0.05).low > 0
    assert wrong / 400 < 0.08


def test_the_same_answers_do_not_differ():
    labels, given_ = np.arange(20.0), np.arange(20.0) + 1
    found = compare(labels, given_, given_, "rmse", 0.05)
    assert (found.difference, found.low, found.high) == (0, 0, 0)


@given(VALUES)
def test_tenths_hold_every_row_once(values):
    labels, predictions = pairs(values, 0)
    found = deciles(predictions, labels - predictions)
    assert sum(tenth["rows"] for tenth in found) == len(labels)
    assert all(tenth["p10"] <= tenth["p50"] <= tenth["p90"] for tenth in found)
