"""Killed in any stage, the same command ends where an undisturbed one does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from keepfit.store.files import sha256
from tests import ROOT

STAGES = ("ingest", "validate", "preprocess", "train", "evaluate", "export", "release")


def start(pipeline: Path, *stop_at: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.chain", str(pipeline), *stop_at],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def left(pipeline: Path) -> dict[str, object]:
    """What a finished run left behind, as far as it must be equal."""
    store = pipeline.parent / ".keepfit"
    journal = [json.loads(line) for line in (store / "journal.jsonl").read_text().splitlines()]
    (weights,) = store.glob("stages/train/*/model.safetensors")
    champion = json.loads((store / "champion.json").read_text())
    assert not list(store.rglob("*.part"))
    return {
        "weights": sha256(weights),
        "bundle": champion["bundle"],
        "version": champion["version"],
        "decisions": [(line["bundle"], line["outcome"]) for line in journal],
    }


@pytest.fixture
def undisturbed(table_in_service: Path) -> Path:
    return table_in_service / "pipeline.yaml"


def small(folder: Path) -> Path:
    """The carried table with few epochs: the point is where a run stops, not what it learns."""
    source = ROOT / "data" / "breast_cancer"
    for name in ("breast_cancer.csv", "expectations.yaml"):
        (folder / name).write_bytes((source / name).read_bytes())
    text = (source / "pipeline.yaml").read_text()
    (folder / "pipeline.yaml").write_text(text + "training:\n  epochs: 4\n  checkpoint_seconds: 0\n")
    return folder / "pipeline.yaml"


def test_killed_in_one_stage_after_the_other_it_ends_as_if_nothing_had_been(tmp_path: Path, undisturbed: Path) -> None:
    pipeline = small(tmp_path)
    for stage in STAGES:
        victim = start(pipeline, stage)
        assert victim.stdout is not None
        assert f"{stage} step\n" in victim.stdout
        victim.kill()
        victim.communicate()
    assert start(pipeline).communicate()[0].splitlines()[-1] == "release done"
    assert left(pipeline) == left(undisturbed)
