"""Rows like those that were learned from alarm nobody; what moved is named first; answers are judged by the truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from keepfit.config import Pipeline
from keepfit.errors import ConfigError, DataError
from keepfit.serving.monitoring import Watched, Watching, monitor
from keepfit.serving.scoring import Asked, score
from tests.stages.export import exporting

Watch = Callable[..., Watched]


@pytest.fixture
def served(tmp_path: Path) -> Pipeline:
    return exporting.served(exporting.table(), tmp_path)


@pytest.fixture
def watch(served: Pipeline, tmp_path: Path) -> Watch:
    def look(rows: pl.DataFrame | None = None, labels: pl.DataFrame | None = None, key: str | None = None) -> Watched:
        for name, frame in (("rows", rows), ("labels", labels)):
            if frame is not None:
                frame.write_csv(tmp_path / f"{name}.csv")
        given = tmp_path / "rows.csv" if rows is not None else None
        return monitor(served, Watching(given, tmp_path / "labels.csv" if labels is not None else None, key))

    return look


def drawn(rows: int, seed: int) -> pl.DataFrame:
    """Rows as they come, none of them new: with their number, and without the truth."""
    table = exporting.awkward().drop("diagnosis")
    picked = np.random.default_rng(seed).integers(0, len(table), rows)
    return table[picked].with_row_index("id")


@pytest.mark.parametrize("rows", [200, 2_000, 20_000])
def test_rows_of_the_same_kind_alarm_nobody(watch: Watch, rows: int) -> None:
    for seed in range(3):
        found = watch(drawn(rows, seed))
        assert (found.outcome, found.rows) == ("ok", rows), found.sentence
        assert found.sentence == f"{rows:,} rows look like those that the model learned from."


@pytest.mark.parametrize("rows", [200, 20_000])
@pytest.mark.parametrize("column", ["columns/0", "label", "Label"])
def test_half_a_deviation_in_one_column_is_named_first(watch: Watch, rows: int, column: str) -> None:
    spread = exporting.awkward()[column].std()
    found = watch(drawn(rows, 1).with_columns(pl.col(column) + 0.5 * spread))
    assert found.outcome == "drift"
    assert found.findings[0].name == column
    assert f"most of all {column} (" in found.sentence


def test_new_values_missing_cells_and_other_answers_are_each_told(watch: Watch) -> None:
    rows = drawn(2_000, 0)
    lost = pl.int_range(2_000) % 3 == 0
    found = watch(
        rows.with_columns(
            pl.when(lost).then(pl.lit("新院")).otherwise("医院").alias("医院"),
            pl.when(lost).then(None).otherwise("seen").alias("seen"),
            pl.col("columns/0", "worst area 最大", "Label") * 3,
        )
    )
    told = {one.name: one for one in found.findings if one.alarms}
    assert {"医院", "seen", "columns/0", "answers"} <= set(told)
    assert told["医院"].sentence.startswith("a value that training did not see: 33")
    assert told["seen"].sentence.startswith("missing: 3")
    assert "test rows" in told["answers"].sentence
    assert "the answers have moved" in found.sentence


def test_that_dates_move_on_is_told_and_alarms_nobody(watch: Watch) -> None:
    found = watch(drawn(500, 0).with_columns(seen=pl.lit("01.01.2030 00:00")))
    (date,) = [one for one in found.findings if one.name == "seen"]
    assert found.outcome == "ok"
    assert date.size > 1
    assert date.sentence.endswith("that it moves on is expected")


def test_pictures_that_are_darker_are_told(tmp_path: Path) -> None:
    import io
    import zipfile

    from PIL import Image

    pictured, digits = exporting.served(exporting.pictures(), tmp_path), exporting.CARRIED / "digits/digits.zip"
    assert monitor(pictured, Watching(digits)).outcome == "ok"
    (tmp_path / "dark").mkdir()
    with zipfile.ZipFile(digits) as archive:
        for number, name in enumerate([n for n in archive.namelist() if n.endswith(".png")][::5]):
            picture = Image.open(io.BytesIO(archive.read(name))).point(lambda value: value // 2)
            picture.save(tmp_path / "dark" / f"{number}.png")
    found = monitor(pictured, Watching(tmp_path / "dark"))
    assert found.outcome == "drift"
    assert found.findings[0].sentence.startswith(("brightness 0 to ", "contrast 0 to "))


def test_the_newest_batch_is_looked_at_with_labels_that_came_later(served, tmp_path, watch) -> None:
    table = exporting.awkward().with_row_index("id")
    table.drop("diagnosis").write_parquet(tmp_path / "batch.parquet")
    score(served, Asked(rows=tmp_path / "batch.parquet", out=tmp_path / "out"))
    plain = watch()
    assert plain.live is None
    assert "into" in plain.looked_at
    labels = table.select("id", "diagnosis")
    found = watch(labels=labels, key="id")
    assert found.live is not None
    assert found.live.rows == len(table)
    right = pl.read_parquet(tmp_path / "out").join(labels, on="id")
    assert found.live.value == pytest.approx((right["prediction"] == right["diagnosis"]).mean())
    assert found.live.interval is not None
    assert found.live.interval[0] < found.live.value < found.live.interval[1]
    wrong = labels.with_columns(diagnosis=pl.lit("benign"))
    worse = watch(labels=wrong, key="id")
    assert (worse.outcome, worse.live.worse) == ("worse", True)  # type: ignore[union-attr]
    assert "at release." in worse.live.sentence  # type: ignore[union-attr]


def test_rows_that_hold_the_truth_are_judged(watch: Watch) -> None:
    found = watch(exporting.awkward())
    assert found.live is not None
    assert (found.outcome, found.live.rows, found.live.metric) == ("ok", 569, "accuracy")


def test_of_a_few_labels_no_figure_is_given(watch: Watch) -> None:
    table = exporting.awkward().with_row_index("id")
    found = watch(table.drop("diagnosis"), table.select("id", "diagnosis").head(7), "id")
    assert found.live is None
    assert "the truth of 7 rows is known; from 30 on their answers are judged." in found.notes


def test_without_a_batch_the_source_is_looked_at_and_said(served, tmp_path, watch) -> None:
    exporting.awkward().write_csv(tmp_path / "rows.csv")
    found = watch()
    assert found.looked_at == "the source of the YAML"
    assert "rows that the model learned from may be among these" in found.notes[0]


def test_each_look_is_a_record(watch: Watch, tmp_path: Path) -> None:
    looks = [watch(drawn(200, seed)) for seed in range(2)]
    records = [json.loads(path.read_text()) for path in sorted((tmp_path / ".keepfit/monitored").iterdir())]
    assert [record["time"] for record in records] == [look.time for look in looks]
    assert {"outcome", "findings", "rows", "bundle", "live"} <= set(records[0])
    assert looks[0].markdown().startswith("**ok**: 200 rows")


@pytest.mark.parametrize(
    ("labels", "key", "error", "words"),
    [
        (pl.DataFrame({"id": [1]}), None, ConfigError, "labels and their key belong together"),
        (None, "id", ConfigError, "labels and their key belong together"),
        (pl.DataFrame({"id": [1]}), "id", DataError, 'the labels have no column "diagnosis"'),
        (pl.DataFrame({"idd": [1], "diagnosis": ["benign"]}), "id", DataError, 'no column "id".*Did you mean "idd"'),
        (pl.DataFrame({"key": [1], "diagnosis": ["benign"]}), "key", DataError, 'the rows have no column "key"'),
        (pl.DataFrame({"id": ["x"], "diagnosis": ["benign"]}), "id", DataError, 'such as "0", the labels .* "x"'),
    ],
)
def test_labels_that_cannot_be_used_are_told(watch: Watch, labels, key, error, words) -> None:
    with pytest.raises(error, match=words):
        watch(drawn(50, 0), labels, key)


def test_rows_that_cannot_be_used_are_told(watch: Watch, served: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a feature column is missing: Label"):
        watch(drawn(50, 0).drop("Label"))
    with pytest.raises(DataError, match="there is no row"):
        watch(drawn(50, 0).head(0))
    with pytest.raises(DataError, match="nowhere"):
        monitor(served, Watching(tmp_path / "nowhere.csv"))


def test_a_bundle_without_a_profile_is_told(served: Pipeline, tmp_path: Path) -> None:
    from keepfit.serving.bundle.seal import seal
    from keepfit.serving.champion import Champion, current, point
    from keepfit.store.store import Store

    store = Store(tmp_path / ".keepfit")
    champion = current(store)
    assert champion is not None
    data = json.loads((store / champion.path / "data.json").read_text())
    (store / champion.path / "data.json").write_text(json.dumps({"rows": data["rows"]}))
    point(store, Champion(seal(store / champion.path), champion.path, "7", champion.since, {}))
    exporting.awkward().write_csv(tmp_path / "rows.csv")
    with pytest.raises(DataError, match="does not tell where the rows it learned from fall"):
        monitor(served, Watching(tmp_path / "rows.csv"))
    assert score(served, Asked(rows=tmp_path / "rows.csv", out=tmp_path / "out.parquet")).rows == 569
