from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from keepfit.store import code, keys
from keepfit.store.code import Code, source_of


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    """A folder on the import path whose modules the tests may write."""
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))


PARTS = {"ingest": ["cells"], "training": ["net"], "export": ["net", "graph", "cells"]}
STAGES = ("ingest", "validation", "preprocessing", "training", "evaluation", "export")


def test_a_module_counts_with_what_it_imports_inside_functions_too() -> None:
    found = Code().digests("keepfit.stages.training", "keepfit.features.number.net")
    assert {
        "keepfit.stages.training",
        "keepfit.stages.training.session",
        "keepfit.learning.fit",
        "keepfit.features.shared.bins",
    } <= set(found)


def test_a_stage_counts_the_members_of_the_open_sets_that_it_uses_and_no_others(table_in_service: Path) -> None:
    used = json.loads((table_in_service / "members.json").read_text())
    assert used["train"]
    for stage, modules in used.items():
        (manifest,) = (table_in_service / ".keepfit/stages" / stage).glob("*/manifest.json")
        counted = json.loads(manifest.read_text())["parts"]["code"]
        assert set(modules) <= set(counted), stage
        assert not [name for name in counted if name.startswith(("keepfit.features.image", "keepfit.models.cnn"))]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_counts_no_code_that_cannot_change_its_result(stage: str) -> None:
    found = [name.removeprefix("keepfit.") for name in Code().digests(f"keepfit.stages.{stage}")]
    idle = ("store", "stages.release", "report", "serving.registry", "serving.champion", "serving.journal", "drafting")
    assert not [name for name in found if name.startswith((*idle, "config.sections", "config.pipeline"))]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_counts_every_library_that_its_code_imports(stage: str) -> None:
    imported = set()
    modules = [f"keepfit.stages.{stage}", *(f"keepfit.features.number.{part}" for part in PARTS.get(stage, ()))]
    for name in Code().digests(*modules):
        for line in source_of(name).splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and len(words) > 1:
                imported.add(words[1].split(".")[0].rstrip(","))
    others = {name for name in imported - sys.stdlib_module_names - {"keepfit", "PIL", "sklearn"} if find_spec(name)}
    others |= {"pillow"} & {"pillow" for name in imported if name == "PIL"}
    found = Code().libraries(modules)
    assert {name for name in others if name not in found} <= {"pandas", "torch"}, "under TYPE_CHECKING only"
    assert ("torch" in found) == ("torch" in others and stage in ("training", "evaluation", "export"))
    assert all(found.values())


def test_training_counts_the_libraries_that_place_its_bins() -> None:
    assert {"torch", "numpy", "scipy"} <= set(
        Code().libraries(["keepfit.stages.training", "keepfit.features.number.net"])
    )


def test_comments_and_docstrings_do_not_count_and_code_does() -> None:
    def shape(text: str) -> str:
        return code.read(text)[0]

    plain = shape("def f(x):\n    return x + 1\n")
    assert shape('"""Doc."""\ndef f(x):\n    """Doc."""\n    # why\n    return x + 1\n') == plain
    assert shape("def f(x):\n    return x + 2\n") != plain


def test_changes_are_named_in_words() -> None:
    before: keys.KeyParts = {"config": {"training.lr": 0.1}, "takes": {"prepared": "a"}, "libraries": {"torch": "1"}}
    now: keys.KeyParts = {"config": {"training.lr": 0.2}, "takes": {"prepared": "b"}, "libraries": {"torch": "1"}}
    assert keys.changes(before, now) == ["prepared changed", "config.training.lr changed"]
    assert keys.changes(now, now) == []


def test_equal_parts_have_equal_keys_in_any_order() -> None:
    assert keys.key_of("train", {"config": {"a": 1, "b": 2}}) == keys.key_of("train", {"config": {"b": 2, "a": 1}})
    assert keys.key_of("train", {"config": {"a": 1}}) != keys.key_of("export", {"config": {"a": 1}})


def test_what_is_remembered_of_code_is_what_is_found_in_it_and_a_damaged_memory_only_costs_time(tmp_path) -> None:
    memory, module = tmp_path / "code.json", "keepfit.stages.training"
    fresh = Code(memory)
    found = fresh.digests(module), fresh.libraries([module])
    fresh.close()
    remembered = Code(memory)
    assert (remembered.digests(module), remembered.libraries([module])) == found
    for content in (b"", b"[]", b'{"python": "2.7", "sources": {}}', b'{"sources": 1}', memory.read_bytes()[:-9]):
        memory.write_bytes(content)
        assert Code(memory).digests(module) == found[0], content


def test_a_changed_source_is_read_again(package: Path) -> None:
    memory = package / "code.json"
    (package / "mine.py").write_text("import csv\nfrom keepfit.metrics import means\n")
    before = Code(memory)
    first = before.digests("mine")
    before.close()
    (package / "mine.py").write_text("import csv\nfrom keepfit.metrics import curves\n")
    after = Code(memory).digests("mine")
    assert "keepfit.metrics.means" in first
    assert "keepfit.metrics.curves" in after
    assert first["mine"] != after["mine"]
