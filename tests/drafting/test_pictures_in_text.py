"""Pictures that stand in a table as text, a data URL or base64: drafted, read and answered; what is none is named."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from keepfit import config
from keepfit.data.identity import UNREAD
from keepfit.data.spelled_files import of_text
from keepfit.drafting import draft
from keepfit.serving.prediction import predict_file
from keepfit.stages.ingest import ingest
from keepfit.store import run
from tests.drafting.test_labelled_pictures import picture
from tests.stages.export import exporting
from tests.stages.ingest.test_unread import bomb

COUNT = 60


def url(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


HOSTILE = {
    url(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"): "it is an SVG drawing",
    "data:image/svg+xml,%3Csvg%3E%3C/svg%3E": "it is an SVG drawing",
    url(bomb()): "it is too large a picture",
    url(picture(1)[:-30]): "it cannot be read as a picture",
    "data:image/png;base64,iVBO*Rw0KG": "it is a data URL that is damaged",
    url(b"%!PS-Adobe"): "it is PostScript",
    "/etc/passwd": 'it is the text "/etc/passwd"',
    "https://example.org/a.png": 'it is the text "https://example.org/a.png"',
}


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "db"])
@pytest.mark.parametrize("plain", [False, True], ids=["url", "base64"])
def test_they_are_drafted_and_read_and_what_is_none_is_unread(tmp_path: Path, form: str, plain: bool) -> None:
    made = [picture(n) for n in range(COUNT)]
    texts = [base64.b64encode(content).decode() if plain else url(content) for content in made]
    frame = pl.DataFrame({"photo": [*texts, *HOSTILE], "kind": [["cat", "dog"][n % 2] for n in range(COUNT + 8)]})
    path = tmp_path / f"t.{form}"
    if form == "db":
        with sqlite3.connect(path) as base:
            base.execute("CREATE TABLE t (photo TEXT, kind TEXT)")
            base.executemany("INSERT INTO t VALUES (?, ?)", frame.rows())
        (tmp_path / "pipeline.yaml").write_text(
            f"name: t\nsource: {{sql: SELECT * FROM t, database: sqlite:///{path}}}\ntarget: kind\n"
            "features: {photo: image}\nmodel: {family: cnn}\n"
        )
    else:
        getattr(frame, {"csv": "write_csv", "jsonl": "write_ndjson", "parquet": "write_parquet"}[form])(path)
        drafted = draft(path, "kind", folder=tmp_path).pipeline.read_text()
        assert "photo: image  # 9 × 9 pixels" in drafted
        assert "by: time" not in drafted
    begun = run.start(config.load(tmp_path / "pipeline.yaml"))
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.unread) == (COUNT, len(HOSTILE))
    assert pq.read_table(begun.store / snapshot.path / "rows")["photo"].to_pylist() == made
    gone = pq.read_table(begun.store / snapshot.path / UNREAD)["reason"].to_pylist()
    for found, why in zip(gone, HOSTILE.values(), strict=True):
        assert found.startswith(why)


def test_they_are_answered_as_their_files_are(tmp_path: Path) -> None:
    served = exporting.served(exporting.pictures(), tmp_path)
    contents = exporting.pictures().raw()["image"].to_pylist()[:20]
    pl.DataFrame({"image": contents}).write_parquet(tmp_path / "rows.parquet")
    predict_file(served, tmp_path / "rows.parquet", tmp_path / "expected.csv")
    expected = pl.read_csv(tmp_path / "expected.csv")
    secret = tmp_path / "secret.png"  # a path in a file of rows opens no file here
    secret.write_bytes(contents[0])
    texts = [*map(url, contents), str(secret), *HOSTILE]
    pl.DataFrame({"image": texts}).write_csv(tmp_path / "rows.csv")
    (tmp_path / "rows.json").write_text(json.dumps([{"image": text} for text in texts]))
    for name in ("rows.csv", "rows.json"):
        said = str(predict_file(served, tmp_path / name, tmp_path / "found.csv"))
        assert f"{1 + len(HOSTILE)} of {len(texts)} rows could not be read" in said
        found = pl.read_csv(tmp_path / "found.csv")
        assert found.head(20).equals(expected)
        assert found["prediction"].null_count() == 1 + len(HOSTILE)
        reasons = [one["reason"] for one in json.loads((tmp_path / "found.csv.unread.json").read_text())["where"]]
        assert all(map(str.startswith, reasons[1:], HOSTILE.values())), reasons


@pytest.mark.parametrize(
    "text", ["", "data:", "data:,", "data:;base64,", "data:image/png;name=a.png;base64,AAAA", "iVBORw0KGgo"]
)
def test_any_text_is_some_bytes(text: str) -> None:
    assert isinstance(of_text(text), bytes)


def test_line_breaks_and_the_alphabet_of_urls_are_base64_too() -> None:
    content = b"\x89PNG" + bytes(range(256)) * 3
    for encoded in (base64.encodebytes(content), base64.urlsafe_b64encode(content).rstrip(b"=")):
        assert of_text(f" data:image/png;base64,{encoded.decode()}") == content
