from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keepfit.errors import MachineError
from keepfit.store import files
from keepfit.store.artifacts import Prepared
from keepfit.store.keys import KeyParts, key_of
from keepfit.store.locks import run_lock, service_lock
from keepfit.store.store import CHECKPOINT, Store

ARTIFACT = Prepared(train=1, validation=1, test=1, repeated=0, source="s", judged="j", learned="l")


def parts(name: str) -> KeyParts:
    return {"takes": {"validated": name}}


def key(name: str) -> str:
    return key_of("preprocess", parts(name))


def finish(store: Store, name: str, content: bytes = b"rows", beside: bytes = b"1 s") -> Prepared:
    folder = store.begin("preprocess", key(name), resume=False)
    (folder / "beside").mkdir()
    (folder / "rows.parquet").write_bytes(content)
    (folder / "beside" / "timings.json").write_bytes(beside)
    return store.finish("preprocess", key(name), parts(name), ARTIFACT)


def test_a_finished_output_is_found_again(tmp_path: Path) -> None:
    made = finish(Store(tmp_path), "k")
    assert Store(tmp_path).find("preprocess", key("k"), Prepared) == (made, "")


def test_equal_content_has_an_equal_digest_whatever_lies_beside_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert finish(store, "a").digest == finish(store, "b", beside=b"2 s").digest
    assert finish(store, "a").digest != finish(store, "c", content=b"other").digest


def test_an_output_without_its_manifest_was_never_finished(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.begin("preprocess", key("k"), resume=False) / "rows.parquet").write_bytes(b"half")
    assert store.find("preprocess", key("k"), Prepared) == (None, "")


@pytest.mark.parametrize("damage", [b"", b"ROWS"])
def test_a_damaged_output_is_not_used_and_says_so(tmp_path: Path, damage: bytes) -> None:
    store = Store(tmp_path)
    made = finish(store, "k")
    (store / made.path / "rows.parquet").write_bytes(damage)
    found, why = store.find("preprocess", key("k"), Prepared)
    assert found is None
    assert "rows.parquet was damaged" in why
    assert [path for path in store.damaged() if "rows.parquet" in path]


def test_damage_is_seen_though_size_and_times_are_the_old_ones(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = store / finish(store, "k").path / "rows.parquet"
    before = path.stat()
    assert store.find("preprocess", key("k"), Prepared)[0] is not None
    path.write_bytes(b"ROWS")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.find("preprocess", key("k"), Prepared)[0] is None


Change = Callable[[dict[str, Any]], object]
EDITS: dict[str, Change] = {
    "a figure": lambda m: m["artifact"].update(train=2),
    "a name": lambda m: m["artifact"].update(source="t"),
    "a file's hash": lambda m: m["files"].update({"rows.parquet": [4, "0" * 64]}),
    "a file": lambda m: m["files"].clear(),
    "the digest": lambda m: m["artifact"].update(digest="0" * 24),
    "what it was made from": lambda m: m["parts"]["takes"].update(validated="other"),
    "a field that is gone": lambda m: m["artifact"].pop("judged"),
    "a list for a name": lambda m: m["artifact"].update(path=["a"]),
    "another format": lambda m: m.update(format=99),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_manifest_that_was_edited_is_not_used(tmp_path: Path, edit: str) -> None:
    store = Store(tmp_path)
    path = store / finish(store, "k").path / "manifest.json"
    manifest = json.loads(path.read_bytes())
    EDITS[edit](manifest)
    path.write_text(json.dumps(manifest))
    found, why = store.find("preprocess", key("k"), Prepared)
    assert found is None
    assert "its stored" in why


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_manifest_is_not_used(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path)
    (store / finish(store, "k").path / "manifest.json").write_bytes(content)
    assert store.find("preprocess", key("k"), Prepared) == (None, "its stored manifest.json was damaged")


def test_what_a_killed_execution_left_is_kept_only_to_resume(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.begin("train", "k", resume=True) / "checkpoint").write_bytes(b"x")
    assert (store.begin("train", "k", resume=True) / "checkpoint").exists()
    assert not (store.begin("train", "k", resume=False) / "checkpoint").exists()


def test_nothing_orphaned_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    dead = [store.begin(stage, "k", resume=False) for stage in ("ingest", "train", "export")]
    resumable = store.begin("train", "other", resume=True)
    (resumable / "beside").mkdir()
    (resumable / CHECKPOINT).write_bytes(b"weights")
    half = resumable / "beside/.checkpoint.pt.7.tmp"
    half.write_bytes(b"half of them")
    store.sweep()
    assert not any(part.exists() for part in (*dead, half))
    assert store.left("train", "other")
    store.begin("train", "third", resume=True)
    store.finish("train", "third", parts("third"), ARTIFACT)
    assert not list(tmp_path.rglob("*.part")), "what a training went on from is worth nothing once another has ended"


def test_locks_are_two_and_a_killed_process_frees_its_own(tmp_path: Path) -> None:
    code = "import sys; from keepfit.store.locks import run_lock; from pathlib import Path\n"
    code += f"with run_lock(Path({str(tmp_path)!r})): print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    with pytest.raises(MachineError, match="another run of this pipeline is under way"), run_lock(tmp_path):
        pass
    with service_lock(tmp_path):
        pass
    other.kill()
    other.communicate()
    with run_lock(tmp_path):
        pass


def _a_folder(path: Path) -> None:
    path.mkdir()


def _a_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize("plant", [_a_folder, _a_link, os.mkfifo])
def test_what_is_no_lock_is_told_and_left_alone(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    plant(tmp_path / "run.lock")
    with pytest.raises(MachineError, match="no lock file"), run_lock(tmp_path):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_journal_line_torn_by_a_crash_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    files.append_line(path, {"n": 1})
    with path.open("ab") as file:
        file.write(b'{"n": 2')
    files.append_line(path, {"n": 3})
    assert path.read_bytes() == b'{"n":1}\n{"n":3}\n'


def test_a_full_disk_is_told_from_a_bug() -> None:
    with pytest.raises(MachineError, match="No space left on device"):
        files.write_bytes(Path("/dev/full"), b"x") if os.name != "posix" else _fill()


def _fill() -> None:
    with files.machine_errors(Path("/dev/full")), Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")
