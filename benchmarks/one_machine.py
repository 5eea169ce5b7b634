"""`keepfit up` over one small pipeline, for the benchmarks of operation: runs are asked for and waited for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.client.base import PrefectHttpxSyncClient

from flows.operating.tied import below

ROOT = Path(__file__).parent.parent
FIRST_ROWS, MORE_ROWS = 400, 2
LOOK, LONG = 0.2, 900.0
"""Seconds between two looks, and that nothing takes."""
SETTINGS = """
training: {epochs: 4}
schedule: {cron: "0 3 * * *"}
retention: {runs: 3, outputs: 2, models: 2}
"""
SERVER, WORKERS = "flows.server", "prefect worker start"
_FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True)
class Machine:
    """`keepfit up` on a folder, with the pipeline `table` in it."""

    process: subprocess.Popen[str]
    folder: Path
    client: PrefectHttpxSyncClient
    """One that asks again where a busy server says that its database is locked."""
    idle: int
    """Processes while no run is under way."""

    @property
    def store(self) -> Path:
        """The pipeline's."""
        return self.folder / "table/.keepfit"

    def deployment(self, name: str) -> str:
        """The id of a deployment, such as retrain/table."""
        return str(self.client.get(f"/deployments/name/{name}").json()["id"])

    def ask(self, deployment: str, **parameters: Any) -> str:
        """The id of a new run."""
        return str(self.post(f"/deployments/{deployment}/create_flow_run", {"parameters": parameters})["id"])

    def ended(self, id: str) -> dict[str, Any]:
        """The run, once it and its process have ended. Raises RuntimeError where it did not complete."""
        wait(lambda: self._run(id)["state_type"] in _FINAL)
        wait(lambda: len(below(self.process.pid)) <= self.idle and not self._unread())
        run = self._run(id)
        if run["state_type"] != "COMPLETED":
            raise RuntimeError(f"{run['name']}: {run['state']['message']}")
        return run

    def pids(self, what: str) -> list[int]:
        """The processes of SERVER or of WORKERS."""
        return [pid for pid in below(self.process.pid) if what in _command(pid)]

    def post(self, path: str, asked: dict[str, Any]) -> Any:
        """What the server answers."""
        answer = self.client.post(path, json=asked).raise_for_status()
        return answer.json() if answer.content else None

    def _unread(self) -> bool:
        """Whether a worker has not yet taken note that a run's process ended: till then its CPU time is nowhere."""
        workers = set(self.pids(WORKERS))
        fields = (_stat(int(entry.name)) for entry in Path("/proc").glob("[0-9]*"))
        return any(state == "Z" and int(parent) in workers for state, parent, *_ in filter(None, fields))

    def _run(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/flow_runs/{id}").json()
        return found


def pipeline(folder: Path) -> Iterator[None]:
    """Write the pipeline into a folder, over the carried table; each `next` lets its source grow."""
    shutil.copytree(ROOT / "data/breast_cancer", folder, ignore=shutil.ignore_patterns(".keepfit"))
    file, table = folder / "pipeline.yaml", folder / "breast_cancer.csv"
    file.write_text(file.read_text().replace("name: breast-cancer", "name: table") + SETTINGS)
    lines = table.read_text().splitlines(keepends=True)
    for last in range(1 + FIRST_ROWS, len(lines), MORE_ROWS):
        table.write_text("".join(lines[:last]))
        yield


@contextmanager
def up(folder: Path, port: int) -> Iterator[Machine]:
    """`keepfit up` until the block ends, with its temporary files in a folder beside the pipelines'.

    Raises RuntimeError with what it said where it does not come up.
    """
    process, told = _started(folder, port), folder.parent / "said.txt"
    assert process.stdout is not None
    with told.open("a") as said:
        for line in process.stdout:
            print(line, end="", file=said, flush=True)
            if line.startswith("Ready: "):
                break
        else:
            raise RuntimeError(f"keepfit up did not come up: {told.read_text()}")
        rest = subprocess.Popen(["cat"], stdin=process.stdout, stdout=said)
    api = f"http://127.0.0.1:{port}/api"
    try:
        with PrefectHttpxSyncClient(base_url=api, timeout=180, trust_env=False) as client:
            yield Machine(process, folder, client, len(below(process.pid)))
    finally:
        process.terminate()  # a process that was started in the background may not hear Ctrl-C
        process.wait(LONG)
        rest.wait(LONG)


def _started(folder: Path, port: int) -> subprocess.Popen[str]:
    temporary = folder.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    command = [Path(sys.executable).with_name("keepfit"), "up", folder, "--port", str(port)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait(there: Callable[[], bool]) -> None:
    """Return when it is so."""
    end = time.monotonic() + LONG
    while not there():
        if time.monotonic() > end:
            raise RuntimeError(f"nothing within {LONG:.0f} seconds")
        time.sleep(LOOK)


def _stat(pid: int) -> list[str]:
    """What the system tells of a process, from its state on; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(pid: int) -> str:
    """How a process was started; empty for one that only keeps another one running, and for one that is gone."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
    return "" if "tied.py" in line else line
