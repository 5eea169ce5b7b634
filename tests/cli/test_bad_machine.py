"""A full disk, a store that cannot be written, Ctrl-C, a second run: one message, and a store that goes on."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from keepfit.store.events import Event
from keepfit.store.progress import Pulse
from tests.refusing import go, kept, refused
from tests.store.test_kill import STAGES, small, start


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB of the test's own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, "size=64m")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def mount(folder: Path, options: str) -> None:
    """Mount or remount a file system in memory; skip where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", options, "keepfit-test", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a real full disk needs the right to mount: {done.stderr.strip()}")


def fill(disk: Path) -> None:
    """Write until nothing more fits."""
    with (disk / "ballast").open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with pytest.raises(OSError, match="No space left"):
                while True:
                    file.write(b"x" * size)


def on_disk(folder: Path, store: Path) -> Path:
    """The small table's pipeline with its store elsewhere."""
    pipeline = small(folder)
    pipeline.write_text(pipeline.read_text() + f"store: {store}\n")
    return pipeline


IN_RELEASE = ("2 register", "3 commit", "4 settle")
TELLING = {"5 note": "the run's record", "6 report": "the report", "7 tell": "release.json"}
"""Steps after the decision that only tell it."""


def test_a_disk_that_fills_up_in_any_stage(tmp_path: Path, disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = on_disk(tmp_path, disk / "store")
    for stage, step in [*((stage, "") for stage in STAGES), *(("release", step) for step in IN_RELEASE)]:

        def fill_in(event: Event, stage: str = stage, step: str = step) -> None:
            if (event.stage, event.what) == (stage, "step") and event.message.startswith(step):
                fill(disk)

        capsys.readouterr()
        assert go(pipeline, fill_in) == 1
        refused(capsys.readouterr().err, "No space left on device|registry.db.*disk", "Free some room")
        assert [p for p in disk.rglob("*.part") if p.parent.name != "train"] == []
        assert list(disk.rglob("*.tmp")) == []
        (disk / "ballast").unlink()
    for step, what in TELLING.items():
        notes: list[str] = []

        def fill_then(event: Event, step: str = step, notes: list[str] = notes) -> None:
            notes.extend([event.message] if event.what == "note" else [])
            if event.stage == "release" and event.message.startswith(step):
                fill(disk)

        assert go(pipeline, fill_then) == 0
        assert re.search(f"{what} could not be written.*No space left.*The verdict stands", notes[0])
        assert list(disk.rglob("*.tmp")) == []
        (disk / "ballast").unlink()
    told: list[Event] = []
    assert go(pipeline, told.append) == 0
    assert told[-1].message.startswith("The first model")
    assert next(disk.rglob("report.html")).stat().st_size > 50_000
    assert go(pipeline, told.append) == 0
    assert told[-1].message.startswith("Nothing new")
    assert len((disk / "store" / "journal.jsonl").read_text().splitlines()) == 1


def test_on_a_full_disk_a_pulse_leaves_nothing_half_written(disk: Path) -> None:
    pulse = Pulse(disk)
    fill(disk)
    pulse.enter("train")
    assert [path.name for path in disk.iterdir()] == ["ballast"]


def test_a_store_that_cannot_be_written(tmp_path: Path, disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = on_disk(tmp_path, disk / "store")
    mount(disk, "remount,ro")
    assert go(pipeline) == 1
    refused(capsys.readouterr().err, f"error: {disk}/store", "Read-only file system", "Make it writable.*store:")


@pytest.mark.parametrize("store", ["breast_cancer.csv", "breast_cancer.csv/store"])
def test_a_file_where_the_store_has_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str], store: str) -> None:
    assert go(on_disk(tmp_path, Path(store))) == 1
    refused(capsys.readouterr().err, f"error: {tmp_path / store}", "a file stands where", "another folder.*store:")


@pytest.mark.slow
def test_ctrl_c_in_each_stage_and_the_same_command_goes_on(tmp_path: Path) -> None:
    pipeline = small(tmp_path)
    store = tmp_path / ".keepfit"
    for done, stage in enumerate(STAGES):
        before = {name: digest for name, digest in kept(tmp_path).items() if ".part/" not in name}
        run = start(pipeline, stage)
        assert run.stdout is not None
        assert f"{stage} step\n" in run.stdout
        run.send_signal(signal.SIGINT)
        run.communicate()
        assert run.returncode == 130
        after = kept(tmp_path)
        assert {name: after[name] for name in before} == before
        assert [p.parent.name for p in store.rglob("*.part")] == ["train"] * (stage == "train")
        assert not list(store.rglob("*.tmp"))
        assert len(list(store.glob("stages/*/*/manifest.json"))) >= done
    assert start(pipeline).communicate()[0].splitlines()[-1] == "release done"


def test_two_runs_at_once(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = start(table, "release")
    assert first.stdout is not None
    assert "release step\n" in first.stdout
    before = kept(table.parent)
    assert go(table) == 1
    refused(capsys.readouterr().err, "another run of this pipeline is under way", "Wait until it ends")
    assert kept(table.parent) == before
    assert first.communicate("go on")[0].splitlines()[-1] == "release done"
