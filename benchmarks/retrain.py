"""One whole `keepfit run` without a server, and one that finds nothing new, against Prefect's own start-up.

`python benchmarks/retrain.py` (MNIST, from KEEPFIT_DATA) or `python benchmarks/retrain.py digits`

The baseline is a flow of one task that does nothing, run the same way: own server, same process set-up. CPU seconds
are those of the command and of the processes it waited for; the server's are on neither side.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DATA = os.environ.get("KEEPFIT_DATA", str(ROOT.parent / "shared" / "data"))
TIMES = 3

NOTHING = """
import tasks
from prefect import flow, task
from flows.server import with_server
done = task(lambda: None, name="nothing")
with_server(flow(lambda: done(), name="nothing"))()
"""
REGISTRY = """
import sys
from pathlib import Path
from keepfit import config
from keepfit.serving.registry import open_registry
from keepfit.store.store import Store
open_registry(Store(Path(sys.argv[1])), config.load(sys.argv[2]))
"""


def cpu_seconds(*command: object) -> float:
    """CPU seconds, user and system, of a command and of the processes it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "KEEPFIT_DATA": DATA, "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
    environment.pop("PREFECT_API_URL", None)
    subprocess.run([str(c) for c in command], check=True, env=environment, cwd=ROOT, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def stages(store: Path) -> dict[str, float]:
    record: dict[str, Any] = json.loads(max(store.glob("runs/*/record.json")).read_text())
    return {name: entry["cpu_seconds"] for name, entry in record["stages"].items()}


def main(name: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / name
        shutil.copytree(ROOT / "data" / name, folder, ignore=shutil.ignore_patterns(".keepfit"))
        pipeline, keepfit = folder / "pipeline.yaml", Path(sys.executable).with_name("keepfit")
        cpu_seconds(sys.executable, "-c", NOTHING)  # the very first start creates Prefect's database
        whole = cpu_seconds(keepfit, "run", pipeline)
        spent = stages(folder / ".keepfit")
        registry = cpu_seconds(sys.executable, "-c", REGISTRY, Path(scratch) / "empty", pipeline)
        again, nothing = [], []
        for _ in range(TIMES):
            nothing.append(cpu_seconds(sys.executable, "-c", NOTHING))
            again.append(cpu_seconds(keepfit, "run", pipeline))
    start, idle = statistics.median(nothing), statistics.median(again)
    rest = whole - start - registry - spent["train"] - spent["baseline"]
    print(f"Prefect's start-up: a flow that does nothing, {start:.1f} CPU s (median of {TIMES})")
    print(f"whole run on {name}: {whole:.1f} CPU s; by stage: {spent}")
    print(f"the registry's first creation: {registry:.1f} CPU s")
    print(f"all besides training, classical baseline, Prefect and the registry: {rest:.1f} CPU s (at most 20)")
    print(f"nothing new: {idle:.1f} CPU s, {idle - start:.1f} more than Prefect's start-up (at most 3)")
    print(f"ratio of a run that finds nothing new to Prefect's start-up: {idle / start:.2f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "mnist")
