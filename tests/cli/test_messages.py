"""Whatever a value says, the error that quotes it is short, on one line, and nothing that a terminal obeys."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from keepfit.errors import DataError, KeepfitError
from keepfit.quoting import shown
from tests.cli.test_hostile import told
from tests.hanging import not_for_ever

HOSTILE = {
    "escapes": "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "long": "x" * 10_000,
    "long words": "many words " * 1_000,
    "lines": "one\ntwo\r\nerror: three\x85four\u2028five\x0bsix",
    "bidi": "\u202egnp.exe\u2066\u200f",
    "quotes": "\"'`$(id)\\" * 40,
    "rich": "[red]no[/b][link=x]",
    "wide": "北京🙂" * 50,
}
LONGEST = 4000
"""Characters of a whole message, its longest place and lists among them."""

Case = Callable[[Path, str], list[str]]


def yaml_with(**changes: object) -> Case:
    """`show` of the pipeline whose YAML says a hostile value under a key; None stands for it."""

    def case(folder: Path, value: str) -> list[str]:
        tree = yaml.safe_load((folder / "pipeline.yaml").read_text())
        filled = json.loads(json.dumps(changes).replace('"HOSTILE"', json.dumps(value)))
        (folder / "pipeline.yaml").write_text(yaml.safe_dump({**tree, **filled}, allow_unicode=True))
        return ["show", str(folder)]

    return case


def suite_with(entry: dict[str, object]) -> Case:
    def case(folder: Path, value: str) -> list[str]:
        filled = json.dumps({"expectations": [entry]}).replace('"HOSTILE"', json.dumps(value))
        (folder / "expectations.yaml").write_text(filled)
        return ["show", str(folder)]

    return case


def table_with(text: str, *options: str) -> Case:
    """`init` over a table in which the value stands as a quoted cell."""

    def case(folder: Path, value: str) -> list[str]:
        cell = '"' + value.replace('"', '""') + '"'
        (folder / "t.csv").write_text(text.replace("HOSTILE", cell), newline="")
        filled = [value if option == "HOSTILE" else option for option in options]
        return ["init", str(folder / "t.csv"), "--into", str(folder / "new"), *filled]

    return case


def predicted(text: str) -> Case:
    def case(folder: Path, value: str) -> list[str]:
        cell = '"' + value.replace('"', '""') + '"'
        (folder / "rows.csv").write_text(text.replace("HOSTILE", cell), newline="")
        return ["predict", str(folder), str(folder / "rows.csv"), "-o", str(folder / "out.csv")]

    return case


ROWS = "".join(f"{i},{i % 2},HOSTILE\n" for i in range(40))
CASES: dict[str, Case] = {
    "name": yaml_with(name="HOSTILE"),
    "key": yaml_with(HOSTILE=3),
    "a list for a text": yaml_with(target=["HOSTILE", {"a": "HOSTILE"}]),
    "kind": yaml_with(features={"a": "HOSTILE"}),
    "problem": yaml_with(problem="HOSTILE"),
    "family": yaml_with(model={"family": "HOSTILE"}),
    "module": yaml_with(model={"family": "custom", "module": "HOSTILE"}),
    "metric": yaml_with(release={"metric": "HOSTILE"}),
    "gate": yaml_with(release={"gates": {"HOSTILE": 1}}),
    "number": yaml_with(training={"epochs": "HOSTILE"}),
    "suite file": yaml_with(validation={"expectations": "HOSTILE"}),
    "target and feature": yaml_with(target="HOSTILE", features={"HOSTILE": "number"}),
    "expectation": suite_with({"type": "HOSTILE"}),
    "argument": suite_with({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "HOSTILE": 1}}),
    "mostly": suite_with({"type": "expect_column_values_to_be_null", "kwargs": {"column": "a", "mostly": "HOSTILE"}}),
    "condition": suite_with(
        {"type": "expect_column_values_to_be_null", "kwargs": {"column": "a", "row_condition": "HOSTILE"}}
    ),
    "values": suite_with(
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": {"a": "HOSTILE"}}}
    ),
    "severity": suite_with({"type": "expect_column_values_to_not_be_null", "severity": "HOSTILE"}),
    "no such target": table_with("a,b,c\n" + ROWS, "--target", "HOSTILE"),
    "one class": table_with("a,b,c\n" + ROWS, "--target", "c"),
    "names": table_with("a,HOSTILE,c\n" + ROWS, "--target", "no such"),
    "twice": table_with("HOSTILE,HOSTILE,c\n" + ROWS, "--target", "c"),
    "ragged": table_with("a,b,c\n" + ROWS + "1,HOSTILE\n" + "1,2,3,HOSTILE\n", "--target", "b"),
    "only it": table_with("HOSTILE\n", "--target", "c"),
    "no column left": table_with("c,y\n" + "".join(f"HOSTILE,{'ab'[i % 2]}\n" for i in range(40)), "--target", "y"),
    "columns of the rows": predicted("HOSTILE,b\n1,2\n"),
    "path": lambda folder, value: ["show", str(folder / value.replace("/", "")[:200])],
    "bundle": lambda folder, value: [
        "predict", str(folder), str(folder / "breast_cancer.csv"), "-o", "o.csv", "--bundle", value
    ],
    "out": lambda folder, value: [
        "predict", str(folder), str(folder / "breast_cancer.csv"), "-o", str(folder / value[:200])
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def served(table_in_service: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pipeline with a model in service, for tests that put its YAML back."""
    import shutil

    return shutil.copytree(table_in_service, tmp_path_factory.mktemp("messages") / "p")


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_value_in_an_error(served: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    kept = {name: (served / name).read_bytes() for name in ("pipeline.yaml", "expectations.yaml")}
    for what, value in HOSTILE.items():
        capsys.readouterr()
        try:
            with not_for_ever():
                code = told(CASES[case](served, value))
        finally:
            for name, content in kept.items():
                (served / name).write_bytes(content)
        out, err = capsys.readouterr()
        assert code in (0, 1, 2), (what, err)
        assert code == 0 or err.startswith("error: "), (what, err)
        assert err.count("\n") <= 1, (what, err)
        assert (err + out).replace("\n", "").isprintable(), (what, err)
        assert len(err) < LONGEST, (what, err)
        assert "keepfit failed" not in err, (what, err)
        assert not [word for word in ("Traceback", "object at 0x", "CommentedMap") if word in err + out], (what, err)
        assert "x" * 100 not in err or case in ("path", "suite file"), (what, err)


@given(*[st.text(max_size=300) for _ in range(4)])
def test_every_error_is_one_printable_line(found: str, allowed: str, todo: str, where: str) -> None:
    for error in (KeepfitError(found * 40, allowed=allowed, todo=todo, where=where),
                  DataError(f'the cell "{found * 10}" is odd.', where=where)):  # fmt: skip
        assert str(error).isprintable()
        assert len(str(error)) < 15_000
        rebuild, parts = error.__reduce__()
        assert str(rebuild(*parts)) == str(error)  # type: ignore[operator, misc]


@pytest.mark.parametrize(
    ("value", "words"),
    [("wide", "'wide'"), (3, "3"), (True, "true"), (None, "null"), ([1, "a"], '[1, "a"]'), ("é\x1b", r"'é\x1b'"),
     ("x" * 99, f"'{'x' * 59}…'")],
)  # fmt: skip
def test_a_value_is_shown_as_yaml_says_it(value: object, words: str) -> None:
    assert shown(value) == words


def test_a_folder_for_the_answers(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = served / "answers.csv"
    folder.mkdir()
    assert told(["predict", str(served), str(served / "breast_cancer.csv"), "-o", str(folder)]) == 2
    assert "which is a folder. Name a file in it" in capsys.readouterr().err
