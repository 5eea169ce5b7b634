"""Columns that are taken as the steps of one series, and those that are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn import datasets

from keepfit.data.spans import named
from keepfit.drafting.runs import runs, span
from keepfit.features.column import ColumnFacts, facts_of, facts_of_classes


def facts_of_numbers(name: str, cells: np.ndarray) -> ColumnFacts:
    (facts,) = facts_of([pa.record_batch({name: pa.array(cells, from_pandas=True)})])
    return facts


def columns(values: np.ndarray, prefix: str = "v") -> list[ColumnFacts]:
    return [facts_of_numbers(f"{prefix}{n}", cells) for n, cells in enumerate(values.T, 1)]


def walks() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(60, 30)).cumsum(1)


def charts(random: np.random.Generator) -> np.ndarray:
    """Of a process under control, in cycles, drifting up or down: mostly noise (after Alcock and Manolopoulos 1999)."""
    steps = np.arange(60)
    cycles = random.uniform(10, 15, (20, 1)) * np.sin(2 * np.pi * steps / random.uniform(10, 15, (20, 1)))
    drifts = random.uniform(0.2, 0.5, (20, 1)) * steps
    return 30 + random.uniform(-6, 6, (80, 60)) + np.concatenate([np.zeros((20, 60)), cycles, drifts, -drifts])


def bumps(random: np.random.Generator) -> np.ndarray:
    """One somewhere in noise."""
    return random.normal(size=(150, 60)) + 3 * np.exp(-((np.arange(60) - random.uniform(5, 55, (150, 1))) ** 2) / 18)


def forgetful(random: np.random.Generator) -> np.ndarray:
    """Noise of which a third stays from one step to the next."""
    found = random.normal(size=(150, 40))
    for step in range(1, 40):
        found[:, step] += found[:, step - 1] / 3
    return found


@pytest.mark.parametrize("make", [charts, bumps, forgetful])
@pytest.mark.parametrize("seed", range(3))
def test_noisy_series_are_recognised_by_the_order_of_their_columns(make, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = make(random)
    assert len(runs(columns(values))) == 1
    assert runs(columns(random.permuted(values, axis=0))) == [], "the same columns, unrelated"
    assert runs(columns(values[:, random.permutation(values.shape[1])])) == [], "the same columns in another order"


def test_gaps_in_a_noisy_series_are_no_matter() -> None:
    random = np.random.default_rng(0)
    values = bumps(random)
    values[random.random(values.shape) < 0.1] = np.nan
    assert len(runs(columns(values))) == 1


def clusters(count: int, *, shuffle: bool) -> np.ndarray:
    found = datasets.make_classification(400, count, n_informative=10, n_redundant=8, shuffle=shuffle, random_state=0)
    return np.asarray(found[0])


@pytest.mark.parametrize(
    "values",
    [
        datasets.load_breast_cancer().data,
        datasets.load_digits().data / 16.1,
        clusters(200, shuffle=True),
        clusters(24, shuffle=False),
        np.repeat(np.random.default_rng(0).normal(size=(200, 20)), 2, 1) + np.random.default_rng(1).random((200, 40)),
        datasets.make_low_rank_matrix(200, 60, random_state=0),
    ],
    ids=["breast cancer", "pixels", "clusters", "clusters, in order", "pairs", "few directions"],
)
def test_tables_whose_columns_are_numbered_stay_tables(values: np.ndarray) -> None:
    assert runs(columns(values)) == []


@pytest.mark.parametrize("odd", [np.nan, 1e200], ids=["empty", "beyond what can be squared"])
def test_a_run_with_a_column_that_cannot_be_compared_is_none(odd: float) -> None:
    values = walks()
    values[:, 3] = odd
    assert runs(columns(values)) == []


def test_a_smooth_run_is_a_series():
    (run,) = runs([facts_of_classes("id", ["a"] * 60), *columns(walks()), facts_of_classes("w7", ["1.5"] * 60)])
    assert span(run) == "v1..v30"
    assert list(named(span(run))) == [column.name for column in run]


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=(60, 30)),
        walks()[:, :19],
        walks().round() + 0.0,
    ],
    ids=["unlike neighbours", "few", "whole numbers"],
)
def test_numbered_columns_of_other_things_are_none(values):
    assert runs(columns(values)) == []


def test_zeros_before_a_number_stay():
    assert named("t_08..t_11") == ("t_08", "t_09", "t_10", "t_11")


@pytest.mark.parametrize("said", ["v1", "v1..w9", "v9..v1", "v1..v99999999"])
def test_what_is_no_span_is_told(said):
    with pytest.raises(ValueError, match=r"FIRST\.\.LAST"):
        named(said)
