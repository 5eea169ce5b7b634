"""SIGTERM and Ctrl-C at whatever instant of a real run: it ends, nothing is released after it, and the next goes on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keepfit import config
from keepfit.serving.status import status_of
from tests.store.test_kill import small

KEEPFIT = Path(sys.executable).with_name("keepfit")


def run(pipeline: Path, epochs: int) -> subprocess.Popen[str]:
    pipeline.write_text(re.sub(r"epochs: \d+", f"epochs: {epochs}", pipeline.read_text()))
    return subprocess.Popen([KEEPFIT, "run", pipeline], stderr=subprocess.PIPE, text=True, start_new_session=True)


def signalled(pipeline: Path, word: str, seconds: float, number: int) -> int:
    """Send a signal some seconds after a line with a word was printed; how the process ended."""
    process = run(pipeline, epochs=4000)  # more than anyone waits for
    assert process.stderr is not None
    assert any(word in line for line in process.stderr)
    time.sleep(seconds)  # to meet another instant, not to wait for anything
    os.kill(process.pid, number)
    said = process.communicate()[1]
    assert "Traceback" not in said, said
    return process.returncode


def test_a_signal_ends_the_run_and_releases_nothing(tmp_path: Path) -> None:
    pipeline = small(tmp_path)
    for seconds in (0.0, 1.2):  # while torch is imported, and while it learns
        assert signalled(pipeline, "train", seconds, signal.SIGTERM) != 0
        assert not (tmp_path / ".keepfit/journal.jsonl").exists()
        assert status_of(config.load(pipeline)).runs[0].state == "stopped"
    again = run(pipeline, epochs=4)
    again.communicate()
    assert again.returncode == 0
    (line,) = (tmp_path / ".keepfit/journal.jsonl").read_text().splitlines()
    assert json.loads(line)["outcome"] == "FIRST"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("tenths", range(0, 60, 4))
def test_at_every_instant(tmp_path: Path, tenths: int, number: int) -> None:
    pipeline = small(tmp_path)
    assert signalled(pipeline, "ingest", tenths / 10, number) != 0
    assert not (tmp_path / ".keepfit/journal.jsonl").exists()
    assert status_of(config.load(pipeline)).runs[0].state == "stopped"
