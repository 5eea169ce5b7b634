"""One pipeline's store with bundles made on demand, and releases of them, for the tests of judging and releasing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keepfit import config
from keepfit.serving import champion
from keepfit.stages.release import release
from keepfit.store.run import start
from keepfit.store.store import Store
from tests import bundled
from tests.chain import forced

YAML = """
name: tumours
source: {path: rows.csv}
target: diagnosis
features: {mean_texture: number}
model: {family: mlp}
"""


class Pipeline:
    """One pipeline's store, with bundles made on demand."""

    def __init__(self, folder):
        self.file = folder / "pipeline.yaml"
        self.write("")
        self.store = Store(folder / ".keepfit")
        self.prepared = bundled.prepared(self.store)

    def write(self, extra):
        self.file.write_text(YAML + extra, encoding="utf-8")
        return self

    @property
    def config(self):
        return config.load(self.file)

    def bundle(self, name, columns=bundled.GOOD, **settings):
        return bundled.bundle(self.store, name, columns, **settings)

    def release(self, bundle, force=None, listener=None, decision=None):
        run = start(self.config)
        if listener is not None:
            run = replace(run, listener=listener)
        return release(run, bundle, bundled.evaluated(self.store, bundle), self.prepared, decision or forced(force))

    @property
    def journal(self):
        lines = (self.store / "journal.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    @property
    def decisions(self):
        return [line["reason"] or line["action"] for line in self.journal]

    @property
    def serving(self):
        return champion.current(self.store).bundle


@pytest.fixture(scope="module")
def empty_registry(tmp_path_factory):
    """A registry as it is after its first creation, which takes MLflow seconds."""
    from keepfit.serving.registry import open_registry

    pipeline = Pipeline(tmp_path_factory.mktemp("registry"))
    open_registry(pipeline.store, pipeline.config)
    return (pipeline.store / "registry.db").read_bytes()


@pytest.fixture
def pipeline(tmp_path, empty_registry):
    made = Pipeline(tmp_path)
    (made.store / "registry.db").write_bytes(empty_registry)
    return made


def reason(released):
    return f"{released.verdict.outcome} {released.verdict.reason}"


def aliases(pipeline):
    from keepfit.serving.registry import open_registry

    registry = open_registry(pipeline.store, pipeline.config)
    found = registry.client.get_registered_model(registry.name)
    versions = registry.client.search_model_versions(f"name='{registry.name}'")
    return {name: str(v) for name, v in found.aliases.items()}, len(versions)
