"""Whatever surroundings a command finds, it does its work, or names the variable at fault and what to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from keepfit.store.events import Event
from tests import ROOT
from tests.cli.test_hostile import told
from tests.refusing import go
from tests.store.test_kill import small

DEAD = "http://127.0.0.1:9"
ODD = "a b [1] 100%20 #x 北京 'q\" {y} $HOME é"
PROXIES = {name: DEAD for scheme in ("HTTP", "HTTPS", "ALL") for name in (f"{scheme}_PROXY", f"{scheme.lower()}_proxy")}
ASCII = {
    "LC_ALL": "C", "LANG": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
}  # fmt: skip
RUNS: dict[str, dict[str, str]] = {
    "proxy": PROXIES,
    "socks": {"ALL_PROXY": "socks5://127.0.0.1:9"},
    "no proxy for others": {**PROXIES, "NO_PROXY": "example.com"},
    "mlflow": {"MLFLOW_TRACKING_URI": DEAD, "MLFLOW_REGISTRY_URI": DEAD},
    "ascii": ASCII,
    "home": {"HOME": "/proc/nobody", "MPLCONFIGDIR": "/proc/x", "XDG_CACHE_HOME": "/proc/x"},
    "temporary": {"TMPDIR": "/proc/nowhere"},
    "profile": {"PREFECT_PROFILE": "nosuch"},
    "backend": {"MPLBACKEND": "nosuch"},
}
TOGETHER = {name: value for one in RUNS.values() for name, value in one.items()}
REFUSED: dict[str, tuple[dict[str, str], list[str]]] = {
    "api": ({"PREFECT_API_URL": f"{DEAD}/api"}, [f"{DEAD}/api does not answer", "variable PREFECT_API_URL names it"]),
    "no address": ({"PREFECT_API_URL": "nonsense"}, ["nonsense does not answer", "variable PREFECT_API_URL names it"]),
    "profile": ({"PREFECT_HOME": "PROFILES"}, ['profile "dead" in .*profiles.toml names it', "keepfit brings its own"]),
    "home": ({"PREFECT_HOME": "/proc/x"}, ["/proc/x: Prefect cannot write to its folder", "Set PREFECT_HOME to"]),
    "setting": (
        {"PREFECT_LOGGING_LEVEL": "x"},
        ["settings cannot be read: level", "Mend them: .*PREFECT_LOGGING_LEVEL"],
    ),
}


def keepfit(*command: object, **changes: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, with these variables."""
    call = "from keepfit.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **changes}
    return subprocess.run(
        [sys.executable, "-c", call, *map(str, command)],
        env=environment, cwd=environment.get("CWD", ROOT), capture_output=True, text=True, errors="replace",
    )  # fmt: skip


@pytest.fixture(scope="module")
def odd(table_in_service: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pipeline that has been run, under a name that has something for everybody to stumble over."""
    folder = tmp_path_factory.mktemp("environments") / ODD
    return shutil.copytree(table_in_service, folder)


def test_surroundings_that_a_run_and_a_prediction_get_along_with(odd: Path) -> None:
    done = keepfit("run", odd, **TOGETHER)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HOLD: Nothing new")
    done = keepfit("predict", odd, odd / "breast_cancer.csv", "-o", odd / "out.csv", **TOGETHER)
    assert done.returncode == 0, done.stderr
    assert len((odd / "out.csv").read_text().splitlines()) == len((odd / "breast_cancer.csv").read_text().splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_each_of_these_surroundings(odd: Path, name: str) -> None:
    done = keepfit("run", odd, **RUNS[name])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HOLD: Nothing new")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", REFUSED)
def test_surroundings_at_fault_are_named(odd: Path, tmp_path: Path, name: str) -> None:
    changes, words = REFUSED[name]
    if changes.get("PREFECT_HOME") == "PROFILES":
        text = f'active = "dead"\n[profiles.dead]\nPREFECT_API_URL = "{DEAD}/api"\n'
        (tmp_path / "profiles.toml").write_text(text)
        changes = {"PREFECT_HOME": str(tmp_path)}
    done = keepfit("run", odd, **changes)
    assert done.returncode == 1, done.stderr
    error = next(line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert [word for word in words if not re.search(word, error)] == [], error
    assert "Traceback" not in done.stderr
    assert "keepfit failed" not in done.stderr


def test_a_new_pipeline_in_a_folder_of_any_name_and_letters_that_are_not_shown(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    rows = folder / "数据 #1 [x].csv"
    lines = [f"{i % 7},{'北é'[i % 2]},{'ja' if i % 2 else 'nein ✓'}\n" for i in range(90)]
    rows.write_text("größe,城市,y\n" + "".join(lines), encoding="utf-8")
    done = keepfit("init", rows, "--target", "y", "--into", folder, **TOGETHER)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    pipeline = folder / "pipeline.yaml"
    pipeline.write_text(pipeline.read_text(encoding="utf-8") + "training: {epochs: 20}\n", encoding="utf-8")
    assert go(pipeline) == 0
    assert told(["predict", str(folder), str(rows), "-o", str(folder / "o [1].csv")]) == 0
    shown = keepfit("show", folder, **TOGETHER)
    assert (shown.returncode, shown.stdout[:8], shown.stdout.isascii()) == (0, "Runs of ", True)


def test_a_report_that_cannot_be_drawn_is_a_warning_and_the_next_run_makes_up_for_it(
    tmp_path: Path,
) -> None:
    pipeline = small(tmp_path)
    notes: list[Event] = []

    def hinder(event: Event) -> None:
        """A folder stands where the report has to be."""
        if event.message.startswith("6 report"):
            next((tmp_path / ".keepfit/runs").iterdir()).joinpath("report.html").mkdir()
        notes.append(event)

    assert go(pipeline, hinder) == 0
    (note,) = [event.message for event in notes if event.what == "note" and event.stage == "release"]
    assert "report could not be written: " in note
    assert "The verdict stands, and the next run makes up for it." in note
    told: list[Event] = []
    assert go(pipeline, told.append) == 0
    assert told[-1].message.startswith("The first model")
    newest = max((tmp_path / ".keepfit/runs").iterdir())
    assert (newest / "report.html").stat().st_size > 50_000
    assert len((tmp_path / ".keepfit/journal.jsonl").read_text().splitlines()) == 1
