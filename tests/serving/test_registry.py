"""The registry and the pointer, on real SQLite files and sealed folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from keepfit import config
from keepfit.errors import MachineError, TransientError
from keepfit.serving import champion
from keepfit.serving.bundle.seal import seal
from keepfit.serving.champion import Champion
from keepfit.serving.registry import open_registry
from keepfit.store.store import Store

YAML = """
name: plants
source: {path: rows.csv}
target: kind
features: {height: number}
model: {family: mlp}
"""


@pytest.fixture
def pipeline(tmp_path):
    def write(extra=""):
        (tmp_path / "pipeline.yaml").write_text(YAML + extra, encoding="utf-8")
        return config.load(tmp_path / "pipeline.yaml")

    return write


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    (folder / "pipeline.yaml").write_text(YAML, encoding="utf-8")
    store = Store(folder / ".keepfit")
    store.root.mkdir()
    (store / "registry.db.part").write_bytes(b"left by a kill")
    return open_registry(store, config.load(folder / "pipeline.yaml"))


def sealed(folder, content):
    folder.mkdir()
    (folder / "model.onnx").write_text(content, encoding="utf-8")
    return seal(folder)


def test_a_bundle_is_registered_once_and_comes_back_whole(registry, tmp_path):
    bundle = sealed(tmp_path / "one", "one")
    version = registry.add(bundle, tmp_path / "one")
    assert registry.add(bundle, tmp_path / "one") == version == registry.version_of(bundle)
    other = sealed(tmp_path / "two", "two")
    assert registry.add(other, tmp_path / "two") != version


def test_a_damaged_bundle_is_not_registered(registry, tmp_path):
    bundle = sealed(tmp_path / "three", "three")
    (tmp_path / "three" / "model.onnx").write_text("thre", encoding="utf-8")
    with pytest.raises(MachineError, match="changed"):
        registry.add(bundle, tmp_path / "three")
    assert registry.version_of(bundle) is None
    with pytest.raises(MachineError, match="expected"):
        registry.add(bundle, _other(tmp_path))


def _other(tmp_path):
    sealed(tmp_path / "other", "other")
    return tmp_path / "other"


def test_a_registered_copy_that_was_damaged_is_noticed(registry, tmp_path):
    bundle = sealed(tmp_path / "five", "five")
    version = registry.add(bundle, tmp_path / "five")
    source = Path(registry.client.get_model_version_download_uri(registry.name, version).removeprefix("file://"))
    (source / "model.onnx").write_text("FIVE", encoding="utf-8")
    with pytest.raises(MachineError, match="changed"):
        registry.add(bundle, tmp_path / "five")


def test_the_aliases_follow(registry, tmp_path):
    first, second = (registry.add(sealed(tmp_path / name, name), tmp_path / name) for name in ("six", "seven"))
    registry.serve(first, None)
    registry.serve(second, first)
    assert aliases(registry) == {"champion": second, "previous-champion": first}
    registry.serve(first, None)
    assert aliases(registry) == {"champion": first}


def aliases(registry):
    found = registry.client.get_registered_model(registry.name).aliases
    return {name: str(version) for name, version in found.items()}


def test_a_team_address_may_come_from_the_environment_and_is_never_shown(pipeline, tmp_path, monkeypatch):
    monkeypatch.setenv("TEAM", f"sqlite:///{tmp_path}/team.db")
    registry = open_registry(Store(tmp_path), pipeline("release: {registry: '${TEAM}'}"))
    assert registry.version_of("none") is None
    assert not (tmp_path / "registry.db").exists()
    with pytest.raises(TransientError) as caught:
        registry.serve("1", None)
    assert "sqlite" not in str(caught.value)


def test_the_pointer_is_verified(tmp_path):
    store = Store(tmp_path)
    assert champion.current(store) is None
    bundle = sealed(tmp_path / "bundle", "model")
    served = Champion(bundle, "bundle", "1", "2026-01-01T00:00:00+00:00", {"outcome": "FIRST"})
    champion.point(store, served)
    assert champion.current(store) == served

    (tmp_path / "bundle" / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MachineError, match="missing or was altered"):
        champion.current(store)

    pointer = tmp_path / "champion.json"
    for damaged in (pointer.read_text(encoding="utf-8").replace('"1"', '"2"'), "{", "[]"):
        pointer.write_text(damaged, encoding="utf-8")
        with pytest.raises(MachineError, match=r"altered or is damaged.*journal"):
            champion.current(store)
