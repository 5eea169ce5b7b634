"""A pipeline over a small table that has a model in service, made once and copied for every test that asks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from keepfit.config.sets import OpenSet
from keepfit.store.events import Event
from tests.refusing import go
from tests.store.test_kill import small


@pytest.fixture(scope="session")
def table_in_service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder; members.json tells which members of the open sets each stage looked up."""
    pipeline = small(tmp_path_factory.mktemp("served"))
    used: dict[str, list[str]] = {}
    look_up = OpenSet.module

    def noted(self: OpenSet, name: str, part: str = "") -> ModuleType:
        found = look_up(self, name, part)
        if used:
            used[[*used][-1]].append(found.__name__)
        return found

    def begun(event: Event) -> None:
        if event.what == "start" and event.stage != "release":
            used[event.stage] = []
        if event.stage == "release":
            OpenSet.module = look_up  # type: ignore[method-assign]

    OpenSet.module = noted  # type: ignore[method-assign]
    try:
        assert go(pipeline, begun) == 0
    finally:
        OpenSet.module = look_up  # type: ignore[method-assign]
    (pipeline.parent / "members.json").write_text(json.dumps(used))
    return pipeline.parent


@pytest.fixture
def table(table_in_service: Path, tmp_path: Path) -> Path:
    """The YAML of a pipeline over a table, with a model in service."""
    return shutil.copytree(table_in_service, tmp_path / "table") / "pipeline.yaml"
