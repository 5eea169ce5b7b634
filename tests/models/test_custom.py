"""A network of a user's own beside the YAML: the example of docs/architecture.md goes through every stage."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from keepfit import config
from keepfit.errors import ConfigError
from keepfit.models.architecture import build, resolve
from tests import ROOT
from tests.tables import mixed

PAGE = (ROOT / "docs/architecture.md").read_text()
ROWS = [f"{n % 100},{n % 7},{n % 100 + n % 7 / 10:.1f},{'high' if n % 100 > 50 else 'low'}" for n in range(400)]


@pytest.fixture(autouse=True)
def path_and_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test makes importable is so no longer after it."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = {*sys.modules}
    yield
    for name in {"my_network", "own_networks"} - before:
        sys.modules.pop(name, None)


def written(folder: Path, target: str = "level", model: str = "") -> Path:
    """The example's module and its model section, over a table of 400 rows."""
    source = re.search(r"```python\n# my_network.py\n(.*?)```", PAGE, re.DOTALL)
    section = re.search(r"```yaml\n(model:\n  family: custom.*?)```", PAGE, re.DOTALL)
    assert source is not None
    assert section is not None
    (folder / "my_network.py").write_text(source[1])
    (folder / "rows.csv").write_text("x,y,sum,level\n" + "\n".join(ROWS) + "\n")
    problem = "" if target == "level" else "problem: regression\n"
    (folder / "pipeline.yaml").write_text(
        f"name: own\nsource: {{path: rows.csv}}\ntarget: {target}\n{problem}features: {{x: number, y: number}}\n"
        f"{model or section[1]}training: {{epochs: 20, lr: 0.01}}\n"
    )
    return folder / "pipeline.yaml"


def chain(pipeline: Path) -> subprocess.CompletedProcess[str]:
    """All stages in a process of their own, as a module of a name is imported once a process."""
    command = [sys.executable, "-m", "tests.chain", str(pipeline)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("target", [pytest.param("level", marks=pytest.mark.slow), "sum"])
def test_the_example_goes_through_every_stage_and_its_source_is_in_the_key(target: str, tmp_path: Path) -> None:
    pipeline = written(tmp_path, target)
    assert chain(pipeline).stdout.splitlines()[-1:] == ["release done"]
    store = tmp_path / ".keepfit"
    assert json.loads((store / "journal.jsonl").read_text())["outcome"] == "FIRST"
    (manifest,) = store.glob("stages/train/*/manifest.json")
    assert "my_network" in json.loads(manifest.read_text())["parts"]["code"]
    source = tmp_path / "my_network.py"
    source.write_text(source.read_text().replace("relu()", "tanh()"))
    assert "train start" in chain(pipeline).stdout
    assert len(list(store.glob("stages/train/*"))) == 2
    assert len(list(store.glob("stages/preprocess/*"))) == 1


def test_a_module_that_is_not_there_is_said_with_its_line(tmp_path: Path) -> None:
    pipeline = written(tmp_path, model="model: {family: custom, module: 'no_such_network:Net'}\n")
    with pytest.raises(ConfigError, match=r"line 5.*there is no module no_such_network.*lies beside the YAML"):
        config.load(pipeline)


def test_a_module_whose_name_another_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("Net = None")
    pipeline = written(tmp_path, model="model: {family: custom, module: 'json:Net'}\n")
    with pytest.raises(ConfigError, match="not the one that lies beside the YAML"):
        config.load(pipeline)


NETWORKS = """
import torch
from torch import nn


class Wrong(nn.Module):
    def __init__(self, columns, units, outputs, wide=1):
        super().__init__()
        self.last = nn.Linear(columns * units, outputs + wide)

    def forward(self, columns):
        return self.last(columns.flatten(1))


class Failing(nn.Module):
    def __init__(self, columns, units, outputs):
        super().__init__()

    def forward(self, columns):
        raise ZeroDivisionError("on purpose")


def plain(columns, units, outputs):
    return 7
"""


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("Wrong", {}, r"gives \[2, 4\] for two rows.*Here it is \[2, 3\]"),
        (
            "Wrong",
            {"depth": 3},
            r"cannot be made: TypeError.*depth.*called with outputs=3, columns=8",
        ),
        ("Failing", {}, r"fails on two rows \[2, 8, 16\]: ZeroDivisionError: on purpose"),
        ("plain", {}, "makes a int"),
        ("Absent", {}, "AttributeError"),
    ],
)
def test_what_is_wrong_with_a_network_is_said_before_it_learns(
    name: str, settings: dict[str, int], said: str, tmp_path: Path
) -> None:
    (tmp_path / "own_networks.py").write_text(NETWORKS)
    section = {"family": "custom", "module": f"own_networks:{name}", "settings": settings}
    pipeline = config.load(written(tmp_path, model=f"model: {json.dumps(section)}\n"))
    transform, _, labels = mixed()
    architecture, _ = resolve(pipeline.model, pipeline.training, transform, len(labels))
    with pytest.raises(ConfigError, match=said):
        build(architecture)


def test_making_it_draws_no_random_number_of_the_users(tmp_path: Path) -> None:
    pipeline = config.load(written(tmp_path))
    transform, inputs, labels = mixed()
    architecture, _ = resolve(pipeline.model, pipeline.training, transform, len(labels))
    made = []
    for _ in range(2):
        torch.manual_seed(3)
        made.append(build(architecture)(inputs))
    assert torch.equal(*made)
    assert made[0].shape == (len(labels), 1, 3)
