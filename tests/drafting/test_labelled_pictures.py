"""Pictures in no folders of classes, whose labels stand in a table: keepfit init finds it, and what it writes runs."""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from PIL import Image

from keepfit import config
from keepfit.config import Pipeline
from keepfit.data.identity import UNREAD
from keepfit.drafting import draft
from keepfit.errors import ConfigError, DataError
from keepfit.stages.ingest import ingest
from keepfit.stages.validation import validate
from keepfit.store import run
from keepfit.store.artifacts import Snapshot
from keepfit.store.events import Event

COUNT = 60


def picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def gallery(folder: Path, name: str = "p", inside: str = "") -> Path:
    for number in range(COUNT):
        path = folder / name / inside / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return folder / name


def zipped(root: Path) -> Path:
    with zipfile.ZipFile(root.with_suffix(".zip"), "w") as archive:
        for path in sorted(root.rglob("*.png")):
            archive.write(path, path.relative_to(root))
    shutil.rmtree(root)
    return root.with_suffix(".zip")


def labels(path: Path, names: list[str], found: list[Any] | None = None, header: str = "file,kind") -> Path:
    found = found or ["cat" if n % 2 else "dog" for n in range(len(names))]
    path.write_text("\n".join([header, *(f"{name},{label}" for name, label in zip(names, found, strict=True))]) + "\n")
    return path


def drafted(data: Path, folder: Path, target: str | None = None, **more: Any) -> tuple[Pipeline, str]:
    found = draft(data, target, folder=folder, **more)
    return config.load(found.pipeline), " ".join(found.said)


def by_hand(folder: Path, path: str = "p", feature: str = "image", kind: str = "image") -> Pipeline:
    text = f"name: p\nsource: {{path: {path}, labels: labels.csv}}\ntarget: kind\nfeatures: {{{feature}: {kind}}}\n"
    (folder / "pipeline.yaml").write_text(text + f"model: {{family: {'cnn' if kind == 'image' else 'mlp'}}}\n")
    return config.load(folder / "pipeline.yaml")


def ingested(pipeline: Pipeline) -> tuple[run.Run, Snapshot, str]:
    told: list[str] = []

    def listen(event: Event) -> None:
        if event.what == "note":
            told.append(event.message)

    begun = replace(run.start(pipeline), listener=listen)
    return begun, ingest(begun), " ".join(told)


def kept(begun: run.Run, snapshot: Snapshot) -> list[dict[str, Any]]:
    return pq.read_table(begun.store / snapshot.path / "rows").to_pylist()


NAMES = {
    "name": lambda n: f"{n:03d}.png",
    "no ending": lambda n: f"{n:03d}",
    "folder": lambda n: f"p/{n:03d}.png",
    "dot": lambda n: f"./{n:03d}.png",
    "windows": lambda n: f"C:\\data\\p\\{n:03d}.png",
    "absolute, no ending": lambda n: f"/home/anna/p/{n:03d}",
}  # fmt: skip


@pytest.mark.parametrize(("packed", "inside"), [(False, ""), (True, "all/p")], ids=["folder", "zip"])
@pytest.mark.parametrize("called", NAMES)
def test_labels_are_found_and_joined_by_name(tmp_path: Path, called: str, packed: bool, inside: str) -> None:
    root = gallery(tmp_path, inside=inside)
    order = [*range(COUNT)][::-1]
    labels(tmp_path / "labels.csv", [NAMES[called](n) for n in order], ["cat" if n % 2 else "dog" for n in order])
    data = zipped(root) if packed else root
    pipeline, said = drafted(data, tmp_path, "kind")
    assert (pipeline.source.path, pipeline.source.labels) == (data.name, "labels.csv")
    assert (
        'The labels are those of the column "kind" of labels.csv, whose column "file" names 60 of 60 pictures' in said
    )
    begun, snapshot, told = ingested(pipeline)
    assert (snapshot.rows, snapshot.unread, snapshot.classes) == (COUNT, 0, ("cat", "dog"))
    assert "label" not in told
    for n, row in zip(order, kept(begun, snapshot), strict=True):
        assert (row["image"], row["kind"]) == (picture(n), "cat" if n % 2 else "dog")
    assert validate(begun, snapshot).rows == COUNT


@pytest.mark.parametrize("header", ["image,label", "label,image", "id,label", "file,label,note"])
def test_the_columns_may_be_called_and_stand_as_they_like(tmp_path: Path, header: str) -> None:
    root = gallery(tmp_path)
    cells = {"label": lambda n: "ab"[n % 2], "note": lambda n: f"n{n % 3}"}
    names = header.split(",")
    lines = [",".join(cells.get(name, lambda n: f"{n:03d}.png")(n) for name in names) for n in range(COUNT)]
    (root / "labels.csv").write_text("\n".join([header, *lines]))
    pipeline, _ = drafted(root, tmp_path)
    assert (pipeline.target, pipeline.source.labels) == ("label", "p/labels.csv")
    begun, snapshot, told = ingested(pipeline)
    assert [(row["image"], row["label"]) for row in kept(begun, snapshot)] == [
        (picture(n), "ab"[n % 2]) for n in range(COUNT)
    ]
    assert ("note" in kept(begun, snapshot)[0]) == ("note" in header)
    assert "no picture and is left" not in told


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_what_has_no_label_is_told_and_what_has_no_picture_is_unread(tmp_path: Path, packed: bool) -> None:
    root = gallery(tmp_path)
    (root / "more").mkdir()
    (root / "more/007.png").write_bytes(picture(700))
    (root / "020.png").write_bytes(b"")
    names = [f"{n:03d}.png" for n in range(2, COUNT)]
    labels(tmp_path / "labels.csv", [*names, "lost.png", "007", "more/007", ""])
    pipeline, said = drafted(zipped(root) if packed else root, tmp_path, "kind")
    assert "2 of 62 rows could not be read (labels.csv, row 59: there is no picture 'lost.png'" in said
    begun, snapshot, told = ingested(pipeline)
    assert (snapshot.rows, snapshot.unread) == (59, 3)
    assert "2 pictures are in no row of labels.csv and left: 000.png, 001.png." in told
    gone = pq.read_table(begun.store / snapshot.path / UNREAD).to_pylist()
    assert [row["row"] for row in gone] == [19, 59, 62]
    assert [row["where"].split(",")[0] for row in gone] == ["020.png", "labels.csv", "labels.csv"]
    assert gone[2]["reason"] == "it names no picture"
    assert kept(begun, snapshot)[-1]["image"] == picture(700)


def test_a_name_that_may_be_two_pictures_is_unread(tmp_path: Path) -> None:
    root = gallery(tmp_path)
    for part in "xy":
        (root / part).mkdir()
        (root / part / "a.png").write_bytes(picture(100))
    labels(tmp_path / "labels.csv", [*(f"{n:03d}" for n in range(COUNT)), "a.png", "y/a.png"])
    pipeline = by_hand(tmp_path)
    begun, snapshot, _ = ingested(pipeline)
    (gone,) = pq.read_table(begun.store / snapshot.path / UNREAD).to_pylist()
    assert (gone["row"], gone["reason"]) == (61, "'a.png' may be x/a.png or y/a.png")


def test_the_same_name_in_another_folder_is_another_picture(tmp_path: Path) -> None:
    gallery(tmp_path, inside="a")
    labels(tmp_path / "labels.csv", [*(f"x/a/{n:03d}" for n in range(COUNT)), "b/001.png", "x/b/001.png"])
    begun, snapshot, _ = ingested(by_hand(tmp_path))
    gone = pq.read_table(begun.store / snapshot.path / UNREAD).to_pylist()
    assert [one["reason"] for one in gone] == ["there is no picture 'b/001.png'", "there is no picture 'x/b/001.png'"]


def test_a_picture_that_is_named_twice_is_a_row_twice(tmp_path: Path) -> None:
    root = gallery(tmp_path)
    names = [f"{n:03d}" for n in range(COUNT)]
    labels(tmp_path / "labels.csv", [*names, "005.png", "006.png"], [*["a", "b"] * 30, "b", "b"])
    _, snapshot, _ = ingested(drafted(root, tmp_path, "kind")[0])
    assert (snapshot.rows, snapshot.duplicates) == (62, 1)


def test_a_number_beside_each_picture_is_learned_as_one(tmp_path: Path) -> None:
    root = gallery(tmp_path)
    labels(tmp_path / "ages.tsv", [f"{n:03d}" for n in range(COUNT)], [n * 1.37 for n in range(COUNT)], "id,age")
    pipeline, _ = drafted(root, tmp_path, "age")
    assert pipeline.problem.kind == "regression"
    assert ingested(pipeline)[1].rows == COUNT


def test_test_pictures_have_a_table_of_their_own(tmp_path: Path) -> None:
    names = [f"{n:03d}" for n in range(COUNT)]
    for part in ("learn", "judge"):
        gallery(tmp_path, part)
        labels(tmp_path / part / "labels.csv", names)
    pipeline, _ = drafted(tmp_path / "learn", tmp_path, "kind", test=tmp_path / "judge")
    assert (pipeline.source.test, pipeline.source.test_labels) == ("judge", "judge/labels.csv")
    snapshot = ingested(pipeline)[1]
    assert (snapshot.rows, snapshot.test_rows) == (2 * COUNT, COUNT)


def test_other_tables_are_not_taken_for_labels_and_two_are_refused(tmp_path: Path) -> None:
    root = gallery(tmp_path)
    names = [f"{n:03d}.png" for n in range(COUNT)]
    labels(tmp_path / "few.csv", names[:20])
    (tmp_path / "README.txt").write_text("Pictures, and nothing else.\n")
    with pytest.raises(DataError, match=r"at least two folders.*Or name a table of file names and labels"):
        drafted(root, tmp_path)
    labels(tmp_path / "one.csv", names)
    assert drafted(root, tmp_path, "kind")[0].source.labels == "one.csv"
    labels(root / "two.csv", names)
    with pytest.raises(ConfigError, match=r"both .*p/two.csv and .*one.csv name .*source: {path: .*labels: "):
        drafted(root, tmp_path, "kind", force=True)


def test_columns_that_name_different_pictures_are_refused(tmp_path: Path) -> None:
    gallery(tmp_path)
    pairs = [f"{n:03d}.png,{COUNT - 1 - n:03d}.png" for n in range(COUNT)]
    labels(tmp_path / "labels.csv", pairs, header="left,right,kind")
    pipeline = by_hand(tmp_path)
    with pytest.raises(DataError, match='both "left" and "right" name 60 pictures'):
        ingested(pipeline)


def test_a_changed_label_is_a_changed_source(tmp_path: Path) -> None:
    names = [f"{n:03d}" for n in range(COUNT)]
    labels(tmp_path / "labels.csv", names)
    pipeline, _ = drafted(gallery(tmp_path), tmp_path, "kind")
    first = ingested(pipeline)[1]
    labels(tmp_path / "labels.csv", names, ["owl", *["cat", "dog"] * 29, "cat"])
    assert first.classes == ("cat", "dog")
    assert ingested(pipeline)[1].classes == ("cat", "dog", "owl")


def test_labels_beside_a_table_are_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1, 2], "kind": ["x", "y"]}).write_csv(tmp_path / "rows.csv")
    labels(tmp_path / "labels.csv", ["a"])
    pipeline = by_hand(tmp_path, "rows.csv", "a", "number")
    with pytest.raises(DataError, match=r"source.labels names labels.csv, and these rows hold their labels themselves"):
        ingested(pipeline)


@pytest.mark.parametrize("form", ["headless", "jsonl", "parquet", "latin"])
def test_the_table_may_be_of_any_form(tmp_path: Path, form: str) -> None:
    gallery(tmp_path)
    frame = pl.DataFrame({"n": range(COUNT), "kind": ["häslich", "schön"] * 30})
    frame = frame.with_columns(n=pl.format("{}.png", pl.col("n").cast(str).str.zfill(3)))
    path = tmp_path / "labels.csv"
    if form == "jsonl":
        frame.write_ndjson(path.with_suffix(".jsonl"))
    elif form == "parquet":
        frame.write_parquet(path.with_suffix(".parquet"))
    else:
        text = frame.write_csv(include_header=form == "latin")
        path.write_bytes(text.encode("latin-1" if form == "latin" else "utf-8"))
    pipeline = by_hand(tmp_path)
    source = pipeline.source.model_copy(
        update={"labels": f"labels.{form if form in ('jsonl', 'parquet') else 'csv'}", "columns": None}
    )
    target = "column_2" if form == "headless" else "kind"
    _, snapshot, _ = ingested(pipeline.model_copy(update={"source": source, "target": target}))
    assert (snapshot.rows, snapshot.unread, snapshot.classes) == (COUNT, 0, ("häslich", "schön"))


def test_a_damaged_row_of_the_table_is_unread_in_its_place(tmp_path: Path) -> None:
    gallery(tmp_path)
    labels(tmp_path / "labels.csv", [f"{n:03d}" if n not in (7, 9) else f"x{n}" for n in range(COUNT)])
    lines = (tmp_path / "labels.csv").read_text().splitlines()
    lines.insert(9, "a,b,c,d")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    begun, snapshot, _ = ingested(by_hand(tmp_path))
    gone = pq.read_table(begun.store / snapshot.path / UNREAD).to_pylist()
    assert [(one["row"], one["where"]) for one in gone] == [
        (8, "labels.csv, row 8"),
        (9, "labels.csv, line 10"),
        (11, "labels.csv, row 11"),
    ]


@pytest.mark.parametrize("target", ["file", "image"])
def test_a_target_that_is_called_as_ours_is_refused(tmp_path: Path, target: str) -> None:
    gallery(tmp_path)
    labels(tmp_path / "labels.csv", [f"{n:03d}" for n in range(COUNT)], header=f"id,{target}")
    pipeline = by_hand(tmp_path)
    with pytest.raises(DataError, match=f'the target is called "{target}"'):
        ingested(pipeline.model_copy(update={"target": target}))


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("long", [False, True])
def test_one_table_serves_the_pictures_of_both_parts(tmp_path: Path, long: bool, asked: bool) -> None:
    names = []
    for part in ("test", "train"):
        for n in range(COUNT):
            name = f"{n:03d}.png" if long else f"{part}{n:03d}.png"
            path = tmp_path / "p" / part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture(n + 1000 * (part == "test")))
            names.append(f"{part}/{name}" if long else name)
    labels(tmp_path / "p/labels.csv", ["lost.png", *names], ["cat", *["cat", "dog"] * COUNT])
    with (tmp_path / "p/labels.csv").open("a") as file:
        file.write("a,b,c\n")
    data, test = (tmp_path / "p/train", tmp_path / "p/test") if asked else (tmp_path / "p", None)
    pipeline, said = drafted(data, tmp_path, "kind", test=test)
    assert (pipeline.source.path, pipeline.source.test) == ("p/train", "p/test")
    assert pipeline.source.labels == pipeline.source.test_labels == "p/labels.csv"
    assert "names 60 of 60 pictures" in said
    assert "2 of 62 rows could not be read" in said
    begun, snapshot, told = ingested(pipeline)
    assert (snapshot.rows, snapshot.test_rows, snapshot.unread) == (2 * COUNT, COUNT, 2)  # counted once
    assert "2 of 62 rows could not be read (labels.csv, row 1: there is no picture 'lost.png'; labels.csv, line" in told
    for place, row in enumerate(kept(begun, snapshot)):
        n = place % COUNT
        assert row["keepfit_test"] == (place >= COUNT)
        assert (row["image"], row["kind"]) == (picture(n + 1000 * row["keepfit_test"]), ["cat", "dog"][n % 2])
    gone = pq.read_table(begun.store / snapshot.path / UNREAD).to_pylist()
    assert [one["row"] for one in gone] == [1, 62]
    assert "in no row" not in told


def test_test_pictures_that_the_table_does_not_name_are_left(tmp_path: Path) -> None:
    gallery(tmp_path, "p/train")
    gallery(tmp_path, "p/test")
    labels(tmp_path / "p/labels.csv", [f"train/{n:03d}.png" for n in range(COUNT)])
    pipeline, said = drafted(tmp_path / "p", tmp_path, "kind")
    assert (pipeline.source.path, pipeline.source.test, pipeline.source.labels) == ("p/train", None, "p/labels.csv")
    assert 'are parts of the data and no classes: "train" is learned from.' in said


@pytest.mark.parametrize("inside", ["", "all/p"])
def test_a_table_of_labels_in_the_zip_of_the_pictures_is_found(tmp_path: Path, inside: str) -> None:
    data = zipped(gallery(tmp_path, inside=inside))
    labels(tmp_path / "labels.csv", [f"{n:03d}.png" for n in range(COUNT)])
    with zipfile.ZipFile(data, "a") as archive:
        archive.write(tmp_path / "labels.csv", "all/labels.csv")
        archive.writestr("README.txt", "Pictures of animals.")
    (tmp_path / "labels.csv").unlink()
    pipeline, said = drafted(data, tmp_path, "kind")
    assert (pipeline.source.path, pipeline.source.labels) == ("p.zip", "p.zip")
    assert 'column "kind" of labels.csv, whose column "file" names 60 of 60 pictures' in said
    begun, snapshot, told = ingested(pipeline)
    assert (snapshot.rows, snapshot.unread, snapshot.classes) == (COUNT, 0, ("cat", "dog"))
    assert kept(begun, snapshot)[5]["image"] == picture(5)
    assert "p.zip: 1 file is no picture and is left: README.txt." in told


def test_columns_beside_the_names_are_offered_as_features(tmp_path: Path) -> None:
    root = gallery(tmp_path)
    lines = [f"{n:03d}.png,{n % 7 + n / 100},{['left', 'right'][n % 2]},{n},{'ab'[n % 3 % 2]}" for n in range(COUNT)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,age,side,id,kind", *lines]))
    pipeline, said = drafted(root, tmp_path, "kind")
    assert [*pipeline.features] == ["image"]  # a folder of pictures is enough to predict
    assert (
        'Beside the picture a row of labels.csv has "age", "side": the YAML tells how to learn from them too.' in said
    )
    text = (tmp_path / "pipeline.yaml").read_text()
    assert "with model.family mlp" in text
    text = text.replace("# age: number", "age: number").replace("# side: category", "side: category")
    (tmp_path / "pipeline.yaml").write_text(text.replace("family: cnn", "family: mlp"))
    wider = config.load(tmp_path / "pipeline.yaml")
    assert [*wider.features] == ["image", "age", "side"]
    begun, snapshot, _ = ingested(wider)
    assert [(row["age"], row["side"]) for row in kept(begun, snapshot)][10] == (3.1, "left")
