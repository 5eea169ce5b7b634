"""Rows that cannot be read: kept out of the snapshot, counted, named, and bound by one budget with the failing ones."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from keepfit.data.identity import LEFT_OUT, ROW, UNREAD
from keepfit.data.unread import RowPlaces, Unread
from keepfit.errors import DataError
from keepfit.report.places import places
from keepfit.stages.ingest import ingest
from keepfit.stages.validation import validate
from keepfit.store.events import Event
from keepfit.store.run import Run
from tests.stages.ingest.ingesting import rows, start


def picture(seed: int, kind: str = "PNG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


DAMAGED = {
    "empty": b"",
    "text": b"not a picture",
    "cut off": picture(1)[:-20],
    "jpeg cut off": picture(1, "JPEG")[:-200],
    "bomb": bomb(),
    "zeros": bytes(500),
}


def in_folder(folder: Path, contents: list[bytes | None]) -> dict[str, str]:
    for number, content in enumerate(contents):
        path = folder / f"p/{'ab'[number % 2]}/{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content or b"")
    return {"path": "p"}


def in_zip(folder: Path, contents: list[bytes | None]) -> dict[str, str]:
    with zipfile.ZipFile(folder / "p.zip", "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{'ab'[number % 2]}/{number:03d}.png", content or b"")
    return {"path": "p.zip"}


def in_parquet(folder: Path, contents: list[bytes | None]) -> dict[str, str]:
    structs = [None if content is None else {"bytes": content, "path": "x.png"} for content in contents]
    labels = ["ab"[number % 2] for number in range(len(contents))]
    pq.write_table(pa.table({"image": structs, "label": labels}), folder / "p.parquet")
    return {"path": "p.parquet"}


def ingested(folder: Path, source: dict[str, str], **sections: object) -> tuple[Run, list[str]]:
    told: list[str] = []

    def listen(event: Event) -> None:
        if event.what == "note":
            told.append(event.message)

    begun = start(folder, source, {"image": "image"}, "label", **sections)
    return replace(begun, listener=listen), told


@pytest.mark.parametrize("put", [in_folder, in_zip, in_parquet])
@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_picture_is_left_out_and_named(tmp_path: Path, put, damage: str) -> None:
    contents: list[bytes | None] = [picture(n) for n in range(40)]
    contents[7] = DAMAGED[damage]
    begun, told = ingested(tmp_path, put(tmp_path, contents))
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.unread) == (39, 1)
    (gone,) = pq.read_table(begun.store / snapshot.path / UNREAD).to_pylist()
    assert gone["where"] == ("row 8" if put is in_parquet else "b/007.png")
    assert gone["reason"].startswith("it ")
    assert [note for note in told if f"1 of 40 rows could not be read ({gone['where']}: {gone['reason']}" in note]
    assert validate(begun, snapshot).rows == 39


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(bad=st.sets(st.integers(0, 29), max_size=20), lost=st.sets(st.integers(0, 29), max_size=10))
def test_every_other_row_is_kept_and_found_in_the_source(tmp_path_factory, bad: set[int], lost: set[int]) -> None:
    folder = tmp_path_factory.mktemp("rows")
    contents = [None if n in lost else b"" if n in bad else picture(n) for n in range(30)]
    kept = [n for n in range(30) if n not in bad | lost]
    begun, _ = ingested(folder, in_parquet(folder, contents))
    if len({n % 2 for n in kept}) < 2:
        with pytest.raises(DataError):
            ingest(begun)
        return
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.unread) == (len(kept), len(bad | lost))
    table = rows(begun, snapshot)
    assert table["image"].to_pylist() == [contents[n] for n in kept]
    found = places(begun.store / snapshot.path, table[ROW].to_pylist())
    assert [found[row] for row in table[ROW].to_pylist()] == [n + 1 for n in kept]
    assert pq.read_table(begun.store / snapshot.path / LEFT_OUT)["row"].to_pylist() == sorted(n + 1 for n in bad | lost)


def test_a_row_of_a_text_file_with_too_many_cells_is_left_out_and_named(tmp_path: Path) -> None:
    lines = [f"{n},{n % 7},{'xz'[n % 2]}" for n in range(60)]
    lines[16] += ",more"
    (tmp_path / "rows.csv").write_text("a,b,y\n" + "\n".join(lines) + "\n")
    begun = start(tmp_path, {"path": "rows.csv"}, {"a": "number", "b": "number"}, "y", validation={})
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.unread) == (59, 1)
    (gone,) = pq.read_table(begun.store / snapshot.path / UNREAD).to_pylist()
    assert (gone["row"], gone["where"]) == (17, "rows.csv, line 18")
    assert rows(begun, snapshot)["a"].to_pylist() == [n for n in range(60) if n != 16]
    assert validate(begun, snapshot).rows == 59


@pytest.mark.parametrize(
    "line",
    ["{", "[1]", "null", '{"a": "\\ud800", "y": "x"}', '{"y": "x", "a": ' + "9" * 5_000 + "}", "[" * 50_000],
    ids=["no JSON", "array", "null", "half a character", "digits", "deep"],
)
def test_a_damaged_line_of_json_is_left_out_and_named_within_the_budget(tmp_path: Path, line: str) -> None:
    lines = [json.dumps({"a": n, "y": "xz"[n % 2]}) for n in range(60)]
    for count, passes in ((2, True), (4, False)):
        (tmp_path / "rows.jsonl").write_text("\n".join([*lines[:17], *[line] * count, *lines[17:]]))
        begun = start(tmp_path, {"path": "rows.jsonl"}, {"a": "number"}, "y", validation={})
        snapshot = ingest(begun)
        assert (snapshot.rows, snapshot.unread) == (60, count)
        gone = pq.read_table(begun.store / snapshot.path / UNREAD).to_pylist()
        assert (gone[0]["row"], gone[0]["where"]) == (18, "rows.jsonl, line 18")
        assert rows(begun, snapshot)["a"].to_pylist() == [*range(60)]
        if passes:
            assert validate(begun, snapshot).rows == 60
        else:
            with pytest.raises(DataError, match="4 of 64 rows could not be read"):
                validate(begun, snapshot)


def test_more_than_the_budget_stop_the_run_and_are_named(tmp_path: Path) -> None:
    contents: list[bytes | None] = [b"" if n in (3, 4, 5, 9) else picture(n) for n in range(40)]
    source = in_folder(tmp_path, contents)
    begun, _ = ingested(tmp_path, source, validation={})
    with pytest.raises(
        DataError, match=r"4 of 40 rows could not be read .*and 1 more.*10.00%.* allows 5.00%"
    ) as caught:
        validate(begun, ingest(begun))
    assert UNREAD in str(caught.value)
    begun, _ = ingested(tmp_path, source, validation={"max_bad_share": 0.1})
    assert validate(begun, ingest(begun)).rows == 36


def test_one_budget_holds_for_rows_that_fail_and_rows_that_cannot_be_read(tmp_path: Path) -> None:
    suite = "expectations:\n- {type: expect_column_values_to_not_be_null, kwargs: {column: n}, severity: warning}\n"
    (tmp_path / "e.yaml").write_text(suite)
    images = [b"" if n < 3 else picture(n) for n in range(100)]
    numbers = [None if n > 96 else n % 7 for n in range(100)]
    pq.write_table(pa.table({"image": images, "n": numbers, "label": ["a", "b"] * 50}), tmp_path / "p.parquet")
    for share, passes in ((0.06, True), (0.05, False)):
        bound = {"expectations": "e.yaml", "max_bad_share": share}
        begun = start(tmp_path, {"path": "p.parquet"}, {"image": "image"}, "label", validation=bound)
        if passes:
            assert validate(begun, ingest(begun)).quarantined == 3
        else:
            with pytest.raises(DataError, match=r"3 of 100 rows failed and 3 of 100 rows could not be read"):
                validate(begun, ingest(begun))


@pytest.mark.parametrize("put", [in_folder, in_zip, in_parquet])
def test_a_source_of_which_nothing_can_be_read_is_said_so(tmp_path: Path, put) -> None:
    begun, _ = ingested(tmp_path, put(tmp_path, [b"x"] * 6))
    with pytest.raises(DataError, match=r"6 of 6 rows could not be read"):
        ingest(begun)


@given(gone=st.sets(st.integers(1, 60), max_size=30), sizes=st.lists(st.integers(0, 9), max_size=12))
def test_places_count_the_rows_between(gone: set[int], sizes: list[int]) -> None:
    counted = RowPlaces([Unread(row, "", "") for row in sorted(gone)])
    found = [place for size in sizes for place in counted.next(size).tolist()]
    assert found == [row for row in range(1, 400) if row not in gone][: sum(sizes)]
