"""Damage is the machine's fault and no verdict: what is written about it, what is not, and how it is mended."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from keepfit.cli.verifying import verify_pipeline
from keepfit.errors import MachineError, TransientError
from keepfit.serving import journal
from keepfit.serving.rollback import rollback
from keepfit.serving.verify import Verified, verify
from keepfit.store.locks import run_lock
from tests import bundled
from tests.stages.release.releasing import aliases, reason


@pytest.fixture
def two(pipeline):
    """A fair model that served, and a good one that does."""
    pipeline.fair, pipeline.good = pipeline.bundle("fair", bundled.FAIR), pipeline.bundle("good")
    pipeline.release(pipeline.fair)
    pipeline.release(pipeline.good)
    return pipeline


def lose(folder: Path) -> None:
    shutil.rmtree(folder)


def change(folder: Path) -> None:
    graph = folder / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"\x00")


def cut(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"{")


DAMAGE = (lose, change, cut)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_rollback_to_a_damaged_bundle_is_refused_before_a_line_is_written(two, damage: Callable[[Path], None]):
    damage(two.store / two.fair.folder)
    with pytest.raises(MachineError, match="keepfit verify"):
        rollback(two.config, "complaints")
    assert two.decisions == ["first", "better"]
    assert two.serving == two.good.id


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_champion_is_no_verdict_on_the_challenger(two, tmp_path, damage: Callable[[Path], None]):
    alike = two.bundle("alike", strength=0.9)
    folder = two.store / two.good.folder
    shutil.copytree(folder, tmp_path / "whole")
    damage(folder)
    with pytest.raises(MachineError, match="keepfit verify"):
        two.release(alike)
    assert two.decisions == ["first", "better"]
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(tmp_path / "whole", folder)
    assert reason(two.release(alike)) == "HOLD equal", "once mended, it is judged and not repeated"


@pytest.mark.parametrize("damage", DAMAGE)
def test_verify_puts_a_model_in_service_back_from_the_registry(two, damage: Callable[[Path], None]):
    assert verify(two.config) == Verified((), sound=True)
    damage(two.store / two.good.folder)
    found = verify(two.config)
    assert found.sound
    assert any(two.good.id in line and "put back" in line for line in found.sentences)
    assert two.serving == two.good.id
    rollback(two.config, "works again")
    assert two.serving == two.fair.id


def test_verify_tells_a_program_what_it_found_also_when_nothing_mends_it(two, capsys):
    capsys.readouterr()
    verify_pipeline(two.file, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"sentences": [], "sound": True}
    for folder in {path.parent for path in two.store.root.rglob("model.onnx")}:
        shutil.rmtree(folder)
    with pytest.raises(MachineError, match="no whole copy"):
        verify_pipeline(two.file, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert not told["sound"]
    assert any(two.good.id in line for line in told["sentences"])


def test_a_rollback_does_not_wait_for_a_run(two):
    with run_lock(two.store.root):
        rollback(two.config, "while a training lasts")
    assert two.serving == two.fair.id


def damaged_registry(pipeline) -> None:
    (pipeline.store / "registry.db").write_bytes(b"no database" * 999)


def lost_registry(pipeline) -> None:
    (pipeline.store / "registry.db").unlink()


def emptied_registry(pipeline) -> None:
    (pipeline.store / "registry.db").write_bytes(b"")


@pytest.mark.parametrize("harm", [damaged_registry, lost_registry, emptied_registry])
def test_a_registry_that_is_lost_is_made_again_from_the_journal(two, harm):
    harm(two)
    rollback(two.config, "complaints")
    assert two.serving == two.fair.id
    assert aliases(two)[0] == {"champion": "1"}
    assert reason(two.release(two.good, force="all is well again")) == "PROMOTE forced"
    assert two.serving == two.good.id
    assert aliases(two)[0] == {"champion": "2", "previous-champion": "1"}


@pytest.fixture
def silent_server():
    """A port on which nobody listens, and one that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        free = socket.create_server(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        yield port, silent.getsockname()[1]


def test_a_registry_server_that_is_down_is_said_so_before_anything_is_written(two, silent_server):
    closed, _ = silent_server
    two.write(f"release: {{registry: 'http://user:geheim@127.0.0.1:{closed}'}}\n")
    with pytest.raises(TransientError, match="registry cannot be reached") as raised:
        rollback(two.config, "complaints")
    assert "geheim" not in str(raised.value)
    assert two.decisions == ["first", "better"]
    assert two.serving == two.good.id


def test_a_pointer_without_a_journal_begins_nothing_anew(two):
    (two.store / journal.JOURNAL).unlink()
    with pytest.raises(MachineError, match="the journal that must say so is gone"):
        two.release(two.fair)


@pytest.mark.parametrize("content", [b"[]", b"3", b'{"bundle": 7}', b'{"digest": NaN}', b"\xff", b"[" * 99_999])
def test_a_pointer_that_is_none_is_written_again_from_the_journal(two, content):
    (two.store / "champion.json").write_bytes(content)
    assert reason(two.release(two.good)) == "HOLD nothing_new"
    assert two.serving == two.good.id


def test_a_journal_that_is_a_folder_is_told(pipeline):
    (pipeline.store / journal.JOURNAL).mkdir()
    with pytest.raises(MachineError, match="the journal cannot be read"):
        pipeline.release(pipeline.bundle("good"))
