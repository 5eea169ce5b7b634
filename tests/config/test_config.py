from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from keepfit.config import load
from keepfit.config.sets import PROBLEMS
from keepfit.errors import ConfigError

GOOD = """\
name: people
source:
  path: people.csv
target: income
features:
  age: number
  job: {kind: category}
model:
  family: mlp
"""


def write(folder: Path, text: str, name: str = "pipeline.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(write(folder, text))
    return str(caught.value)


def test_short_and_long_feature_forms_mean_the_same(tmp_path: Path) -> None:
    short = load(write(tmp_path, GOOD))
    long = load(write(tmp_path, GOOD.replace("age: number", "age: {kind: number}"), "long.yaml"))
    assert short.model_dump() == long.model_dump()
    assert short.folder == tmp_path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("path: people.csv", 'path: ""', ["path is empty: name a file"]),
        ("path: people.csv", "path: []", ["path is empty: name a file"]),
        ("path: people.csv", 'path: [a.csv, ""]', ["path is empty: name a file"]),
        ("people.csv", "people.csv\n  database: sqlite:///a.db", ["database needs sql, the query to send to it"]),
        ("target", "tarhet", ["line 4, column 1", 'unknown key "tarhet"', 'Did you mean "target"?']),
        ("family: mlp", "family: mlp\n  widht: 3", ["line 10, column 3", "model.widht", 'Did you mean "width"?']),
        ("family: mlp", "family: mlpp", ["line 8", "mlpp", "mlp, boosting, forest"]),
        ("age: number", "age: nummber", ["line 6, column 3", "nummber", "number, category"]),
        ("path: people.csv", "test: people.csv", ["line 2", "either path or sql"]),
        ("path: people.csv", "sql: select 1\n  database: x\n  test: t.csv", ["line 2", "test is of files"]),
        ("target: income", "target: age", ['"age" is also a feature']),
        ("family: mlp", "family: cnn", ["exactly one image, sequence or audio feature"]),
        ("name: people", "name: My People", ["line 1", "name is 'My People'"]),
        ("features:", "features: [", ["line", "not valid YAML"]),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    said = complaint(tmp_path, GOOD.replace(old, new, 1))
    assert "pipeline.yaml" in said
    for word in words:
        assert word in said


def test_a_file_that_is_missing_is_named_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: there is no such file.*keepfit init"):
        load(tmp_path / "nowhere.yaml")


def test_a_list_is_not_a_pipeline(tmp_path: Path) -> None:
    assert "expected keys and values" in complaint(tmp_path, "- a\n- b\n")


def test_expectations_are_not_a_pipeline(tmp_path: Path) -> None:
    (tmp_path / "expectations.yaml").write_text("expectations: []\n")
    with pytest.raises(ConfigError, match=r"expectations\.yaml.*a file of expectations.*pipeline\.yaml"):
        load(tmp_path / "expectations.yaml")


def test_a_mistake_in_the_expectations_file_names_that_file(tmp_path: Path) -> None:
    write(tmp_path, "expectations:\n  - type: expect_column_values_to_not_be_null\n    kwarg: {}\n", "checks.yaml")
    said = complaint(tmp_path, GOOD + "validation:\n  expectations: checks.yaml\n")
    assert "checks.yaml, line 3" in said
    assert 'Did you mean "kwargs"?' in said


def test_secrets_stay_variables_in_every_record(tmp_path: Path) -> None:
    text = GOOD.replace("path: people.csv", "sql: select 1\n  database: postgresql://u:${KEEPFIT_TEST_PASSWORD}@h/d")
    pipeline = load(write(tmp_path, text))
    assert "${KEEPFIT_TEST_PASSWORD}" in str(pipeline.read("source"))
    with pytest.raises(ConfigError, match="export KEEPFIT_TEST_PASSWORD="):
        pipeline.reveal(str(pipeline.source.database))


def test_reading_a_part_gives_dotted_keys(tmp_path: Path) -> None:
    pipeline = load(write(tmp_path, GOOD))
    assert pipeline.read("preprocessing.split")["preprocessing.split.by"] == "hash"
    assert set(pipeline.read("target")) == {"target"}


def test_a_stage_can_read_one_key_of_every_feature_and_their_order_counts(tmp_path: Path) -> None:
    pipeline = load(write(tmp_path, GOOD))
    assert pipeline.read("features.*.kind") == {
        "features": ["age", "job"], "features.age.kind": "number", "features.job.kind": "category",
    }  # fmt: skip
    swapped = GOOD.replace("  age: number\n  job: {kind: category}", "  job: category\n  age: number")
    assert load(write(tmp_path, swapped)).read("features") != pipeline.read("features")


def test_chinese_names_are_names(tmp_path: Path) -> None:
    pipeline = load(write(tmp_path, GOOD.replace("age:", "年龄:").replace("income", "收入")))
    assert pipeline.target == "收入"
    assert "年龄" in pipeline.features


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("", "", ""),
        ("{classes", "{family: adasyn, classes", 'is "adasyn", and allowed is smote, repeat, vae, gan'),
        ("mlp", "auto", "training.synthesis needs one family, and model.family auto cuts the rows anew"),
        ("{synth", "{start: champion, synth", "compares two trainings from fresh weights: take start or synthesis out"),
        ("model", "problem: regression\nmodel", "makes rows of classes, and the problem is regression: take it out"),
        ("a: number", "a: text", "training.synthesis.family smote gives back cells of the kinds"),
    ],
)
def test_rows_are_made_of_classes_for_one_family(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = "name: a\nsource: {path: x.csv}\ntarget: y\nfeatures: {a: number}\nmodel: {family: mlp}\n"
    text += "training: {synthesis: {classes: [x]}}\n"
    (tmp_path / "p.yaml").write_text(text.replace(old, new) if old else text)
    with pytest.raises(ConfigError, match=words) if words else nullcontext():
        load(tmp_path / "p.yaml")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("evaluation: {slices: x}", "evaluation.slices is 'x'. It is a list, such as [a, b]."),
        (
            "problem: [regression]",
            'problem is ["regression"]. Allowed here: ' + ", ".join(PROBLEMS.names()) + "; it is",
        ),
        ("training: {synthesis: {classes: [x], factor: 1}}", "training.synthesis.factor is 1. It is more than 1."),
        ("evaluation: {worst: 1.5}", "evaluation.worst is 1.5. It is a whole number."),
        ("evaluation: {worst: 5000}", "evaluation.worst is 5000. It is at most 1,000."),
        ("evaluation: {confidence: 0.5}", "evaluation.confidence is 0.5. It is more than 0.5."),
        ("release: {beat_classical: maybe}", "release.beat_classical is 'maybe'. It is true or false."),
        ("release: {gates: 5}", "release.gates is 5. It is a section: names with values"),
        ("training: {device: gpu}", "is 'gpu'. Allowed here: auto, cpu, cuda, mps. Did you mean \"cuda\"?"),
        ("schedule: {timezone: UTC}", "does not say when: give cron, every, new_data or on_drift"),
        ("schedule: {cron: '61 * * * *'}", "this is no cron line"),
        ("scoring: {rows: a.csv, out: b}", "does not say when: give cron or every"),
        ("scoring: {rows: a.csv, every: 1h}", "give either out or table"),
        ("scoring: {rows: a.csv, sql: select 1, out: b, every: 1h}", "give either rows or sql"),
        ("monitoring: {rows: a.csv}", "does not say when: give cron, every or after_scoring"),
        ("monitoring: {every: 1h, labels: a.csv}", "give labels and key, or neither"),
        ("store: 5", "store is 5. It is a text; what reads as a number or as true stands in quotes."),
    ],
)
def test_what_a_value_should_be_is_said_in_plain_words(tmp_path: Path, line: str, words: str) -> None:
    head = "name: a\nsource: {path: x.csv}\ntarget: y\nfeatures: {a: number}\nmodel: {family: mlp}\n"
    (tmp_path / "p.yaml").write_text(f"{head}{line}\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "p.yaml")
    assert words in str(caught.value)
    assert "p.yaml, line 6, column" in str(caught.value)
