from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from keepfit.metrics.paired import Paired, compare

Array = NDArray[Any]
METRICS: tuple[Literal["accuracy", "balanced_accuracy", "log_loss"], ...] = (
    "accuracy", "balanced_accuracy", "log_loss",
)  # fmt: skip


def model(rng: np.random.Generator, labels: Array, classes: int, skill: float) -> Array:
    """Probabilities [N, K] of a model that is right more often the larger its skill."""
    scores = rng.normal(size=(len(labels), classes))
    scores[np.arange(len(labels)), labels] += skill
    odds = np.exp(skill * scores)
    return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def drawn(seed: int, rows: int, shares: list[float], champion: float, challenger: float) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    labels = rng.choice(len(shares), rows, p=shares)
    return labels, model(rng, labels, len(shares), champion), model(rng, labels, len(shares), challenger)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.sampled_from(METRICS), st.sampled_from([0.01, 0.05, 0.2]))
def test_swapping_the_two_swaps_the_answer(seed: int, rows: int, metric: Any, level: float) -> None:
    labels, a, b = drawn(seed, rows, [0.6, 0.3, 0.1], 1, 1.5)
    one, other = compare(labels, a, b, metric, level), compare(labels, b, a, metric, level)
    assert one.difference == pytest.approx(-other.difference)
    if metric != "balanced_accuracy":  # there the p-value is drawn
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.low <= one.difference <= one.high
    assert one.low <= 0 or one.p_better < level
    assert one.rows == rows
    assert np.isfinite([one.low, one.high, one.p_better]).all()
    assert one == compare(labels, a, b, metric, level)


@pytest.mark.parametrize("metric", METRICS)
def test_a_clearly_better_challenger_is_shown_better_and_a_worse_one_worse(metric: Any) -> None:
    labels, weak, strong = drawn(0, 500, [0.7, 0.3], 1, 2.5)
    assert compare(labels, weak, strong, metric, 0.01).low > 0
    assert compare(labels, strong, weak, metric, 0.01).high < 0


@pytest.mark.parametrize("metric", METRICS)
def test_the_same_model_again_is_level(metric: Any) -> None:
    labels, same, _ = drawn(0, 300, [0.7, 0.3], 2, 2)
    paired = compare(labels, same, same, metric, 0.05)
    assert paired.difference == 0
    assert paired.low <= 0 <= paired.high
    assert paired.p_better >= 0.5


def test_never_differing_on_few_rows_is_no_proof_of_equality() -> None:
    labels, same, _ = drawn(0, 30, [0.7, 0.3], 2, 2)
    assert compare(labels, same, same, "accuracy", 0.05).low < -0.05
    labels, same, _ = drawn(0, 3000, [0.7, 0.3], 2, 2)
    assert compare(labels, same, same, "accuracy", 0.05).low > -0.01


def test_the_p_value_is_mcnemar_s_exact_one() -> None:
    labels, a, b = drawn(2, 200, [0.5, 0.5], 1, 1.4)
    new, old = (b.argmax(1) == labels) & (a.argmax(1) != labels), (a.argmax(1) == labels) & (b.argmax(1) != labels)
    expected = binomtest(int(new.sum()), int(new.sum() + old.sum()), alternative="greater").pvalue
    assert compare(labels, a, b, "accuracy", 0.05).p_better == pytest.approx(expected)


def test_balanced_accuracy_counts_a_rare_class_as_much_as_a_common_one() -> None:
    labels = np.repeat([0, 1], [980, 20])
    champion, challenger = np.eye(2)[np.zeros(1000, int)], np.eye(2)[labels]
    challenger[:30] = [0, 1]
    assert compare(labels, champion, challenger, "accuracy", 0.05).difference == pytest.approx(-0.01)
    balanced = compare(labels, champion, challenger, "balanced_accuracy", 0.05)
    assert balanced.difference == pytest.approx((1 - 30 / 980) / 2)
    assert balanced.low > 0


def test_three_rows_of_difference_do_not_promote() -> None:
    labels = np.zeros(100, int)
    champion = np.eye(2)[np.repeat([1, 0], [3, 97])]
    paired = compare(labels, champion, np.eye(2)[labels], "accuracy", 0.05)
    assert paired.p_better == pytest.approx(1 / 8)
    assert paired.low <= 0


def test_no_rows_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        compare(np.empty(0, int), np.empty((0, 2)), np.empty((0, 2)), "accuracy", 0.05)


def promotions(metric: Any, rows: int, shares: list[float], times: int, level: float) -> float:
    """Share of comparisons of two equally good models that say the challenger is better."""

    def better(seed: int) -> bool:
        labels, a, b = drawn(seed, rows, shares, 1.5, 1.5)
        found: Paired = compare(labels, a, b, metric, level, seed)
        return found.low > 0

    return float(np.mean([better(seed) for seed in range(times)]))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("rows", "shares"), [(40, [0.5, 0.5]), (300, [0.8, 0.15, 0.05])])
def test_equal_models_are_promoted_no_more_often_than_the_level_says(
    metric: Any, rows: int, shares: list[float]
) -> None:
    times, level = 300, 0.05
    chance = 2 * np.sqrt(level * (1 - level) / times)
    assert promotions(metric, rows, shares, times, level) <= level + chance


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("rows", "shares"), [(20, [0.5, 0.5]), (100, [0.8, 0.2]), (1000, [0.1] * 10)])
def test_equal_models_are_promoted_no_more_often_than_the_level_says_in_many_draws(
    metric: Any, rows: int, shares: list[float]
) -> None:
    assert promotions(metric, rows, shares, 3000, 0.05) <= 0.058
