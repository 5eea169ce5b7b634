"""keepfit init: what it recognises in a table or a set of pictures, what it says, and that its YAML loads and fits."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfit import config
from keepfit.drafting import Draft, draft
from keepfit.errors import ConfigError, DataError
from keepfit.stages.ingest import ingest
from keepfit.store import run

N = 200
RANDOM = random.Random(0)
Y = [str(RANDOM.random() < 0.4).upper() for _ in range(N)]
NUMBER = [f"{RANDOM.gauss(50, 9):.2f}" for _ in range(N)]


def table(folder: Path, columns: dict[str, Sequence[object]], name: str = "people.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return path


def drafted(
    folder: Path, columns: dict[str, Sequence[object]], target: str | None = "y"
) -> tuple[Draft, config.Pipeline]:
    found = draft(table(folder, {**columns, "y": Y}), target, folder=folder, force=True)
    return found, config.load(found.pipeline)


def kinds(pipeline: config.Pipeline) -> dict[str, str]:
    return {name: feature.kind for name, feature in pipeline.features.items()}


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (NUMBER, "number"),
        ([f"${RANDOM.gauss(5000, 900):,.2f}" for i in range(N)], "number"),
        ([i % 7 for i in range(N)], "number"),
        ([i % 2 for i in range(N)], "number"),
        (["", *NUMBER[1:]], "number"),
        (["n.n.", *NUMBER[1:]], "number"),
        ([("unknown", n)[i % 3 > 0] for i, n in enumerate(NUMBER)], "number"),
        ([RANDOM.choice(["red", "green", "blue"]) for _ in range(N)], "category"),
        ([f"{i % 40:05d}" for i in range(N)], "category"),
        ([RANDOM.choice(["yes", "no"]) for _ in range(N)], "boolean"),
        ([RANDOM.choice(["True", "False", ""]) for _ in range(N)], "boolean"),
        ([f"2024-01-{i % 28 + 1:02d}" for i in range(N)], "datetime"),
        ([f"{i % 28 + 1}.{i % 12 + 1}.2023" for i in range(N)], "datetime"),
        ([20240101 + i % 28 for i in range(N)], "datetime"),
        ([f"2024-01-01 {i // 60:02d}:{i % 60:02d}:00" for i in range(N)], "datetime"),
        ([1950 + i % 60 for i in range(N)], "number"),
    ],
)
def test_kinds_are_recognised(tmp_path: Path, cells: Sequence[object], kind: str) -> None:
    _, pipeline = drafted(tmp_path, {"x": cells, "other": NUMBER})
    assert kinds(pipeline) == {"x": kind, "other": "number"}


@pytest.mark.parametrize("name", ["userId", "shop_id", "Customer ID"])
def test_ids_of_things_with_several_rows_are_categories(tmp_path: Path, name: str) -> None:
    cells = [RANDOM.randrange(N // 3) for _ in range(N)]
    _, pipeline = drafted(tmp_path, {name: cells, "amount": cells})
    assert kinds(pipeline) == {name: "category", "amount": "number"}


@pytest.mark.parametrize(("step", "problem"), [(0.5, "regression"), (1, "classification")])
def test_ratings_in_halves_are_a_quantity(tmp_path: Path, step: float, problem: str) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("x,rating\n" + "".join(f"{n},{i % 9 * step}\n" for i, n in enumerate(NUMBER)))
    assert config.load(draft(path, "rating", folder=tmp_path).pipeline).problem.kind == problem


@pytest.mark.parametrize(
    ("name", "cells", "words"),
    [
        ("x", range(1, N + 1), "numbers the rows"),
        ("Customer ID", [RANDOM.randrange(10**9) for _ in range(N)], "numbers the rows"),
        ("x", [RANDOM.randrange(10**9) for _ in range(N)], "numbers the rows"),
        ("x", [f"Person {RANDOM.random()}" for _ in range(N)], "names the rows"),
        ("x", ["same"] * N, "always same"),
        ("x", [""] * N, "empty"),
    ],
)
def test_columns_without_use_are_left_out_and_said(
    tmp_path: Path, name: str, cells: Sequence[object], words: str
) -> None:
    found, pipeline = drafted(tmp_path, {name: cells, "other": NUMBER})
    assert kinds(pipeline) == {"other": "number"}
    assert any(name in sentence and words in sentence for sentence in found.said)
    assert f"left out, it {words.split()[0]}"[:9] in found.pipeline.read_text()


def test_a_measure_of_whole_numbers_that_tells_something_stays(tmp_path: Path) -> None:
    cells = [RANDOM.randrange(10**8) + 10**8 * (y == "TRUE") for y in Y]
    shuffled = drafted(tmp_path, {"revenue": cells, "other": NUMBER})[1]
    assert kinds(shuffled)["revenue"] == "number"


def test_numbers_with_a_decimal_comma(tmp_path: Path) -> None:
    lines = [f"{n.replace('.', ',')};{y}\n" for n, y in zip(NUMBER, Y, strict=True)]
    (tmp_path / "a.csv").write_text("x;y\n" + "".join(lines))
    pipeline = config.load(draft(tmp_path / "a.csv", "y", folder=tmp_path).pipeline)
    assert kinds(pipeline) == {"x": "number"}
    assert ingest(run.start(pipeline)).unreadable == {}


def test_odd_cells_are_told(tmp_path: Path) -> None:
    found, _ = drafted(tmp_path, {"x": ["n.n.", *NUMBER[1:]]})
    assert any('"x" holds numbers, but 1 cell says "n.n."' in sentence for sentence in found.said)


@pytest.mark.parametrize(
    ("cells", "leaks"),
    [
        ([{"TRUE": "paid", "FALSE": "open"}[y] for y in Y], True),
        ([{"TRUE": 5.0, "FALSE": 1.0}[y] + RANDOM.random() for y in Y], True),
        ([{"TRUE": 1.4, "FALSE": 1.0}[y] + RANDOM.random() for y in Y], False),
        (NUMBER, False),
    ],
)
def test_a_target_that_leaks_into_a_feature_is_warned_of(tmp_path: Path, cells: Sequence[object], leaks: bool) -> None:
    found, _ = drafted(tmp_path, {"x": cells, "other": NUMBER})
    assert any("nearly determines the target" in sentence for sentence in found.said) == leaks


@pytest.mark.parametrize("target", [NUMBER, [i * 3 for i in range(N)]])
def test_a_target_that_is_a_quantity_is_a_regression(tmp_path: Path, target: Sequence[object]) -> None:
    draft(table(tmp_path, {"x": NUMBER, "price": target}), "price", folder=tmp_path)
    pipeline = config.load(tmp_path / "pipeline.yaml")
    assert (pipeline.problem.kind, pipeline.metric) == ("regression", "rmse")
    assert "problem: regression  # or classification" in (tmp_path / "pipeline.yaml").read_text()
    expected = next(e for e in pipeline.validation.suite if e.kwargs.get("column") == "price")
    assert expected.type == "expect_column_values_to_be_between"


def test_a_target_of_words_that_are_all_different_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, {"x": NUMBER, "price": [f"word {i}" for i in range(N)]})
    with pytest.raises(DataError, match=r'"price": no classification, .* like a quantity.*no regression, .*numbers'):
        draft(path, "price", folder=tmp_path)
    assert not (tmp_path / "pipeline.yaml").exists()


@pytest.mark.parametrize(
    ("columns", "target", "error", "words"),
    [
        ({"x": NUMBER, "label": Y}, "lable", ConfigError, 'no column "lable".*Did you mean "label"'),
        ({"x": NUMBER, "label": ["a"] * N}, "label", DataError, 'same target "a"'),
        ({"x": NUMBER, "label": [""] * N}, "label", DataError, "is empty"),
        ({"x": NUMBER, "z": NUMBER}, None, ConfigError, "--target"),
        ({"x": ["same"] * N, "label": Y}, "label", DataError, 'no column is left.*"x": it is always same'),
    ],
)
def test_what_cannot_be_drafted_is_said(
    tmp_path: Path, columns: dict[str, Sequence[object]], target: str | None, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        draft(table(tmp_path, columns), target, folder=tmp_path)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("x,label\n1,TRUE\n", r'test\.csv: the test file has no column "z"'),
        ("x,z,label\n", "there is no row"),
        ("", "empty"),
    ],
)
def test_a_test_file_that_is_none_is_said(tmp_path: Path, test: str, words: str) -> None:
    (tmp_path / "test.csv").write_text(test)
    with pytest.raises(DataError, match=words):
        draft(
            table(tmp_path, {"x": NUMBER, "z": NUMBER, "label": Y}),
            "label",
            test=tmp_path / "test.csv",
            folder=tmp_path,
        )


def test_columns_of_a_test_file_may_come_in_any_order(tmp_path: Path) -> None:
    path = table(tmp_path, {"x": NUMBER, "z": NUMBER, "label": Y})
    other = table(tmp_path, {"label": Y, "z": NUMBER, "more": NUMBER, "x": NUMBER}, "test.csv")
    found = draft(path, "label", test=other, folder=tmp_path)
    assert kinds(config.load(found.pipeline)) == {"x": "number", "z": "number"}


def test_what_is_out_of_the_ordinary_of_a_table_is_said(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("".join(f"{x},{y if n % 50 else ''}\n" for n, (x, y) in enumerate(zip(NUMBER, Y, strict=True))))
    said = " ".join(draft(path, None, folder=tmp_path).said)
    assert "no header line, so its columns are called column_1, column_2" in said
    assert 'target is taken to be "column_2"; --target names another' in said
    assert '4 rows have no value in the target "column_2" and will be left out' in said


def test_idx_pictures_without_their_labels_are_said(tmp_path: Path) -> None:
    images = tmp_path / "train-images-idx3-ubyte"
    images.write_bytes(b"\0\0\x08\3" + bytes([0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 4]) + bytes(16))
    with pytest.raises(ConfigError, match=r"label file of train-images-idx3-ubyte was not found.*idx1 for idx3"):
        draft(images, None, folder=tmp_path)


def test_the_target_is_recognised_by_its_name_or_place(tmp_path: Path) -> None:
    assert drafted(tmp_path, {"x": NUMBER}, target=None)[0].target == "y"
    assert draft(table(tmp_path, {"Class": Y, "x": NUMBER}), folder=tmp_path, force=True).target == "Class"
    assert draft(table(tmp_path, {"x": NUMBER, "last": Y}), folder=tmp_path, force=True).target == "last"


def test_files_that_are_there_stay_unless_forced(tmp_path: Path) -> None:
    path = table(tmp_path, {"x": NUMBER, "y": Y})
    (tmp_path / "expectations.yaml").write_text("mine")
    with pytest.raises(ConfigError, match=r"expectations.yaml: this file is there already.*--force"):
        draft(path, "y", folder=tmp_path)
    assert (tmp_path / "expectations.yaml").read_text() == "mine"
    assert draft(path, "y", folder=tmp_path, force=True).features == 1


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12).filter(
    lambda name: not name.startswith("keepfit_") and name not in ("y", "x")
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(name=NAMES, value=NAMES)
def test_any_name_and_value_gives_a_yaml_that_loads_and_fits(tmp_path: Path, name: str, value: str) -> None:
    cells = [value if y == "TRUE" else "other" for y in Y]
    found, pipeline = drafted(tmp_path, {name: cells, "x": NUMBER})
    assert {"x"} <= set(pipeline.features) <= {name.strip(), "x"}
    assert ingest(run.start(pipeline)).rows == N
    assert found.features == len(pipeline.features)


def test_expectations_hold_on_the_rows_at_hand_and_leave_room(tmp_path: Path) -> None:
    colours = [("red", "green")[i % 2] for i in range(N)]
    _, pipeline = drafted(tmp_path, {"x": NUMBER, "colour": colours, "gaps": ["", *colours[1:]]})
    suite = {(e.type.removeprefix("expect_"), e.kwargs.get("column")): e for e in pipeline.validation.suite}
    length = suite["table_row_count_to_be_between", None]
    assert (length.kwargs, length.severity) == ({"min_value": N // 2}, "critical")
    assert {e.severity for e in pipeline.validation.suite if e is not length} == {"warning"}
    assert suite["column_values_to_be_in_set", "colour"].kwargs["value_set"] == ["green", "red"]
    assert suite["column_values_to_be_in_set", "y"].kwargs["value_set"] == ["0", "1"]
    assert ("column_values_to_not_be_null", "gaps") not in suite
    span = suite["column_values_to_be_between", "x"].kwargs
    numbers = [float(n) for n in NUMBER]
    assert 0 <= span["min_value"] < min(numbers)
    assert span["max_value"] >= 2 * max(numbers) - min(numbers)


def test_adult_without_names_and_with_its_test_file(data, tmp_path: Path) -> None:
    found = draft(data("adult/adult.data"), test=data("adult/adult.test"), folder=tmp_path)
    pipeline = config.load(found.pipeline)
    assert (found.target, found.features) == ("column_15", 14)
    assert yaml.safe_load(found.pipeline.read_text())["source"].keys() == {"path", "test"}
    assert "# columns: [column_1, column_2" in found.pipeline.read_text()
    snapshot = ingest(run.start(pipeline))
    assert (snapshot.test_rows, snapshot.classes) == (16_281, ("<=50K", ">50K"))


def test_titanic(data, tmp_path: Path) -> None:
    found = draft(data("titanic/titanic.csv"), "Survived", folder=tmp_path)
    chosen = kinds(config.load(found.pipeline))
    assert {"PassengerId", "Name"}.isdisjoint(chosen)
    assert [chosen[name] for name in ("Pclass", "Sex", "Age", "Fare", "Embarked")] == [
        "number", "category", "number", "number", "category",
    ]  # fmt: skip


def test_pictures(carried, tmp_path: Path) -> None:
    found = draft(carried("digits").parent / "digits.zip", "digit", folder=tmp_path)
    pipeline = config.load(found.pipeline)
    assert (pipeline.model.family, kinds(pipeline), pipeline.target) == ("cnn", {"image": "image"}, "digit")
    assert pipeline.source.path == "digits/digits.zip"
    assert ingest(run.start(pipeline)).rows == 1797


def test_mnist_finds_its_label_files(data, tmp_path: Path) -> None:
    images, test = data("mnist/train-images-idx3-ubyte.gz"), data("mnist/t10k-images-idx3-ubyte.gz")
    pipeline = config.load(draft(images, "digit", test=test, folder=tmp_path).pipeline)
    assert pipeline.source.labels is not None
    assert pipeline.source.labels.endswith("train-labels-idx1-ubyte.gz")
    assert pipeline.model.family == "cnn"


def test_a_link_to_the_latest_file_is_written_as_the_link(tmp_path: Path) -> None:
    (tmp_path / "2024-01.csv").write_text("a,y\n" + "".join(f"{i % 7},{'uv'[i % 2]}\n" for i in range(40)))
    (tmp_path / "latest.csv").symlink_to("2024-01.csv")
    draft(tmp_path / "latest.csv", "y", folder=tmp_path)
    assert "path: latest.csv" in (tmp_path / "pipeline.yaml").read_text()
    with pytest.raises(DataError, match="no regular file"):
        draft(Path("/dev/zero"), "y", folder=tmp_path, force=True)
