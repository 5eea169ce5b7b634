"""Several labels a row: figures against scikit-learn's, and what must hold of any answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from keepfit.metrics.several import Several, compare

Array = NDArray[Any]
METRICS = ("log_loss", "label_accuracy", "subset_accuracy")


def drawn(seed: int, rows: int, skill: float = 1.5, labels: int = 4) -> tuple[Array, Array]:
    """Truth and probabilities; the labels of a row depend on each other, the last is rare."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=(rows, 1)) + rng.normal(size=(rows, labels)) - np.linspace(0, 2, labels)
    truth = (level > 0).astype(np.uint8)
    return truth, answered(rng, truth, skill)


def answered(rng: np.random.Generator, truth: Array, skill: float) -> Array:
    odds = skill * (2.0 * truth - 1) + rng.normal(size=truth.shape) + rng.normal(size=(len(truth), 1))
    return (1 / (1 + np.exp(-odds))).astype(np.float32)


def test_figures_are_scikit_learn_s() -> None:
    truth, found = drawn(0, 500)
    given = found >= 0.5
    scores = Several(truth, found).scores()
    assert scores == pytest.approx(
        {
            "subset_accuracy": metrics.accuracy_score(truth, given),
            "label_accuracy": 1 - metrics.hamming_loss(truth, given),
            "log_loss": np.mean([metrics.log_loss(truth[:, k], found[:, k]) for k in range(4)]),
            "micro_f1": metrics.f1_score(truth, given, average="micro"),
            "macro_f1": metrics.f1_score(truth, given, average="macro"),
            "roc_auc": metrics.roc_auc_score(truth, found, average="macro"),
            "pr_auc": metrics.average_precision_score(truth, found, average="macro"),
        },
        rel=1e-5,
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_the_order_of_the_labels_changes_nothing(seed: int, rows: int) -> None:
    truth, found = drawn(seed, rows)
    other = np.random.default_rng(seed).permutation(4)
    one, moved = Several(truth, found), Several(truth[:, other], found[:, other])
    assert one.scores() == pytest.approx(moved.scores())
    ends, again = one.intervals(0.9), moved.intervals(0.9)
    assert set(ends) == set(again)
    for name, interval in ends.items():
        assert (interval.low, interval.high) == pytest.approx((again[name].low, again[name].high))
        assert interval.low <= interval.value <= interval.high
    per_label = one.per_label()
    assert [per_label[k] for k in other] == moved.per_label()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.sampled_from(METRICS), st.sampled_from([0.01, 0.05, 0.2]))
def test_swapping_the_two_swaps_the_answer(seed: int, rows: int, metric: Any, level: float) -> None:
    truth, a = drawn(seed, rows)
    b = answered(np.random.default_rng(seed + 1), truth, 1.5)
    one, other = compare(truth, a, b, metric, level), compare(truth, b, a, metric, level)
    assert one.difference == pytest.approx(-other.difference)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    assert one.low <= one.difference <= one.high
    assert one.low <= 0 or one.p_better < level
    assert np.isfinite([one.low, one.high, one.p_better]).all()
    wanted = Several(truth, b).scores()[metric] - Several(truth, a).scores()[metric]
    assert one.difference == pytest.approx(-wanted if metric == "log_loss" else wanted, abs=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_equal_answers_are_level(metric: str) -> None:
    truth, found = drawn(0, 300)
    paired = compare(truth, found, found, metric, 0.05)
    assert paired.difference == 0
    assert paired.low <= 0 <= paired.high
    assert paired.p_better >= 0.5


@pytest.mark.parametrize("metric", METRICS)
def test_a_clearly_better_challenger_is_shown_better(metric: str) -> None:
    truth, weak = drawn(0, 500, 0.7)
    strong = answered(np.random.default_rng(1), truth, 3)
    assert compare(truth, weak, strong, metric, 0.01).low > 0
    assert compare(truth, strong, weak, metric, 0.01).high < 0


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rows", [40, 300])
def test_equal_models_are_promoted_no_more_often_than_the_level_says(metric: str, rows: int) -> None:
    times, level = 300, 0.05

    def better(seed: int) -> bool:
        truth, a = drawn(seed, rows)
        return compare(truth, a, answered(np.random.default_rng(seed + 9_999), truth, 1.5), metric, level).low > 0

    assert np.mean([better(seed) for seed in range(times)]) <= level + 2 * np.sqrt(level * (1 - level) / times)


@pytest.mark.parametrize("name", ["micro_f1", "macro_f1", "label_accuracy", "subset_accuracy", "roc_auc", "pr_auc"])
def test_intervals_hold_the_figure_of_very_many_rows(name: str) -> None:
    """By a share of the draws that 90 % allow three standard deviations of chance."""
    truth, found = drawn(1, 60_000)
    whole = Several(truth, found).scores()[name]
    held = []
    for part in np.array_split(np.arange(60_000), 300):
        ends = Several(truth[part], found[part]).intervals(0.9)[name]
        held.append(ends.low <= whole <= ends.high)
    assert np.mean(held) > 0.9 - 3 * np.sqrt(0.09 / 300)


def test_what_is_all_right_is_no_point() -> None:
    truth, _ = drawn(0, 40)
    ends = Several(truth, truth.astype(np.float32)).intervals(0.95)
    for name in ("micro_f1", "macro_f1", "label_accuracy", "subset_accuracy", "roc_auc", "pr_auc"):
        assert ends[name].value == 1
        assert ends[name].low < 0.97, name


def test_rows_without_any_label_define_neither_f1_nor_a_ranking() -> None:
    truth = np.zeros((5, 3), np.uint8)
    assert set(Several(truth, truth + 0.1).scores()) == {"subset_accuracy", "label_accuracy", "log_loss"}
    assert Several(truth, np.full((5, 3), 0.9)).scores()["micro_f1"] == 0


def test_no_rows_cannot_be_compared() -> None:
    none = np.zeros((0, 3))
    with pytest.raises(ValueError, match="at least one row"):
        compare(none.astype(np.uint8), none, none, "log_loss", 0.05)
