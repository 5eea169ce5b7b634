from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from keepfit import keys


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    """A folder on the import path whose modules the tests may write."""
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))


STAGES = ("ingest", "validation", "preprocessing", "training", "evaluation", "export")


def test_a_module_counts_with_what_it_imports_inside_functions_too() -> None:
    found = keys.code_of("keepfit.training")
    assert {"keepfit.training", "keepfit.training.session", "keepfit.features.edges", "keepfit.models.cnn"} <= set(
        found
    )


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_counts_no_code_that_cannot_change_its_result(stage: str) -> None:
    found = {name.split(".")[1] for name in keys.code_of(f"keepfit.{stage}")}
    assert not found & {"store", "run", "artifacts", "release", "report", "registry", "champion", "cli", "drafting"}
    assert not [name for name in keys.code_of(f"keepfit.{stage}") if name.endswith((".sections", ".pipeline"))]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_counts_every_library_that_its_code_imports(stage: str) -> None:
    imported = set()
    for name in keys.code_of(f"keepfit.{stage}"):
        for line in keys._source(name).splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and len(words) > 1:
                imported.add(words[1].split(".")[0].rstrip(","))
    others = {name for name in imported - sys.stdlib_module_names - {"keepfit", "PIL", "sklearn"} if find_spec(name)}
    others |= {"pillow"} & {"pillow" for name in imported if name == "PIL"}
    found = keys.libraries_of(f"keepfit.{stage}")
    assert {name for name in others if name not in found} <= {"pandas"}, "pandas stands under TYPE_CHECKING only"
    assert all(found.values())


def test_training_counts_the_libraries_that_place_its_bins() -> None:
    assert {"torch", "numpy", "scipy"} <= set(keys.libraries_of("keepfit.training"))


def test_comments_and_docstrings_do_not_count_and_code_does() -> None:
    def shape(text: str) -> str:
        tree = ast.parse(text)
        keys._strip_docstrings(tree)
        return ast.dump(tree)

    plain = shape("def f(x):\n    return x + 1\n")
    assert shape('"""Doc."""\ndef f(x):\n    """Doc."""\n    # why\n    return x + 1\n') == plain
    assert shape("def f(x):\n    return x + 2\n") != plain


def test_changes_are_named_in_words() -> None:
    before: keys.Parts = {"config": {"training.lr": 0.1}, "takes": {"prepared": "a"}, "libraries": {"torch": "1"}}
    now: keys.Parts = {"config": {"training.lr": 0.2}, "takes": {"prepared": "b"}, "libraries": {"torch": "1"}}
    assert keys.changes(before, now) == ["prepared changed", "config.training.lr changed"]
    assert keys.changes(now, now) == []


def test_equal_parts_have_equal_keys_in_any_order() -> None:
    assert keys.key_of("train", {"config": {"a": 1, "b": 2}}) == keys.key_of("train", {"config": {"b": 2, "a": 1}})
    assert keys.key_of("train", {"config": {"a": 1}}) != keys.key_of("export", {"config": {"a": 1}})
