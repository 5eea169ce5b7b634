"""The encoders: bins that are never empty, values that never break them, and what a calendar says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from keepfit.features.datetime import DAY
from keepfit.features.datetime import Entry as DatetimeEntry
from keepfit.features.encoder import Encoder
from keepfit.features.shared.bins import edges
from keepfit.features.shared.coded_net import CodedEncoder
from keepfit.features.shared.numeric_net import Cycles, Numbers, Places
from tests.tables import category, number, transform

FINITE = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)


@settings(deadline=None, max_examples=60)
@given(values=st.lists(FINITE, min_size=1, max_size=400), bins=st.integers(2, 128))
def test_edges_rise_in_float32_and_are_no_more_than_asked_for(values: list[float], bins: int) -> None:
    found = edges(number(np.array(values)), bins)
    assert 2 <= len(found) <= bins + 2
    assert (np.diff(found.astype(np.float32)) > 0).all()


def test_each_of_few_values_gets_a_bin_of_its_own() -> None:
    values = np.array([0.0, 1.0, 5.0, 5.5])
    places = Places([number(values)], bins=8)
    _, place, share, _ = places(torch.tensor(values)[:, None])
    assert place.flatten().tolist() == [0, 1, 2, 3]
    assert ((share > 0) & (share < 1)).all()


def test_a_column_that_is_mostly_one_value_keeps_bins_for_the_others() -> None:
    rare = np.arange(1, 500, dtype=float)
    values = np.concatenate([np.zeros(20_000), rare])
    places = Places([number(values)], bins=64)
    _, place, _, _ = places(torch.tensor(rare)[:, None])
    assert len(place.unique()) > 25


def test_bins_order_numbers_as_they_are(table: NDArray[np.float64]) -> None:
    column = np.sort(table[:, 0])
    places = Places([number(table[:, 0])], bins=32)
    _, place, share, level = places(torch.tensor(column)[:, None])
    along = (place + share).flatten()
    assert (along.diff() >= 0).all()
    assert (level.diff(dim=0) >= 0).all()


@pytest.fixture
def table() -> NDArray[np.float64]:
    return np.random.default_rng(0).lognormal(size=(500, 3))


@pytest.mark.parametrize("scale", ["quantile", "standard"])
def test_any_double_gives_finite_vectors(scale: str, table: NDArray[np.float64]) -> None:
    columns = [number(table[:, 0], scale), number(np.array([7.0]), scale), number(np.full(3, 1e30), scale)]
    places = Places(columns, bins=16)
    numbers = Numbers(len(columns), places.bins, units=4)
    odd = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, -1e308, 5e-324]
    found = numbers(*places(torch.tensor(odd, dtype=torch.float64)[:, None].expand(-1, 3)))
    assert found.shape == (len(odd), 3, 4)
    assert found.isfinite().all()
    assert torch.equal(found[0], numbers.missing)


def test_large_offsets_keep_their_digits() -> None:
    values = 1.7e9 + np.arange(100, dtype=float)
    places = Places([number(values)], bins=128)
    _, place, _, _ = places(torch.tensor(values)[:, None])
    assert len(place.unique()) == 100


def test_piecewise_linear_by_two_rows_of_a_table_is_the_product_it_stands_for(table: NDArray[np.float64]) -> None:
    column = number(table[:, 0])
    places = Places([column], bins=16)
    numbers = Numbers(1, places.bins, units=4)
    torch.nn.init.zeros_(numbers.step)
    x = torch.tensor(table[:, :1])
    missing, place, share, level = places(x)
    low, width = places.low, places.width
    deviation = (x - column.mean) / column.std
    encoded = ((deviation.float() - low) / width).clamp(0, 1)
    expected = encoded @ numbers.slope[0] + level * numbers.level + numbers.bias
    torch.testing.assert_close(numbers(missing, place, share, level)[:, 0], expected, atol=1e-4, rtol=1e-4)


def test_codes_outside_the_vocabulary_are_the_last_ones_at_most() -> None:
    codes = CodedEncoder([category(["a", "b", "c"]), category(["d"])], units=2)
    found = codes(torch.tensor([[0, 0], [4, 2], [99, 99], [-5, -5]]))
    assert torch.equal(found[1], found[2])
    assert torch.equal(found[0], found[3])
    assert len(codes.table) == (3 + 2) + (1 + 2)


def test_a_clock_comes_back_after_a_day_and_a_week() -> None:
    monday = 1_704_067_200.0  # 2024-01-01 00:00 UTC
    hour, weekday, _ = range(3)
    moments = torch.tensor([[monday], [monday + DAY], [monday + 7 * DAY], [float("nan")]], dtype=torch.float64)
    found = Cycles([number(np.array([monday]), kind=DatetimeEntry)])(moments)
    assert found[0, hour] == found[1, hour] == found[2, hour] == 0
    assert found[0, weekday] == found[2, weekday] != found[1, weekday]
    assert found[3].isnan().all()


def test_columns_of_all_kinds_stand_side_by_side(table: NDArray[np.float64]) -> None:
    moment = number(table[:, 1] * 1e9, kind=DatetimeEntry)
    fitted = transform([number(table[:, 0]), moment], [category(["甲", "乙"])], ["no", "yes"])
    encoder = Encoder(fitted, bins=16, units=4)
    inputs = {"numbers": torch.tensor(table[:, :2]), "codes": torch.zeros(len(table), 1, dtype=torch.int64)}
    assert encoder.columns == 2 + 3 + 1
    assert encoder(inputs).shape == (len(table), encoder.columns, 4)
