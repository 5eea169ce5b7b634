"""The open sets are open: no stage names a member, and a package of a user's adds one without a fork."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from keepfit.config.sets import FEATURES, MODELS, PROBLEMS
from tests import ROOT

BLIND = ("stages", "report", "drafting", "serving/prediction", "serving/bundle")
"""Folders of keepfit/ that know the sets and no member."""
CONTRACTS = ("target", "judge", "answer", "objective", "show", "drawing", "examples")
"""What a problem gives, each in a module of its own beside the problems."""
COLUMNS = '_NAMES = ("target",'
"""What people call the column to predict, which may be called like a kind."""


@pytest.mark.parametrize("folder", BLIND)
def test_no_member_is_named_outside_its_own_folder(folder: str) -> None:
    names = [*FEATURES.names(), *PROBLEMS.names(), *MODELS.names()]
    classes = r"isinstance\(.*\b(Number|Coded|Image|CNN|Towers|Class|Value)\w*\)"
    quoted = re.compile(rf"""["']({"|".join(names)})["']|{classes}""")
    imported = re.compile(r"keepfit\.(features|problems|models)\.(\w+)")
    shared = {"kind", "lookup", "column", "words", "encoder", "front", "architecture", *CONTRACTS}
    for path in sorted((ROOT / "keepfit" / folder).rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.startswith(COLUMNS):
                assert not quoted.search(line), f"{path}:{number}: {line}"
            for _, module in imported.findall(line):
                assert module in shared, f"{path}:{number}: {line}"


@pytest.fixture
def percent(tmp_path: Path) -> Path:
    """The kind of docs/architecture.md as a package that is installed."""
    page = (ROOT / "docs/architecture.md").read_text()
    for name, content in re.findall(r"```python\n# (percent/\w+\.py)\n(.*?)```", page, re.DOTALL):
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    declared = re.search(r"```toml\n\[project\.entry-points\.\"([\w.]+)\"\]\n(.*?)```", page, re.DOTALL)
    assert declared is not None
    info = tmp_path / "site" / "percent-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: percent\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{declared[1]}]\n{declared[2].replace(chr(34), '')}")
    return tmp_path / "site"


def test_a_kind_of_a_users_own_goes_through_every_stage(percent: Path, tmp_path: Path) -> None:
    rows = [f"{n % 100} %,{n % 7},{'high' if n % 100 > 50 else 'low'}" for n in range(400)]
    (tmp_path / "rows.csv").write_text("share,other,level\n" + "\n".join(rows) + "\n")
    (tmp_path / "pipeline.yaml").write_text(
        "name: shares\nsource: {path: rows.csv}\ntarget: level\nfeatures: {share: percent, other: number}\n"
        "model: {family: mlp, members: 1, width: 32}\ntraining: {epochs: 40, lr: 0.01}\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{percent}:{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-m", "tests.chain", str(tmp_path / "pipeline.yaml")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["release done"], done.stderr[-2000:]
    store = tmp_path / ".keepfit"
    assert json.loads((store / "journal.jsonl").read_text())["outcome"] == "FIRST"
    (prepared,) = store.glob("stages/preprocess/*/transform.json")
    share = json.loads(prepared.read_text())["features"][0]
    assert (share["kind"], share["min"], share["max"]) == ("percent", 0.0, 0.99)
    for stage, part in (("ingest", "cells"), ("train", "net"), ("export", "graph")):
        (manifest,) = store.glob(f"stages/{stage}/*/manifest.json")
        assert f"percent.{part}" in json.loads(manifest.read_text())["parts"]["code"]


MEMBERS = [
    f"{kept.where(name, part)}"
    for kept, part in ((FEATURES, "cells"), (PROBLEMS, "target"), (MODELS, "net"))
    for name in kept.names()
]


@pytest.mark.parametrize("module", MEMBERS)
def test_a_member_can_be_the_first_thing_that_is_imported(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
