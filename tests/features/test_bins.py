"""Where cells fall: every cell in one bin that has a name, and new rows as often as the train rows foretell."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.config import Preprocessing
from keepfit.features.category import Settings as CategorySettings
from keepfit.features.kind import Seen
from keepfit.features.lookup import kind_of
from keepfit.features.number import Settings as NumberSettings

SETTINGS = Preprocessing()


def fitted(kind: str, settings: object, cells: pa.Array) -> tuple[object, list[int]]:
    """The entry of a column of train rows, and its bins."""
    fitter = kind_of(kind).fitter(settings, SETTINGS, {})  # type: ignore[arg-type]
    seen = Seen(np.ones(len(cells), np.bool_), None, np.arange(0), lambda places: [str(p) for p in places])
    fitter.add(cells, seen)
    entry = fitter.entry("column", 0)
    return entry, fitter.profile(entry)["bins"][""]


@given(st.lists(st.none() | st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1.0]), min_size=1, max_size=200))
def test_the_train_rows_of_a_number_fall_where_its_profile_says(values: list[float | None]) -> None:
    if all(value is None for value in values):
        return
    kind, cells = kind_of("number"), pa.array(values, pa.float64())
    entry, rows = fitted("number", NumberSettings(), cells)
    (counts,) = kind.binned(cells, kind.feed(cells, {}, {}), entry).values()
    (bins,) = kind.bins(entry).values()
    assert counts.tolist() == rows
    assert len(bins.names) == len(rows)
    assert sum(rows) == len(values)


def test_a_value_that_most_rows_have_is_a_bin_of_its_own() -> None:
    entry, rows = fitted("number", NumberSettings(), pa.array([0.0] * 90 + [5.0] * 10))
    (bins,) = kind_of("number").bins(entry).values()
    assert dict(zip(bins.names, rows, strict=True))["0"] == 90


@pytest.mark.parametrize("kept", [30, 5_000])
def test_new_rows_have_as_many_unseen_values_as_the_train_rows_foretell(kept: int) -> None:
    draw = np.random.default_rng(kept)
    share = 1 / np.arange(1, kept + 1)
    train, new = (pa.array(draw.choice(kept, n, p=share / share.sum()).astype(str)) for n in (8_000, 8_000))
    entry, rows = fitted("category", CategorySettings(), train)
    kind = kind_of("category")
    (counts,) = kind.binned(new, kind.feed(new, {}, {}), entry).values()
    assert len(counts) == len(rows)
    assert sum(rows) == 8_000
    assert abs(counts[1] - rows[1]) < 5 * np.sqrt(counts[1] + rows[1] + 1)
