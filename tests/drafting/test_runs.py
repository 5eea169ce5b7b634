"""Columns that are taken as the steps of one series, and those that are not."""

from __future__ import annotations

import numpy as np
import pytest

from keepfit.data.spans import named
from keepfit.drafting.runs import runs, span
from keepfit.features.column import ColumnFacts, facts_of_classes


def columns(values: np.ndarray, prefix: str = "v") -> list[ColumnFacts]:
    return [facts_of_classes(f"{prefix}{n}", [repr(float(v)) for v in c]) for n, c in enumerate(values.T, 1)]


def walks() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(60, 30)).cumsum(1)


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
