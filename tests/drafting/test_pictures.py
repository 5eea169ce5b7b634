"""keepfit init over pictures, wherever they lie: what it takes for a class, for a part of the data, for a picture."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from keepfit import config
from keepfit.config import Pipeline
from keepfit.drafting import draft
from keepfit.errors import DataError
from keepfit.stages.ingest import ingest
from keepfit.stages.validation import validate
from keepfit.store import run


def picture(seed: int, kind: str = "PNG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def tree(folder: Path, parts: list[str], classes: str = "ab", count: int = 8) -> Path:
    for place, part in enumerate(parts):
        for number in range(count * len(classes)):
            path = folder / part / classes[number % len(classes)] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture(1000 * place + number))
    return folder


def drafted(data: Path, folder: Path, target: str | None = None) -> tuple[Pipeline, str]:
    found = draft(data, target, folder=folder)
    return config.load(found.pipeline), " ".join(found.said)


@pytest.mark.parametrize(
    ("parts", "path", "test"),
    [
        (["train", "val"], "p/train", "p/val"),
        (["train", "test"], "p/train", "p/test"),
        (["Training", "Testing"], "p/Training", "p/Testing"),
        (["train", "valid", "test"], ("p/train", "p/valid"), "p/test"),
        (["x/train", "x/dev"], "p/x/train", "p/x/dev"),
        ([""], "p", None),
        (["train"], "p", None),
    ],
)
def test_parts_of_the_data_become_path_and_test(tmp_path: Path, parts: list[str], path: Any, test: str | None) -> None:
    pipeline, said = drafted(tree(tmp_path / "p", parts), tmp_path)
    assert (pipeline.source.path, pipeline.source.test) == (path, test)
    assert ("are parts of the data and no classes" in said) == (test is not None)
    begun = run.start(pipeline)
    snapshot = ingest(begun)
    assert (snapshot.classes, snapshot.rows) == (("a", "b"), 16 * len(parts))
    assert snapshot.test_rows == (16 if test else 0)


def test_parts_inside_a_zip_are_refused_with_what_to_type(tmp_path: Path) -> None:
    root = tree(tmp_path / "p", ["train", "val"])
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for path in root.rglob("*.png"):
            archive.write(path, path.relative_to(root))
    with pytest.raises(DataError, match=r'"train", "val" are parts.*unzip .*p.zip -d .*p; keepfit init .*p$'):
        drafted(tmp_path / "p.zip", tmp_path)


@pytest.mark.parametrize("classes", ["a", ""])
def test_one_class_is_refused(tmp_path: Path, classes: str) -> None:
    root = tree(tmp_path / "p", [""], classes or "a")
    if not classes:
        for path in [*root.rglob("*.png")]:
            path.rename(root / path.name)
    with pytest.raises(DataError, match="at least two folders, one for each class"):
        drafted(root, tmp_path)


def test_damaged_and_loose_pictures_are_told_and_init_goes_on(tmp_path: Path) -> None:
    root = tree(tmp_path / "p", [""], count=40)
    (root / "a/0.png").write_bytes(b"")
    (root / "loose.png").write_bytes(picture(1))
    pipeline, said = drafted(root, tmp_path)
    assert "2 of 81 rows could not be read (a/0.png: it is empty, 0 bytes; loose.png: it lies in no class's" in said
    begun = run.start(pipeline)
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.unread) == (79, 2)
    assert validate(begun, snapshot).rows == 79


def in_table(folder: Path, make: Any, **more: list[Any]) -> Path:
    labels = ["cat", "dog", "owl"] * 20
    pq.write_table(
        pa.table({"picture": make([picture(n) for n in range(60)]), "label": labels, **more}), folder / "p.parquet"
    )
    return folder / "p.parquet"


HOW = {
    "bytes": lambda found: pa.array(found, pa.binary()),
    "large": lambda found: pa.array(found, pa.large_binary()),
    "struct": lambda found: pa.array([{"bytes": one, "path": f"{n}.png"} for n, one in enumerate(found)]),
    "nulls": lambda found: pa.array([None, *({"bytes": one, "path": None} for one in found[1:])]),
}  # fmt: skip


@pytest.mark.parametrize("how", HOW)
def test_pictures_in_a_table_are_recognised_and_read(tmp_path: Path, how: str) -> None:
    pipeline, _ = drafted(in_table(tmp_path, HOW[how]), tmp_path, "label")
    assert {name: feature.kind for name, feature in pipeline.features.items()} == {"picture": "image"}
    assert pipeline.model.family == "cnn"
    begun = run.start(pipeline)
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.unread) == ((59, 1) if how == "nulls" else (60, 0))
    stored = pq.read_table(begun.store / snapshot.path / "rows")["picture"]
    assert stored.to_pylist()[-1] == picture(59)


def test_pictures_beside_other_columns_are_learned_from_together(tmp_path: Path) -> None:
    file = in_table(tmp_path, HOW["struct"], weight=[float(n % 7) for n in range(60)])
    pipeline, _ = drafted(file, tmp_path, "label")
    assert {name: feature.kind for name, feature in pipeline.features.items()} == {
        "picture": "image",
        "weight": "number",
    }
    assert pipeline.model.family == "mlp"


@pytest.mark.parametrize("cells", [[b"\x01\x02"] * 60, [[1, 2]] * 60, [{"a": 1}] * 60, [None] * 60])
def test_other_bytes_are_left_out_with_the_reason(tmp_path: Path, cells: list[Any]) -> None:
    numbers = [n * 1.37 % 5 for n in range(60)]
    odd = pa.array(cells, pa.binary()) if cells[0] is None else pa.array(cells)
    pq.write_table(pa.table({"odd": odd, "n": numbers, "label": ["x", "y"] * 30}), tmp_path / "p.parquet")
    pipeline, said = drafted(tmp_path / "p.parquet", tmp_path, "label")
    assert [*pipeline.features] == ["n"]
    assert 'The column "odd" is left out: it' in said
