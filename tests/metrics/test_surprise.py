"""What texts cost, in nats a character."""

from __future__ import annotations

import numpy as np
import pytest

from keepfit.errors import DataError
from keepfit.metrics.surprise import compare, intervals, scores


def test_the_figures_are_of_all_texts_together():
    nats, tokens, characters = (np.array(found, float) for found in ([10, 2], [4, 2], [8, 4]))
    found = scores(nats, tokens, characters)
    assert found["nats_per_character"] == pytest.approx(1)
    assert found["bits_per_character"] == pytest.approx(1 / np.log(2))
    assert found["perplexity"] == pytest.approx(np.exp(2))
    assert scores(nats, tokens, characters * 0) == {}


def test_an_interval_holds_the_truth_as_often_as_it_says():
    draw, held = np.random.default_rng(0), 0
    for _ in range(300):
        sizes = draw.integers(20, 200, 60).astype(float)
        nats = draw.gamma(4, sizes * 1.5 / 4)
        ends = intervals(nats, sizes, sizes, 0.9)["nats_per_character"]
        held += ends.low <= 1.5 <= ends.high
    assert 0.85 < held / 300 < 0.97


def test_one_text_tells_nothing_of_others():
    one = np.ones(1)
    assert intervals(one, one, one, 0.95) == {}


def test_the_challenger_is_better_above_zero_in_nats_and_bits():
    draw = np.random.default_rng(1)
    sizes = draw.integers(50, 100, 80).astype(float)
    champion = sizes * 1.6 + draw.normal(0, 3, 80)
    challenger = champion - sizes * 0.1 + draw.normal(0, 1, 80)
    found = compare(sizes, champion, challenger, "nats_per_character", 0.05)
    assert found.difference == pytest.approx((champion - challenger).sum() / sizes.sum())
    assert 0 < found.low < found.difference < found.high
    assert found.p_better < 0.001
    bits = compare(sizes, champion, challenger, "bits_per_character", 0.05)
    assert bits.difference == pytest.approx(found.difference / np.log(2))
    assert compare(sizes, challenger, champion, "nats_per_character", 0.05).high < 0


def test_equal_models_differ_by_nothing():
    sizes = np.array([3.0, 4, 5])
    found = compare(sizes, sizes, sizes, "nats_per_character", 0.05)
    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert found.p_better == 0.5


def test_texts_without_a_character_cannot_be_compared():
    with pytest.raises(DataError, match="empty"):
        compare(np.zeros(2), np.ones(2), np.ones(2), "nats_per_character", 0.05)
