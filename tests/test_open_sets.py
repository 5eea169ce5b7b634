"""The open sets are open: no stage names a member, and a package of a user's adds one without a fork."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keepfit.config.sets import FEATURES, MODELS, PROBLEMS
from tests import ROOT

BLIND = ("stages", "report", "drafting", "serving/prediction", "serving/bundle")
"""Folders of keepfit/ that know the sets and no member."""
CONTRACTS = ("target", "judge", "answer", "objective", "show", "drawing", "examples")
"""What a problem gives, each in a module of its own beside the problems."""
ENGLISH = {"text", "auto"}
"""Members whose name is a word for other things too, such as a type of SQL, or a setting that finds out by itself."""
COLUMNS = '_NAMES = ("target",'
"""What people call the column to predict, which may be called like a kind."""


@pytest.mark.parametrize("folder", BLIND)
def test_no_member_is_named_outside_its_own_folder(folder: str) -> None:
    names = {*FEATURES.names(), *PROBLEMS.names(), *MODELS.names()} - ENGLISH
    classes = r"isinstance\(.*\b(Number|Coded|Image|Text|CNN|Towers|Class|Value)\w*\)"
    quoted = re.compile(rf"""["']({"|".join(names)})["']|{classes}""")
    imported = re.compile(r"keepfit\.(features|problems|models)\.(\w+)")
    parts = ("kind", "lookup", "column", "words", "times", "series", "points")
    more = (
        "points",
        "windows",
        "encoder",
        "encoding",
        "erasing",
        "front",
        "architecture",
        "stepping",
        "portfolio",
        "fitted",
        "whole",
        "tree_nodes",
        "takeover",
        "table_defaults",
    )
    shared = {*parts, *more, *CONTRACTS}
    for path in sorted((ROOT / "keepfit" / folder).rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.startswith(COLUMNS):
                assert not quoted.search(line), f"{path}:{number}: {line}"
            for _, module in imported.findall(line):
                assert module in shared, f"{path}:{number}: {line}"


def installed(name: str, folder: Path) -> dict[str, str]:
    """A package of docs/architecture.md as one that is installed: the environment of a process that has it."""
    page = (ROOT / "docs/architecture.md").read_text()
    for file, content in re.findall(rf"```python\n# ({name}/\w+\.py)\n(.*?)```", page, re.DOTALL):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    declared = re.search(rf"```toml\n\[project\.entry-points\.\"([\w.]+)\"\]\n({name} = .*?)```", page, re.DOTALL)
    assert declared is not None
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{declared[1]}]\n{declared[2].replace(chr(34), '')}")
    return {**os.environ, "PYTHONPATH": f"{folder}:{os.environ.get('PYTHONPATH', '')}"}


def python(environment: dict[str, str], *command: str) -> str:
    """What a process with these packages prints."""
    whole = [sys.executable, *command]
    done = subprocess.run(whole, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def code_of(store: Path, stage: str) -> Any:
    (manifest,) = store.glob(f"stages/{stage}/*/manifest.json")
    return json.loads(manifest.read_text())["parts"]["code"]


def test_a_kind_of_a_users_own_goes_through_every_stage(tmp_path: Path) -> None:
    rows = [f"{n % 100} %,{n % 7},{'high' if n % 100 > 50 else 'low'}" for n in range(400)]
    (tmp_path / "rows.csv").write_text("share,other,level\n" + "\n".join(rows) + "\n")
    (tmp_path / "pipeline.yaml").write_text(
        "name: shares\nsource: {path: rows.csv}\ntarget: level\nfeatures: {share: percent, other: number}\n"
        "model: {family: mlp, members: 1, width: 32}\ntraining: {epochs: 40, lr: 0.01}\n"
    )
    environment = installed("percent", tmp_path / "site")
    assert python(environment, "-m", "tests.chain", str(tmp_path / "pipeline.yaml")).endswith("release done\n")
    store = tmp_path / ".keepfit"
    assert json.loads((store / "journal.jsonl").read_text())["outcome"] == "FIRST"
    (prepared,) = store.glob("stages/preprocess/*/transform.json")
    share = json.loads(prepared.read_text())["features"][0]
    assert (share["kind"], share["min"], share["max"]) == ("percent", 0.0, 0.99)
    for stage, part in (("ingest", "cells"), ("train", "net"), ("export", "graph")):
        assert f"percent.{part}" in code_of(store, stage)


def counted(folder: Path) -> pd.DataFrame:
    """Rows whose counts follow a known rate, seven of them no counts; the pipeline that learns it beside them."""
    draw = np.random.default_rng(0)
    size, place = draw.uniform(0, 3, 900), draw.choice(["north", "south"], 900)
    rate = np.exp(size * np.where(place == "north", 1.0, 0.3))
    rows = pd.DataFrame({"size": size, "place": place, "visits": draw.poisson(rate)}).astype({"visits": object})
    rows.loc[:6, "visits"] = [-1, 2.5, "none", "", "1e400", -0.5, "many"]
    rows.to_csv(folder / "rows.csv", index=False)
    (folder / "pipeline.yaml").write_text(
        "name: visits\nsource: {path: rows.csv}\ntarget: visits\nproblem: counts\n"
        "features: {size: number, place: category}\n"
        "model: {family: mlp, members: 2, width: 32}\ntraining: {epochs: 30, lr: 0.01}\n"
    )
    return rows.assign(rate=rate)[7:]


def test_a_problem_of_a_users_own_goes_through_every_stage_and_predicts(tmp_path: Path) -> None:
    rows = counted(tmp_path)
    environment = installed("counts", tmp_path / "site")
    yaml, out = str(tmp_path / "pipeline.yaml"), tmp_path / "out.csv"
    assert python(environment, "-m", "tests.chain", yaml).endswith("release done\n")
    store = tmp_path / ".keepfit"
    assert json.loads((store / "journal.jsonl").read_text())["outcome"] == "FIRST"
    (snapshot,) = store.glob("stages/ingest/*/manifest.json")
    assert json.loads(snapshot.read_text())["artifact"]["without_target"] == 7
    for stage, part in (("ingest", "target"), ("train", "learn"), ("evaluate", "judge"), ("export", "graph")):
        assert f"counts.{part}" in code_of(store, stage)
    rows.drop(columns=["visits", "rate"]).to_csv(tmp_path / "new.csv", index=False)
    command = ("predict", yaml, str(tmp_path / "new.csv"), "--out", str(out))
    python(environment, "-c", "from keepfit.cli import main; main()", *command)
    answers, truth = pd.read_csv(out), rows["visits"].astype(float).to_numpy()
    assert np.corrcoef(answers["prediction"], rows["rate"])[0, 1] > 0.95
    assert 0.8 < ((answers["low"] <= truth) & (truth <= answers["high"])).mean() < 0.98
    assert (answers["low"] >= 0).all()


def test_what_a_package_brings_comes_after_ours_and_replaces_none_of_them(tmp_path: Path) -> None:
    environment = installed("counts", tmp_path / "site")
    declared = tmp_path / "site/counts-1.0.dist-info/entry_points.txt"
    declared.write_text(declared.read_text() + "regression = counts\n")
    (tmp_path / "pipeline.yaml").write_text(
        "name: plain\nsource: {path: rows.csv}\ntarget: y\nfeatures: {x: number}\nmodel: {family: mlp}\n"
    )
    code = f"""
from keepfit.config import load
from keepfit.config.sets import PROBLEMS
print(PROBLEMS.names(), PROBLEMS.where("regression"), load({str(tmp_path / "pipeline.yaml")!r}).problem.kind)
"""
    ours = "'classification', 'regression', 'multilabel', 'next_token', 'forecasting', 'reconstruction', 'synthesis'"
    assert python(environment, "-c", code) == f"[{ours}, 'counts'] keepfit.problems.regression classification\n"


MEMBERS = [
    f"{kept.where(name, part)}"
    for kept, part in ((FEATURES, "cells"), (PROBLEMS, "target"), (MODELS, "net"))
    for name in kept.names()
]


FIRST = """
import importlib, os, sys
import onnx, pandas, pyarrow, scipy.stats, sklearn.ensemble, torch  # once for all: they take longer than ours
assert not any(name.startswith("keepfit.") for name in sys.modules)
for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        importlib.import_module(name)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print(name)
"""


def test_a_member_can_be_the_first_thing_that_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST, *MEMBERS], capture_output=True, text=True, check=True)
    assert not done.stdout, f"{done.stdout}{done.stderr[-2000:]}"
