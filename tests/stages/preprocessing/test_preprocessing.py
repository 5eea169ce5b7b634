"""The stage as a whole: what lies in the shards, what was fitted on what, what bad rows get."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from keepfit.config import Pipeline
from keepfit.data import feed as batches
from keepfit.data.shards import read_ids
from keepfit.data.transform import Transform
from keepfit.errors import ConfigError, DataError
from keepfit.features.lookup import read_transform
from keepfit.stages.preprocessing import preprocess
from keepfit.store.artifacts import Prepared
from keepfit.store.events import Event
from tests import CARRIED
from tests.stages.snapshot_by_hand import pipeline, validated, with_ids

KINDS = {"height": "number", "colour": "category", "member": "boolean", "since": "datetime"}
PARTS = ("train", "validation", "test")


def people(rows: int = 400, seed: int = 0) -> pa.Table:
    """Every kind of table column, with missing values and a rare colour."""
    draw = np.random.default_rng(seed)
    colours = np.array(["红", "green", "blue"])[draw.integers(0, 3, rows)].tolist()
    colours[:2] = ["lilac", "lilac"]
    since = [datetime(2020, 1, 1 + int(day)) if day else None for day in draw.integers(0, 28, rows)]
    return pa.table(
        {
            "height": pa.array(draw.normal(170, 10, rows).round(1), mask=draw.random(rows) < 0.1),
            "colour": pa.array(colours, mask=draw.random(rows) < 0.1),
            "member": pa.array(draw.random(rows) < 0.3, mask=draw.random(rows) < 0.1),
            "since": pa.array(since, pa.timestamp("us")),
            "answer": draw.choice(["yes", "no"], rows).tolist(),
            "note": [f"row {i}" for i in range(rows)],
        }
    )


def prepared(
    folder: Path, table: pa.Table, config: Pipeline | None = None, notes: list[str] | None = None, **given: Any
) -> tuple[Prepared, Path]:
    """Preprocess a table that has its ids; gives the artifact and its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = config or pipeline(folder, KINDS)
    config._file = folder / "pipeline.yaml"
    run, passed = validated(config, table, **given)

    def listen(event: Event) -> None:
        if event.what == "note" and notes is not None:
            notes.append(event.message)

    result = preprocess(replace(run, listener=listen), passed)
    return result, run.store / result.path


def transform_of(folder: Path) -> Transform:
    return read_transform(folder)


def rows_of(folder: Path) -> dict[str, list[bytes]]:
    """Row ids of each part, in their order."""
    return {part: pq.read_table(folder / part)["keepfit_row"].to_pylist() for part in PARTS}


def test_every_row_that_passed_stands_in_one_part(tmp_path: Path) -> None:
    table = with_ids(people())
    result, folder = prepared(tmp_path, table, quarantined=[3, 5, 399])
    parts = rows_of(folder)
    ids = table["keepfit_row"].to_pylist()
    kept = [row for index, row in enumerate(ids) if index not in (3, 5, 399)]
    assert sorted(chain(*parts.values())) == sorted(kept)
    assert [result.train, result.validation, result.test] == [len(rows) for rows in parts.values()]
    place = {row: index for index, row in enumerate(ids)}
    assert all(rows == sorted(rows, key=place.__getitem__) for rows in parts.values())
    learned_from = pq.read_table(folder / "train_rows.parquet")["keepfit_row"].to_pylist()
    assert learned_from == sorted(parts["train"] + parts["validation"])


def test_test_rows_are_also_kept_as_they_came(tmp_path: Path) -> None:
    table = with_ids(people())
    _, folder = prepared(tmp_path, table)
    raw = pq.read_table(folder / "test_raw")
    assert raw["keepfit_row"].to_pylist() == rows_of(folder)["test"]
    source = {row["keepfit_row"]: row for row in table.to_pylist()}
    plain = [n for n in table.column_names if n not in ("keepfit_features", "keepfit_test")]
    assert raw.to_pylist() == [{name: source[row][name] for name in plain} for row in rows_of(folder)["test"]]
    assert raw.schema.field("colour").type == table.schema.field("colour").type


def test_shards_hold_typed_values(tmp_path: Path) -> None:
    table = with_ids(people())
    _, folder = prepared(tmp_path, table)
    transform = transform_of(folder)
    assert [(f.name, f.kind, f.slot) for f in transform.features] == [
        ("height", "number", 0), ("colour", "category", 0), ("member", "boolean", 1), ("since", "datetime", 1),
    ]  # fmt: skip
    source = {row["keepfit_row"]: row for row in table.to_pylist()}
    vocabulary = transform.features[1].vocabulary
    assert set(vocabulary) == {"红", "green", "blue"}
    for part in PARTS:
        got = batches.read(folder / part, transform).load(())
        for index, row_id in enumerate(read_ids(folder / part)):
            row = source[row_id.tobytes()]
            numbers, codes = got.inputs["numbers"][index].numpy(), got.inputs["codes"][index].tolist()
            assert row["height"] == numbers[0] or (row["height"] is None and np.isnan(numbers[0]))
            seconds = np.nan if row["since"] is None else (row["since"] - datetime(1970, 1, 1)).total_seconds()
            assert np.array_equal(numbers[1], seconds, equal_nan=True)
            assert codes[0] == code_of(row["colour"], vocabulary)
            assert codes[1] == code_of(row["member"], [False, True])
            assert transform.target.classes[got.labels[index]] == row["answer"]


def code_of(value: object, vocabulary: list[Any]) -> int:
    return 0 if value is None else vocabulary.index(value) + 2 if value in vocabulary else 1


def test_figures_are_those_of_the_train_rows(tmp_path: Path) -> None:
    table = with_ids(people())
    _, folder = prepared(tmp_path, table)
    train = table.filter(pc.is_in(table["keepfit_row"], pa.array(rows_of(folder)["train"], pa.binary())))
    heights = train["height"].drop_null().to_numpy()
    got = transform_of(folder).features[0]
    assert got.missing == train["height"].null_count
    assert [got.min, got.max] == [heights.min(), heights.max()]
    np.testing.assert_allclose([got.mean, got.std], [heights.mean(), heights.std()], rtol=1e-12)
    wanted = np.quantile(heights, np.linspace(0, 1, len(got.quantiles)))
    np.testing.assert_allclose(got.quantiles, wanted, rtol=1e-12)
    assert list(got.distinct) == sorted(set(heights.tolist()))
    colours = train["colour"].drop_null().to_pylist()
    by_count = sorted({"红", "green", "blue"}, key=lambda c: (-colours.count(c), c))
    assert list(transform_of(folder).features[1].vocabulary) == by_count


def test_transforms_are_fitted_on_the_train_rows_alone(tmp_path: Path) -> None:
    table = with_ids(people())
    _, first = prepared(tmp_path / "a", table)
    outside = pc.is_in(table["keepfit_row"], pa.array(rows_of(first)["train"], pa.binary()))
    changed = table
    for name, value in {"height": 999.0, "colour": "新", "member": None, "since": datetime(1999, 1, 1)}.items():
        column = pc.if_else(outside, table[name], pa.scalar(value, table.schema.field(name).type))
        changed = changed.set_column(changed.column_names.index(name), name, column)
    _, second = prepared(tmp_path / "b", changed)
    assert rows_of(first) == rows_of(second)
    assert (first / "transform.json").read_bytes() == (second / "transform.json").read_bytes()
    assert (first / "test").joinpath("part-00000.parquet").read_bytes() != (
        second / "test" / "part-00000.parquet"
    ).read_bytes()


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    table = with_ids(people())
    first, folder = prepared(tmp_path / "a", table)
    second, other = prepared(tmp_path / "b", table)
    assert first.digest == second.digest
    names = sorted(p.relative_to(folder) for p in folder.rglob("*.parquet"))
    assert all((folder / name).read_bytes() == (other / name).read_bytes() for name in names)


def test_many_batches_are_as_one(tmp_path: Path) -> None:
    rows = 150_000
    draw = np.random.default_rng(1)
    table = pa.table({"x": draw.normal(size=rows), "answer": draw.choice(["a", "b"], rows).tolist()})
    ids = pa.array([i.to_bytes(8, "big") * 2 for i in draw.permutation(rows).tolist()], pa.binary())
    table = table.append_column("keepfit_row", ids)
    table = table.append_column("keepfit_features", pa.array(draw.integers(0, 2**63, rows), pa.uint64()))
    table = table.append_column("keepfit_test", pa.array(np.zeros(rows, bool)))
    result, folder = prepared(tmp_path, table, pipeline(tmp_path, {"x": "number"}), group=40_000)
    np.testing.assert_allclose([result.train, result.validation, result.test], [123_750, 11_250, 15_000], rtol=0.03)
    got = batches.read(folder / "train", transform_of(folder)).load(())
    values = dict(zip(table["keepfit_row"].to_pylist(), table["x"].to_pylist(), strict=True))
    assert got.inputs["numbers"][:, 0].tolist() == [values[row.tobytes()] for row in read_ids(folder / "train")]
    fitted = transform_of(folder).features[0]
    np.testing.assert_allclose(fitted.std, np.std(got.inputs["numbers"].numpy()), rtol=1e-12)


def test_the_profile_counts_what_is_there(tmp_path: Path) -> None:
    result, folder = prepared(tmp_path, with_ids(people()))
    profile = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
    assert profile["rows"] == {"train": result.train, "validation": result.validation, "test": result.test}
    assert sum(c["train"] for c in profile["target"]["classes"]) == result.train
    for column in profile["columns"]:
        assert column["count"] + column["missing"] == result.train
    assert sum(profile["columns"][0]["histogram"]["counts"]) == profile["columns"][0]["count"]


def test_breast_cancer_needs_no_note(tmp_path: Path) -> None:
    table = pyarrow.csv.read_csv(CARRIED / "breast_cancer" / "breast_cancer.csv")
    features = {name: "number" for name in table.column_names if name != "diagnosis"}
    notes: list[str] = []
    _, folder = prepared(tmp_path, with_ids(table, "diagnosis"), pipeline(tmp_path, features, "diagnosis"), notes)
    assert transform_of(folder).target.classes == ("benign", "malignant")
    assert notes == []


def test_a_leaking_feature_is_told(tmp_path: Path) -> None:
    table = people()
    written_later = [17.0 if answer == "yes" else 4.0 for answer in table["answer"].to_pylist()]
    table = table.append_column("paid", pa.array(written_later))
    notes: list[str] = []
    config = pipeline(tmp_path, {**KINDS, "paid": "number"})
    _, folder = prepared(tmp_path, with_ids(table), config, notes)
    assert len(notes) == 1
    assert 'the feature "paid" alone tells "answer" in 100.0%' in notes[0]
    profile = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
    assert [c["name"] for c in profile["columns"] if "leak" in c] == ["paid"]


def test_features_that_teach_nothing_are_told(tmp_path: Path) -> None:
    table = people().append_column("planet", pa.array([3.0] * 400))
    notes: list[str] = []
    prepared(tmp_path, with_ids(table), pipeline(tmp_path, {**KINDS, "planet": "number", "note": "category"}), notes)
    assert ["planet" in notes[0], "note" in notes[1], len(notes)] == [True, True, 2]


def test_a_feature_without_a_train_value_is_refused(tmp_path: Path) -> None:
    table = people().set_column(0, "height", pa.array([None] * 400, pa.float64()))
    with pytest.raises(DataError, match='"height" has no value in any train row'):
        prepared(tmp_path, with_ids(table))


def test_infinite_values_are_missing_and_huge_ones_refused(tmp_path: Path) -> None:
    heights = people()["height"].to_pylist()
    table = people().set_column(0, "height", pa.array([np.inf, -np.inf, *heights[2:]]))
    _, folder = prepared(tmp_path / "a", with_ids(table))
    assert transform_of(folder).features[0].max < 300
    table = people().set_column(0, "height", pa.array([1e300, *heights[1:-1], -1e300]))
    with pytest.raises(DataError, match='"height" has values from'):
        prepared(tmp_path / "b", with_ids(table), pipeline(tmp_path, KINDS))


def test_one_class_is_refused(tmp_path: Path) -> None:
    table = people().set_column(4, "answer", pa.array(["yes"] * 400))
    with pytest.raises(DataError, match='"answer" has only the class "yes"'):
        prepared(tmp_path, with_ids(table))


def test_a_class_that_quarantine_emptied_is_gone(tmp_path: Path) -> None:
    answers = ["maybe", *people()["answer"].to_pylist()[1:]]
    table = with_ids(people().set_column(4, "answer", pa.array(answers)))
    _, folder = prepared(tmp_path, table, quarantined=[0])
    assert transform_of(folder).target.classes == ("no", "yes")


def test_classes_that_are_numbers_stand_by_size(tmp_path: Path) -> None:
    answers = [str(i % 12) for i in range(400)]
    _, folder = prepared(tmp_path, with_ids(people().set_column(4, "answer", pa.array(answers))))
    assert transform_of(folder).target.classes == tuple(str(i) for i in range(12))


def test_a_split_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = pipeline(tmp_path, KINDS, preprocessing={"split": {"by": "group", "column": "sinc"}})
    with pytest.raises(ConfigError, match='Did you mean "since"'):
        prepared(tmp_path, with_ids(people()), config)
