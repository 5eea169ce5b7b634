"""The documents say what is so."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from keepfit.cli.main import app
from keepfit.config import (
    CNN,
    MLP,
    Evaluation,
    Expectation,
    Feature,
    Pipeline,
    Preprocessing,
    Release,
    Source,
    Split,
    Training,
    Validation,
    load,
)

ROOT = Path(__file__).parent.parent
REFERENCE = (ROOT / "docs/reference.md").read_text()
README = (ROOT / "README.md").read_text()
SECTIONS: dict[str, type[BaseModel]] = {
    "": Pipeline, "source.": Source, "features.<column>.": Feature, "validation.": Validation,
    "expectations[].": Expectation, "preprocessing.": Preprocessing, "preprocessing.split.": Split, "model.": MLP,
    "training.": Training, "evaluation.": Evaluation, "release.": Release,
}  # fmt: skip


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def keys() -> Iterator[tuple[str, str]]:
    for prefix, section in [*SECTIONS.items(), ("model.", CNN)]:
        for name, field in section.model_fields.items():
            if field.description:
                yield f"{prefix}{name}", field.description
    # suite is filled in from the expectations file, and refused in the YAML


@pytest.mark.parametrize(("key", "meaning"), [k for k in keys() if k[0] != "validation.suite"])
def test_every_key_of_the_yaml_is_in_the_reference_in_its_own_words(key: str, meaning: str) -> None:
    (row, *_) = [line for line in REFERENCE.splitlines() if line.startswith(f"| `{key}` |") and meaning in line] or [""]
    assert row, f"docs/reference.md has no row for {key}: {meaning}"


@pytest.mark.parametrize("command", [name for name in app if not name.startswith("-")])
def test_every_command_is_in_the_reference(command: str) -> None:
    assert f"`keepfit {command} " in REFERENCE


def test_the_readmes_tree_is_the_tree() -> None:
    block = README.split("## The tree")[1].split("```")[1]
    named = {line.split("/")[0] for line in block.splitlines() if line.strip()}
    assert named == {name.split("/")[0] for name in tracked() if "/" in name} - {".ci"}


@pytest.mark.parametrize("page", [ROOT / name for name in tracked() if name.endswith(".md")], ids=str)
def test_every_link_between_the_documents_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_deployments_entrypoint_loads() -> None:
    deployments = YAML(typ="safe").load(ROOT / "deployments/prefect.yaml")["deployments"]
    for deployment in deployments:
        module, name = deployment["entrypoint"].rsplit(".", 1)
        assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize("file", sorted((ROOT / "data").glob("*/pipeline.yaml")), ids=lambda p: p.parent.name)
def test_every_carried_pipeline_can_be_read(file: Path) -> None:
    assert load(file).name


def test_help_needs_nothing_heavy() -> None:
    code = "import sys, keepfit.cli.main; print({'torch', 'prefect', 'pandas', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
