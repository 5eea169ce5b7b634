from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from keepfit import keys


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    """A folder on the import path whose modules the tests may write."""
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))


def test_a_module_counts_with_what_it_imports_inside_functions_too() -> None:
    found = keys.code_of("keepfit.config")
    assert {"keepfit.config", "keepfit.config.loading", "keepfit.config.sections"} <= set(found)
    assert "keepfit.store" not in found


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
