"""Every Arrow type, whatever is in it, has an answer wherever a table can go: typed cells, or an error of ours."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit.config import Pipeline
from keepfit.config.sets import FEATURES, PROBLEMS
from keepfit.data.evidence import Found
from keepfit.data.identity import hashes
from keepfit.data.sources.arrow_types import settled
from keepfit.data.sources.opening import Reading, open_source
from keepfit.drafting import draft
from keepfit.errors import DataError, KeepfitError
from keepfit.features.text import tokens
from keepfit.serving.bundle.cells import typed
from keepfit.serving.bundle.feeds import feeds
from keepfit.serving.bundle.frames import table_of
from keepfit.stages.ingest import ingest
from keepfit.stages.ingest.source_columns import InDoubtError
from keepfit.stages.ingest.typed import open_table
from tests.data.arrow_columns import ROWS, arrow_columns
from tests.stages.ingest.ingesting import start

COLUMNS = dict(arrow_columns())
KNOWN = {
    "duration us": [0, 1, 2],
    "time32 s": [0, 1, 2],
    "date64": ["1970-01-01", "1970-01-02", "1970-01-03"],
    "timestamp s Mars/Olympus": ["1970-01-01 00:00:00", "1970-01-12 13:46:40", "1970-01-24 03:33:20"],
    "interval": [14 * 30 * 86_400 + (365.25 - 360) * 86_400 - 2 * 86_400 + 3, None],
    "halffloat odd": [1.5, None],
    "bool8": [False, True, False],
    "dictionary uint64 int64": [5, None, None, 7],
    "uuid": ["30313233-3435-3637-3839-616263646566", None, "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "fixed binary 3": [b"\x80\x80\x80", None],
    "map": ['[["a", 1]]', None, "[]"],
    "decimal128(38, 2)": [1e36, None, -1e36, 0.01],
    "decimal128(38, 0)": ["9" * 38, None, "-" + "9" * 38, "1"],
    "dense union": ["0", '"x"', "2"],
}

TABLES = [name for name in PROBLEMS.names() if name not in ("next_token", "forecasting", "reconstruction", "synthesis")]
"""Those that are asked of columns; the others read a text of their own, or series point by point."""
SERVED: dict[str, dict[str, object]] = {name: {} for name in FEATURES.names() if name != "passage"} | {
    "image": {"size": (4, 4), "channels": 1, "pixels": None},
    "text": {"tokenizer": tokens.trained(["a b c"] * 3, "words", 300), "length": 5, "grams": "words"},
    "sequence": {"mean": [0.0], "length": 10, "channels": 1},
    "audio": {"rate": 8000, "seconds": 10.0},
}
"""What a served column of a kind adds."""


def written(folder: Path, columns: dict[str, pa.Array]) -> Path:
    """Columns beside a target and a number, in a file that can hold every type."""
    others = {"n": [float(i * i % 17) for i in range(ROWS)], "y": ["ab"[i % 2] for i in range(ROWS)]}
    table = pa.table({**columns, **others})
    with pa.OSFile(str(folder / "x.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return folder / "x.arrow"


def typed_rows(path: Path, config: Pipeline, scratch: Path) -> pa.Table:
    """The rows as ingest has them."""
    looked: dict[str, Found] = {}
    while True:
        table = open_table({"train": (path,)}, "train", config, scratch, looked=looked)
        try:
            rows = pa.concat_tables(table.rows(None))
        except InDoubtError as doubt:
            looked |= table.look(doubt.names)
        else:
            table.tally.check()
            return rows


def test_init_says_what_becomes_of_every_type_and_ingest_takes_what_nobody_uses(tmp_path: Path) -> None:
    written(tmp_path, COLUMNS)
    made = draft(tmp_path / "x.arrow", "y", folder=tmp_path)
    text = made.pipeline.read_text()
    assert [name for name in COLUMNS if not re.search(rf'[ "]{re.escape(name)}"?: ', text)] == []
    assert ingest(start(tmp_path, {"path": "x.arrow"}, {"n": "number"}, "y")).rows == ROWS


@pytest.mark.parametrize("name", COLUMNS)
def test_ingest_takes_every_type_as_every_kind_or_says_why_not(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, {"x": COLUMNS[name]})
    asked = [{"features": {"x": kind}, "target": "y"} for kind in SERVED]
    asked += [{"features": {"n": "number"}, "target": "x", "problem": problem} for problem in TABLES]
    for one in asked:
        family = "cnn" if "image" in one["features"].values() else "mlp"
        config = Pipeline.model_validate({"name": "p", "source": {"path": "x"}, "model": {"family": family}, **one})
        with suppress(KeepfitError):
            rows = typed_rows(path, config, tmp_path)
            pq.write_table(rows, tmp_path / "rows.parquet")
            assert len(hashes(rows, [*config.features], [config.target]).low) == len(rows)


@pytest.mark.parametrize("name", COLUMNS)
def test_predict_takes_every_type_as_every_kind_or_says_why_not(name: str) -> None:
    for cells in (COLUMNS[name], COLUMNS[name].slice(5, 7), COLUMNS[name].slice(0, 0)):
        for kind, more in SERVED.items():
            column = {"name": "x", "input": "x", "kind": kind, "format": "", **more}
            for frame in (pa.table({"x": cells}), pa.record_batch([cells], names=["x"])):
                with suppress(KeepfitError):
                    found, _ = typed(table_of(frame, [column]), [column], ("-999", "none"))
                    assert len(feeds(found, [column], {})["x"]) == len(cells)


@pytest.mark.parametrize("name", KNOWN)
def test_what_types_become(name: str) -> None:
    cells = settled(pa.record_batch([COLUMNS[name]], names=["x"]))["x"]
    found = cells.cast(pa.string()) if pa.types.is_temporal(cells.type) else cells
    expected = KNOWN[name]
    texts = [v.removesuffix(".000000") if isinstance(v, str) else v for v in found.to_pylist()[: len(expected)]]
    texts = [v[:10] if name == "date64" else v for v in texts]
    assert texts == [pytest.approx(v) if isinstance(v, float) else v for v in expected]


def test_moments_beyond_the_calendar_are_shown_and_not_wrapped() -> None:
    cells = pa.array([2**63 - 1, 0, None], pa.int64()).view(pa.timestamp("us", "UTC"))
    found = settled(pa.record_batch([cells], names=["x"]))["x"]
    assert found.to_pylist() == ["beyond the calendar: 9223372036854775807 us", "1970-01-01 00:00:00.000000", None]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")), "Invalid UTF8"),
        (pa.DictionaryArray.from_arrays(pa.array([0, 5]), pa.array(["a"]), safe=False), "out of bounds"),
    ],
)
def test_cells_that_are_not_what_their_type_says_are_told(cells: pa.Array, words: str) -> None:
    with pytest.raises(DataError, match=rf'file: the column "x" holds cells that are not .*{words}'):
        settled(pa.record_batch([cells], names=["x"]), "file")


def test_parquet_hands_on_what_it_can_hold(tmp_path: Path) -> None:
    for cells in COLUMNS.values():
        with suppress(pa.ArrowException, OSError, KeepfitError):  # Parquet has no such type
            pq.write_table(pa.table({"x": cells}), tmp_path / "x.parquet")
            opened = open_source((tmp_path / "x.parquet",), Reading(tmp_path))
            assert sum(map(len, opened.batches())) == ROWS
