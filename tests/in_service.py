"""A pipeline over a small table that has a model in service, made once and copied for every test that asks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.refusing import go
from tests.test_kill import small


@pytest.fixture(scope="session")
def table_in_service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pipeline = small(tmp_path_factory.mktemp("served"))
    assert go(pipeline) == 0
    return pipeline.parent


@pytest.fixture
def table(table_in_service: Path, tmp_path: Path) -> Path:
    """The YAML of a pipeline over a table, with a model in service."""
    return shutil.copytree(table_in_service, tmp_path / "table") / "pipeline.yaml"
