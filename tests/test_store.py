from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keepfit import files
from keepfit.artifacts import Prepared
from keepfit.errors import MachineError
from keepfit.store import Store

ARTIFACT = Prepared(train=1, validation=1, test=1, classes=("a", "b"), source="s")


def finish(store: Store, key: str, content: bytes = b"rows", beside: bytes = b"1 s") -> Prepared:
    folder = store.begin("preprocess", key, resume=False)
    (folder / "beside").mkdir()
    (folder / "rows.parquet").write_bytes(content)
    (folder / "beside" / "timings.json").write_bytes(beside)
    return store.finish("preprocess", key, {}, ARTIFACT)


def test_a_finished_output_is_found_again(tmp_path: Path) -> None:
    made = finish(Store(tmp_path), "k")
    assert Store(tmp_path).find("preprocess", "k", Prepared) == (made, "")


def test_equal_content_has_an_equal_digest_whatever_lies_beside_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert finish(store, "a").digest == finish(store, "b", beside=b"2 s").digest
    assert finish(store, "a").digest != finish(store, "c", content=b"other").digest


def test_an_output_without_its_manifest_was_never_finished(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.begin("preprocess", "k", resume=False) / "rows.parquet").write_bytes(b"half")
    assert store.find("preprocess", "k", Prepared) == (None, "")


@pytest.mark.parametrize("damage", [b"", b"ROWS"])
def test_a_damaged_output_is_not_used_and_says_so(tmp_path: Path, damage: bytes) -> None:
    store = Store(tmp_path)
    made = finish(store, "k")
    (store / made.path / "rows.parquet").write_bytes(damage)
    found, why = store.find("preprocess", "k", Prepared)
    assert found is None
    assert "rows.parquet was damaged" in why


def test_a_torn_manifest_is_not_used(tmp_path: Path) -> None:
    store = Store(tmp_path)
    manifest = store / finish(store, "k").path / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:40])
    assert store.find("preprocess", "k", Prepared)[0] is None


def test_what_a_killed_execution_left_is_kept_only_to_resume(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.begin("train", "k", resume=True) / "checkpoint").write_bytes(b"x")
    assert (store.begin("train", "k", resume=True) / "checkpoint").exists()
    assert not (store.begin("train", "k", resume=False) / "checkpoint").exists()


def test_a_second_run_is_refused_and_a_killed_one_frees_the_lock(tmp_path: Path) -> None:
    code = "import sys; from keepfit.store import Store; from pathlib import Path\n"
    code += f"with Store(Path({str(tmp_path)!r})).lock(): print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    with pytest.raises(MachineError, match="another run of this pipeline is under way"), Store(tmp_path).lock():
        pass
    other.kill()
    other.communicate()
    with Store(tmp_path).lock():
        pass


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
