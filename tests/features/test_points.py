"""Series in long form: which points make which series, what else is known of a series, and what makes none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pydantic import ValidationError

from keepfit.config.source import SERIES, Points, Source
from keepfit.data.sources.opening import Opened, Reading
from keepfit.errors import DataError
from keepfit.features.points import open_points

LONG = Points(id="patient", time="second", values=("reading",), channel="sensor", channels=("x", "y"))
WIDE = Points(id="patient", time="second", values=("x", "y"))


def readings() -> pd.DataFrame:
    """Five patients of different length, each value its own, lines in mixed order."""
    rows = [
        (f"p{patient}", second, sensor, 100 * patient + second + half, "ab"[patient % 2], 20 + patient)
        for patient in range(5)
        for second in range(3 + patient)
        for sensor, half in (("x", 0.0), ("y", 0.5))
    ]
    columns = ["patient", "second", "sensor", "reading", "state", "age"]
    return pd.DataFrame(rows, columns=columns).sample(frac=1, random_state=0)


def side_by_side(long: pd.DataFrame) -> pd.DataFrame:
    return long.pivot(index=["patient", "second", "state", "age"], columns="sensor", values="reading").reset_index()


def opened(
    folder: Path, frame: pd.DataFrame, points: Points, labels: pd.DataFrame | None = None, beside: str = "age"
) -> Opened:
    frame.to_csv(folder / "rows.csv", index=False)
    tables = (folder / "labels.csv",) if labels is not None else ()
    if labels is not None:
        labels.to_csv(tables[0], index=False)
    reading = Reading(folder, "state", points.source_columns(frozenset([SERIES, beside])), labels=tables)
    return open_points((folder / "rows.csv",), reading, points)


def rows(source: Opened) -> dict[str, dict[str, object]]:
    return {row["patient"]: row for row in pa.Table.from_batches([*source.batches()]).to_pylist()}


def test_each_series_has_all_of_its_points_in_their_order(tmp_path: Path) -> None:
    source = opened(tmp_path, readings(), LONG)
    found = rows(source)
    assert set(source.columns) == {"patient", "state", "age", SERIES}
    for place in range(5):
        row = found[f"p{place}"]
        assert row[SERIES] == [[100.0 * place + at, 100.0 * place + at + 0.5] for at in range(3 + place)]
        assert (row["state"], row["age"]) == ("ab"[place % 2], str(20 + place))


def test_channels_in_lines_and_in_columns_are_the_same_series(tmp_path: Path) -> None:
    assert rows(opened(tmp_path, readings(), LONG)) == rows(opened(tmp_path, side_by_side(readings()), WIDE))


def test_the_order_of_lines_says_nothing(tmp_path: Path) -> None:
    once, again = (rows(opened(tmp_path, readings().sample(frac=1, random_state=s), LONG)) for s in (1, 2))
    assert once == again


def test_what_a_table_says_of_a_series_is_as_if_it_stood_beside_its_points(tmp_path: Path) -> None:
    long = readings()
    labels = long[["patient", "state", "age"]].drop_duplicates()
    beside = rows(opened(tmp_path, long, LONG))
    assert rows(opened(tmp_path, long.drop(columns=["state", "age"]), LONG, labels)) == beside


def test_a_point_that_lacks_is_a_gap(tmp_path: Path) -> None:
    long = readings()[lambda f: ~((f["patient"] == "p1") & (f["second"] == 2) & (f["sensor"] == "y"))]
    assert rows(opened(tmp_path, long, LONG))["p1"][SERIES] == [[100, 100.5], [101, 101.5], [102, None], [103, 103.5]]


def test_dates_and_numbers_in_a_notation_are_read(tmp_path: Path) -> None:
    wide = side_by_side(readings())
    wide["second"] = [f"{28 - at}.1.2024" for at in wide["second"]]
    wide["x"] = [f"1.{at:03.0f},5" for at in wide["x"]]
    found = rows(opened(tmp_path, wide, WIDE))
    assert found["p1"][SERIES] == [[1103.5, 103.5], [1102.5, 102.5], [1101.5, 101.5], [1100.5, 100.5]]


def test_what_is_left_is_told(tmp_path: Path) -> None:
    long = readings()
    labels = pd.DataFrame({"patient": ["p0", "p1", "p2", "p3", "p9"], "state": list("ababa"), "age": range(5)})
    long.loc[long.index[0], "second"] = np.nan
    more = pd.DataFrame([("p1", 7, "z", 1.0)], columns=["patient", "second", "sensor", "reading"])
    source = opened(tmp_path, pd.concat([long.drop(columns=["state", "age"]), more]), LONG, labels)
    found = rows(source)
    assert found["p4"]["state"] is None
    assert len(found["p1"][SERIES]) == 4
    assert source.later == [
        "channels that source.points.channels does not name, left: z.",
        "points without a time or the name of a series, left out: 1.",
        "series without a line in the table of labels: 1 of 5 (p4).",
        "lines of the table of labels whose series has no points, left: 1 (p9).",
    ]


def test_a_long_source_is_the_same_in_many_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows(opened(tmp_path, readings(), LONG))
    monkeypatch.setattr("keepfit.features.points._BYTES", 200)
    source = opened(tmp_path, readings(), LONG)
    assert len([*source.batches()]) > 1
    assert rows(source) == whole


@pytest.mark.parametrize(
    ("change", "points", "message"),
    [
        (lambda f: pd.concat([f, f.iloc[[0]]]), LONG, r"has two points of channel '[xy]' at the time"),
        (lambda f: f, Points(id="patient", time="second", values=("reading",)), "has two points at the time"),
        (lambda f: f.assign(state=list("ab") * (len(f) // 2)), LONG, "\"state\" is '[ab]' and '[ab]' in the series"),
        (lambda f: f, LONG.model_copy(update={"id": "pateint"}), 'no column "pateint", the source.points.id'),
        (lambda f: f, LONG.model_copy(update={"channels": ("u", "v")}), 'no line is of the channel "u"'),
        (lambda f: f.assign(reading="high"), LONG, 'no cell of "reading" is a number'),
        (lambda f: f.assign(second="soon"), LONG, "cannot be read as times"),
        (lambda f: f.assign(series=1), LONG, "is called as one that series of points add"),
    ],
)
def test_what_is_no_series_is_refused(tmp_path: Path, change, points: Points, message: str) -> None:
    with pytest.raises(DataError, match=message):
        rows(opened(tmp_path, change(readings()), points))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (pd.DataFrame({"patient": ["p0", "p0"], "state": ["a", "b"]}), "the series 'p0' has two lines"),
        (pd.DataFrame({"patient": ["q0", "q1"], "state": ["a", "b"]}), "none of the 5 series has a line in it"),
        (pd.DataFrame({"person": ["p0", "p1"], "state": ["a", "b"]}), 'no column "patient"'),
    ],
)
def test_labels_that_name_no_series_or_one_twice_are_refused(
    tmp_path: Path, labels: pd.DataFrame, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        rows(opened(tmp_path, readings().drop(columns="state"), LONG, labels))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"id": "a", "time": "b", "values": "c", "channel": "d"}, "belong together"),
        ({"id": "a", "time": "b", "values": ["c", "e"], "channel": "d", "channels": ["x"]}, "give one in values"),
        ({"id": "a", "time": "a", "values": "c"}, '"a" is there twice'),
        ({"id": "a", "time": "b", "values": []}, "at least 1 item"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(said: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Source(path="rows.csv", points=said)
