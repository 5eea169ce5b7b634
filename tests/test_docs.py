"""The documents say what is so."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from keepfit.cli.main import app
from keepfit.config import load
from keepfit.drafting.reference import put_into
from tests import ROOT

REFERENCE = (ROOT / "docs/reference.md").read_text()
README = (ROOT / "README.md").read_text()


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_the_tables_of_the_yaml_are_those_of_the_models() -> None:
    assert put_into(REFERENCE) == REFERENCE, "make reference writes them"
    assert "| `model` |" in REFERENCE
    assert "| `training.device` | `auto`, `cpu`, `cuda`, `mps` |" in REFERENCE


@pytest.mark.parametrize("command", [name for name in app if not name.startswith("-")])
def test_every_argument_of_a_command_is_described(command: str) -> None:
    for argument in app[command].assemble_argument_collection(parse_docstring=True):
        assert argument.parameter.help, f"keepfit {command} --help does not say what {argument.name} is"


@pytest.mark.parametrize("command", [name for name in app if not name.startswith("-")])
def test_every_command_is_in_the_reference(command: str) -> None:
    assert f"`keepfit {command} " in REFERENCE


def test_the_readmes_tree_is_the_tree() -> None:
    block = README.split("## The tree")[1].split("```")[1]
    lines = [line for line in block.splitlines() if line.strip()]
    named = {line.split("/")[0] for line in lines if line[0] != " "}
    inside = {line.split("/")[0].strip() for line in lines if line[0] == " "}
    assert named == {name.split("/")[0] for name in tracked() if "/" in name} - {".ci"}
    assert inside == {name.split("/")[1] for name in tracked() if name.startswith("keepfit/") and name.count("/") > 1}


@pytest.mark.parametrize("page", [ROOT / name for name in tracked() if name.endswith(".md")], ids=str)
def test_every_link_between_the_documents_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_deployments_entrypoint_loads() -> None:
    deployments = YAML(typ="safe").load(ROOT / "deployments/prefect.yaml")["deployments"]
    for deployment in deployments:
        module, name = deployment["entrypoint"].rsplit(".", 1)
        assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize("file", sorted((ROOT / "data").rglob("pipeline.yaml")), ids=lambda p: p.parent.name)
def test_every_carried_pipeline_can_be_read(file: Path) -> None:
    assert load(file).name


def test_help_needs_nothing_heavy() -> None:
    code = "import sys, keepfit.cli.main; print({'torch', 'prefect', 'pandas', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
