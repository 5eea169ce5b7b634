"""Intervals of forecasts cover what they say: where errors add up over overlapping rows, and where they grow."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view

from keepfit.problems.forecasting import Settings, Target
from keepfit.problems.forecasting.learn import answers, objective
from keepfit.problems.forecasting.space import learned
from keepfit.problems.forecasting.spread import POWER
from keepfit.problems.objective import Reach


def target(values: np.ndarray, horizon: int, low: float) -> Target:
    return Target(
        name="sold", problem="forecasting", horizon=horizon, length=2,
        mean=float(values.mean()), std=float(values.std()), low=low, high=float(values.max()),
    )  # fmt: skip


def reach_by(known: tuple[np.ndarray, np.ndarray], about: Target) -> Reach:
    """From forecasts and what came [N, H]."""
    loss = objective(Settings(), about, 0.0)
    outputs, labels = (torch.from_numpy(learned(one, about)) for one in known)
    return loss.reach(loss.misses(outputs[:, None], labels)[1:])


def covered(known: tuple[np.ndarray, np.ndarray], new: tuple[np.ndarray, np.ndarray], about: Target) -> float:
    given = answers(torch.from_numpy(learned(new[0], about))[:, None], about, reach_by(known, about)).numpy()
    _, low, high = np.split(given, 3, axis=1)
    return float(((low <= new[1]) & (new[1] <= high)).mean())


@pytest.mark.parametrize("horizon", [1, 4, 12])
def test_errors_that_add_up_over_overlapping_rows_are_covered(horizon: int) -> None:
    """The last value of a walk as its forecast; without regard to the overlap 12 steps are covered by 82 %."""
    shares = []
    for seed in range(150):
        walk = np.random.default_rng(seed).normal(size=60 + 40 + 3 * horizon).cumsum()
        rows = sliding_window_view(walk, horizon + 1)
        pairs = rows[:, :1].repeat(horizon, 1), rows[:, 1:]
        about = target(rows[:60], horizon, low=-1e6)
        known, new = (tuple(one[part] for one in pairs) for part in (slice(60), slice(60 + horizon, None)))
        shares.append(covered(known, new, about))
    assert 0.86 < np.mean(shares) < 0.95


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_errors_that_grow_with_the_level_are_covered_where_it_is_higher(power: float) -> None:
    random = np.random.default_rng(3)
    known, new = random.uniform(20, 100, (1000, 2)), random.uniform(120, 160, (1000, 2))
    drawn = [(one, one + one**power * random.normal(size=one.shape)) for one in (known, new)]
    about = target(known, 2, low=1.0)
    assert reach_by(drawn[0], about)[POWER] == power
    assert covered(*drawn, about) == pytest.approx(0.9, abs=0.04)


def test_values_on_both_sides_of_zero_have_no_level() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(200, 1))
    assert reach_by((values, values * 2), target(values, 1, low=-3.0))[POWER] == 0
