"""Windows of series: which values stand before an origin and behind it, and what of a table makes none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from keepfit.config.source import Window
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.errors import DataError
from keepfit.features.series import Asked
from keepfit.features.windows import open_windows

WINDOW = Window(time="day", by="shop", length=3, horizon=2)


def sales() -> pd.DataFrame:
    """Two shops in mixed order; their values say shop and day."""
    rows = [
        (f"2024-01-{day:02d}", shop, 100 * place + day, day % 2)
        for day in range(1, 9)
        for place, shop in enumerate("ab")
    ]
    return pd.DataFrame(rows, columns=["day", "shop", "sold", "rain"]).sample(frac=1, random_state=0)


def opened(folder: Path, frame: pd.DataFrame, asked: Asked, **reading: str) -> Opened:
    frame.to_csv(folder / "rows.csv", index=False, sep=";")
    needed = frozenset({asked.window.time, *([asked.window.by] if asked.window.by else [])})
    return open_windows(open_source((folder / "rows.csv",), Reading(folder, asked.target, needed, **reading)), asked)


def rows(folder: Path, frame: pd.DataFrame, asked: Asked) -> list[dict[str, object]]:
    return pa.Table.from_batches([*opened(folder, frame, asked).batches()]).to_pylist()


def test_each_point_has_the_values_up_to_it_and_those_behind_it(tmp_path: Path) -> None:
    found = rows(tmp_path, sales(), Asked(WINDOW, "sold"))
    assert len(found) == 2 * (8 - 3 - 2 + 1)
    for row in found:
        day, shop = int(row["day"][-2:]), 100 * "ab".index(row["shop"])
        assert row["history"] == [shop + day - 2, shop + day - 1, shop + day]
        assert row["sold"] == [shop + day + 1, shop + day + 2]
        assert (row["until"], row["rain"]) == (f"2024-01-{day + 2:02d}", str(day % 2))
    assert [row["shop"] for row in found] == sorted(
        (row["shop"] for row in found), key=[r["shop"] for r in found].index
    )


def test_what_comes_later_changes_nothing_before_it(tmp_path: Path) -> None:
    before = rows(tmp_path, sales(), Asked(WINDOW, "sold"))
    changed = sales()
    late = changed["day"] > "2024-01-05"
    changed.loc[late, "sold"] = np.random.default_rng(0).permutation(changed.loc[late, "sold"]) * 7
    after = rows(tmp_path, changed, Asked(WINDOW, "sold"))
    for old, new in zip(before, after, strict=True):
        if old["day"] <= "2024-01-05":
            assert old["history"] == new["history"]
        assert (old["sold"] == new["sold"]) == (old["until"] <= "2024-01-05")


def test_a_missing_value_ahead_is_no_target_and_one_before_is_a_gap(tmp_path: Path) -> None:
    frame = sales()
    frame.loc[(frame["day"] == "2024-01-05") & (frame["shop"] == "a"), "sold"] = np.nan
    found = {(row["shop"], row["day"][-2:]): row for row in rows(tmp_path, frame, Asked(WINDOW, "sold"))}
    assert [found["a", day]["sold"] is None for day in ("03", "04", "05", "06")] == [True, True, False, False]
    assert found["a", "06"]["history"] == [4, None, 6]
    assert all(found["b", day]["sold"] for day in ("03", "04", "05", "06"))


def test_the_newest_points_alone_have_no_target_and_short_series_are_named(tmp_path: Path) -> None:
    frame = pd.concat([sales(), pd.DataFrame([("2024-01-01", "new", 1, 0)], columns=["day", "shop", "sold", "rain"])])
    source = opened(tmp_path, frame, Asked(WINDOW, "sold", newest=True))
    found = pa.Table.from_batches([*source.batches()]).to_pylist()
    assert {row["shop"]: row["history"] for row in found} == {"a": [6, 7, 8], "b": [106, 107, 108]}
    assert not {"sold", "until"} & {*source.columns, *found[0]}
    assert [(one.where, one.reason) for one in source.unread] == [
        ("series new", "it has 1 points, and a forecast is made from 3")
    ]


def test_dates_and_numbers_in_a_notation_are_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"day": [f"{day}.1.2024" for day in range(13, 3, -1)], "sold": [f"1.{d}00,5" for d in range(10)]}
    )
    found = rows(tmp_path, frame.iloc[:8], Asked(Window(time="day", length=2), "sold"))
    assert [row["day"] for row in found] == [f"{day}.1.2024" for day in range(7, 13)]
    assert (found[0]["history"], found[0]["sold"]) == ([1700.5, 1600.5], [1500.5])


def test_a_gap_in_time_is_told(tmp_path: Path) -> None:
    source = opened(tmp_path, sales()[lambda f: f["day"] != "2024-01-04"], Asked(WINDOW, "sold"))
    assert sum(map(len, source.batches())) == 2 * 3
    assert source.later == [
        "2 of 12 steps in time are longer than usual, the first from 2024-01-03 to 2024-01-05: the points about a gap "
        "stand one behind the other as if there were none."
    ]


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (Window(time="day", length=3), "the time '2024-01-01' is there twice"),
        (Window(time="dya", by="shop", length=3), 'no column "dya", the source.window.time'),
        (Window(time="shop", length=3), "cannot be read as times"),
        (Window(time="day", by="shop", length=8), "the longest series has 8 points"),
    ],
)
def test_what_is_no_series_is_refused(tmp_path: Path, window: Window, message: str) -> None:
    with pytest.raises(DataError, match=message):
        rows(tmp_path, sales(), Asked(window, "sold"))
