"""ROC-AUC and average precision of two models compared: against scikit-learn, pairs, the bootstrap, and chance."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as reference

from keepfit.errors import DataError
from keepfit.metrics.paired import compare
from keepfit.metrics.paired_rankings import difference
from tests.metrics.test_paired import drawn, model

Array = NDArray[Any]
Metric = Literal["roc_auc", "pr_auc"]
METRICS: tuple[Metric, ...] = ("roc_auc", "pr_auc")
FIGURES = {"roc_auc": reference.roc_auc_score, "pr_auc": reference.average_precision_score}
thorough = settings(max_examples=60, deadline=None)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Array, Array, Array, int | None]:
    """Labels, two models' probabilities from a coarse grid, so that many are equal, and the positive class of two."""
    classes, rows, seed = draw(st.integers(2, 4)), draw(st.integers(2, 50)), draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, rows)
    grid = draw(st.sampled_from([3, 10, 1000]))
    made = [np.round(grid * model(rng, labels, classes, skill)) + 0.1 for skill in (0.8, 1.2)]
    shares = [(odds / odds.sum(axis=1, keepdims=True)).astype(np.float32) for odds in made]
    assume(len(set(labels)) > 1)
    return labels, *shares, draw(st.integers(0, 1)) if classes == 2 else None


def figure(metric: Metric, labels: Array, answers: Array, positive: int | None) -> float:
    wanted = range(answers.shape[1]) if positive is None else [positive]
    there = [k for k in wanted if 0 < (labels == k).sum() < len(labels)]
    return float(np.mean([FIGURES[metric](labels == k, answers[:, k]) for k in there]))


@thorough
@given(pairs(), st.sampled_from(METRICS))
def test_the_difference_is_that_of_scikit_learn_s_figures(given: Any, metric: Metric) -> None:
    labels, a, b, positive = given
    expected = figure(metric, labels, b, positive) - figure(metric, labels, a, positive)
    found = compare(labels, a, b, metric, 0.05, positive=positive)
    assert found.difference == pytest.approx(expected, abs=1e-12)
    assert found.low <= found.difference <= found.high
    assert np.isfinite([found.low, found.high, found.p_better]).all()
    assert found.low <= 0 or found.p_better < 0.05
    other = compare(labels, b, a, metric, 0.05, positive=positive)
    assert (other.difference, other.low, other.high) == pytest.approx((-found.difference, -found.high, -found.low))
    same = compare(labels, a, a, metric, 0.05, positive=positive)
    assert (same.difference, same.p_better) == (0, 0.5)


@thorough
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(2, 30), st.sampled_from([4, 1000]))
def test_the_error_is_delong_s_from_all_pairs(seed: int, positives: int, negatives: int, grid: int) -> None:
    """The covariances of the placements, as in the paper, pair by pair."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([1, 0], [positives, negatives])
    scores = [np.round(rng.normal(size=len(labels)) * grid / 4 + labels * grid / 8) for _ in range(2)]
    placed = [
        np.sign(s[labels == 1][:, None] - s[labels == 0]) / 2 + 0.5 for s in scores
    ]  # one where the pair is in order, a half where it is level
    gains = placed[1] - placed[0]
    expected = gains.mean(axis=1).var(ddof=1) / positives + gains.mean(axis=0).var(ddof=1) / negatives
    answers = [np.stack([-s, s], axis=1) for s in scores]
    found = difference(labels, *answers, "roc_auc", 1)
    assert found is not None
    assert found.value == pytest.approx(gains.mean())
    assert found.error == pytest.approx(np.sqrt(expected), abs=1e-12)
    turned = difference(labels, *answers, "roc_auc", 0)
    assert turned is not None
    assert (turned.value, turned.error) == pytest.approx((found.value, found.error))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("shares", "positive"), [([0.7, 0.3], 1), ([0.9, 0.1], 1), ([0.6, 0.3, 0.1], None)])
def test_the_error_is_that_of_the_bootstrap_over_rows(metric: Metric, shares: list[float], positive: int) -> None:
    labels, a, b = drawn(4, 600, shares, 1.0, 1.3)
    found, rng = difference(labels, a, b, metric, positive), np.random.default_rng(0)
    resampled = []
    for _ in range(400):
        rows = rng.integers(0, len(labels), len(labels))
        again = difference(labels[rows], a[rows], b[rows], metric, positive)
        assert again is not None
        resampled.append(again.value)
    assert found is not None
    assert found.error == pytest.approx(np.std(resampled), rel=0.15)  # a standard deviation of 400 is good to 3.5 %


@pytest.mark.parametrize("metric", METRICS)
def test_a_clearly_better_challenger_is_shown_better_and_a_worse_one_worse(metric: Metric) -> None:
    for shares, positive in (([0.7, 0.3], 1), ([0.97, 0.03], 1), ([0.6, 0.3, 0.1], None)):
        labels, weak, strong = drawn(0, 800, shares, 1, 2.5)
        assert compare(labels, weak, strong, metric, 0.01, positive=positive).low > 0
        assert compare(labels, strong, weak, metric, 0.01, positive=positive).high < 0


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("labels", [[1, 0, 0], [1, 1, 0, 0], [1, *[0] * 15]])
def test_a_handful_of_rows_promotes_nothing_however_well_they_are_ranked(metric: Metric, labels: list[int]) -> None:
    perfect = np.stack([1 - np.array(labels), np.array(labels)], axis=1) * 0.9 + 0.05
    paired = compare(np.array(labels), np.full_like(perfect, 0.5), perfect, metric, 0.05, positive=1)
    assert paired.difference > 0
    assert paired.low <= 0


@pytest.mark.parametrize("metric", METRICS)
def test_rows_of_one_class_are_no_ranking(metric: Metric) -> None:
    with pytest.raises(DataError, match="of one class, and a ranking needs two"):
        compare(np.zeros(5, int), np.full((5, 2), 0.5), np.full((5, 2), 0.5), metric, 0.05, positive=1)


def promotions(metric: Metric, rows: int, shares: list[float], times: int) -> float:
    """Share of comparisons of two equally good models that say the challenger is better."""
    better = []
    for seed in range(times):
        labels, a, b = drawn(seed, rows, shares, 1.5, 1.5)
        if len(set(labels)) > 1:
            positive = 1 if len(shares) == 2 else None
            better.append(compare(labels, a, b, metric, 0.05, positive=positive).low > 0)
    return float(np.mean(better))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("rows", "shares"), [(40, [0.5, 0.5]), (200, [0.95, 0.05]), (300, [0.8, 0.15, 0.05])])
def test_equal_models_are_promoted_no_more_often_than_the_level_says(
    metric: Metric, rows: int, shares: list[float]
) -> None:
    times, level = 300, 0.05
    assert promotions(metric, rows, shares, times) <= level + 2 * np.sqrt(level * (1 - level) / times)


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("rows", "shares"), [(20, [0.5, 0.5]), (100, [0.8, 0.2]), (400, [0.98, 0.02]), (500, [0.1] * 10)]
)
def test_equal_models_are_promoted_no_more_often_than_the_level_says_in_many_draws(
    metric: Metric, rows: int, shares: list[float]
) -> None:
    assert promotions(metric, rows, shares, 3000) <= 0.058
