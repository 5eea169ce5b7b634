from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from keepfit.metrics import means
from keepfit.metrics.answers import Answers
from keepfit.metrics.ranking import Ranking, mean_error


def sample(rng: np.random.Generator, rows: int, shares: list[float], skill: float) -> Answers:
    """A calibrated model: each class's score is normal, higher by `skill` for the right one."""
    prior = np.array(shares)
    labels = rng.choice(len(prior), rows, p=prior)
    scores = rng.normal(size=(rows, len(prior)))
    scores[np.arange(rows), labels] += skill
    odds = np.exp(skill * scores) * prior
    return Answers(labels, (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32))


def test_an_interval_holds_its_value_and_a_higher_confidence_is_wider() -> None:
    answers = sample(np.random.default_rng(0), 200, [0.5, 0.3, 0.2], 2)
    narrow, wide = answers.intervals(0.8), answers.intervals(0.99)
    scores = answers.scores()
    assert set(wide) == {
        "accuracy", "balanced_accuracy", "macro_f1", "mcc", "roc_auc", "pr_auc", "log_loss", "brier",
    }  # fmt: skip
    for name, ends in wide.items():
        assert ends.low < narrow[name].low < scores[name] < narrow[name].high < ends.high
        assert ends.value == scores[name]
    assert answers.intervals(0.99) == wide


def perfect(rows: int) -> Answers:
    labels = np.arange(rows) % 2
    return Answers(labels, np.stack([1 - labels, labels], axis=1).astype(np.float32))


def test_a_perfect_score_is_no_proof_of_a_perfect_model() -> None:
    few, many = perfect(40).intervals(0.95), perfect(4000).intervals(0.95)
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "roc_auc", "pr_auc"):
        assert few[name].value == few[name].high == 1
        assert 0.6 < few[name].low < 0.95 < many[name].low < 1


def test_rows_of_one_class_and_single_rows_have_the_intervals_that_exist() -> None:
    labels = np.zeros(5, int)
    one_class = Answers(labels, np.tile(np.array([[0.6, 0.3, 0.1]]), (5, 1)))
    assert not {"roc_auc", "pr_auc"} & one_class.intervals(0.95).keys()
    one_row = Answers(labels[:1], one_class.probabilities[:1]).intervals(0.95)
    assert set(one_row) == {"accuracy", "balanced_accuracy", "macro_f1", "mcc"}
    assert one_row["accuracy"].low < 0.5


def test_the_error_of_the_area_is_that_of_delong_s_paper() -> None:
    """Var = S10 / m + S01 / n with the placements computed pair by pair; theirs divides by m - 1 and n - 1."""
    rng = np.random.default_rng(3)
    positive = np.arange(60) < 25
    scores = np.round(rng.normal(size=60) + positive, 1)
    wins = (scores[positive][:, None] > scores[~positive]) + 0.5 * (scores[positive][:, None] == scores[~positive])
    expected = np.var(wins.mean(axis=1)) / 25 + np.var(wins.mean(axis=0)) / 35
    ranked = {1: Ranking.of(scores, positive)}
    assert mean_error(ranked, positive.astype(int), "roc_influence") == pytest.approx(np.sqrt(expected))


def test_skewed_means_are_bounded_and_the_p_value_agrees_with_the_bound() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        values = 0.3 - rng.exponential(0.25, 40)
        low, _ = means.interval(values, 0.05)
        assert (low > 0) == (means.p_above_zero(values) < 0.05)


def missed(rows: int, shares: list[float], skill: float, times: int) -> dict[str, float]:
    """How often the 95 % interval does not hold the true value, which half a million rows tell."""
    rng = np.random.default_rng(0)
    truth = sample(rng, 500_000, shares, skill).scores()
    misses: dict[str, list[bool]] = {}
    for seed in range(times):
        for name, ends in sample(rng, rows, shares, skill).intervals(0.95, seed).items():
            misses.setdefault(name, []).append(not ends.low <= truth[name] <= ends.high)
    return {name: float(np.mean(missed)) for name, missed in misses.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "shares", "skill"), [(100, [0.7, 0.3], 2), (2000, [0.9, 0.08, 0.02], 2), (500, [0.2] * 5, 1)]
)
def test_intervals_hold_the_truth_as_often_as_they_say(rows: int, shares: list[float], skill: float) -> None:
    found = missed(rows, shares, skill, 400)
    assert max(found.values()) < 0.10, found
    assert float(np.mean(list(found.values()))) < 0.07, found


def test_the_mean_s_bound_holds_for_skewed_and_for_heavy_tails() -> None:
    rng = np.random.default_rng(0)
    draws: list[NDArray[np.float64]] = [1 - rng.exponential(1, (600, 100)), rng.standard_t(3, (600, 100))]
    for rows in draws:
        beyond = np.mean([means.interval(values, 0.05)[0] > 0 for values in rows])
        assert beyond < 0.075
