"""What a worker and a server cost a run: a scheduled one that finds nothing new, and the hop to the pool of GPUs.

`python benchmarks/operation.py [--times 5]`

In a `keepfit up` with one small pipeline, in alternation: a flow that does nothing and a retraining that finds nothing
new; a training in the run's own process (`train_on: here`) and one in the pool gpu, each of another seed. CPU seconds
are user and system of all processes that the workers started; the server's and the workers' own are not in them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from one_machine import WORKERS, Machine, pipeline, up

NOTHING = "import tasks\nfrom prefect import flow\nnothing = flow(lambda: None, name='nothing')\n"


def cpu_seconds(machine: Machine) -> float:
    """Of the runs that have ended, as the workers waited for them."""
    ticks = 0
    for pid in machine.pids(WORKERS):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[13]) + int(fields[14])  # cutime, cstime
    return ticks / os.sysconf("SC_CLK_TCK")


def spent(machine: Machine, deployment: str, **parameters: Any) -> tuple[float, float]:
    """CPU seconds of a run, and the seconds from its begin to its end."""
    before = cpu_seconds(machine)
    run = machine.ended(machine.ask(deployment, **parameters))
    return cpu_seconds(machine) - before, float(run["total_run_time"])


def nothing(machine: Machine) -> str:
    """The id of a deployment whose flow does nothing, made in the pool keepfit."""
    flow = machine.post("/flows/", {"name": "nothing"})["id"]
    made = {"name": "nothing", "flow_id": flow, "entrypoint": "nothing.nothing", "pull_steps": []}
    return str(machine.post("/deployments/", {**made, "work_pool_name": "keepfit"})["id"])


def middle(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    cpu, wall = zip(*pairs, strict=True)
    return statistics.median(cpu), statistics.median(wall)


def main(times: int, port: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pipelines"
        folder.mkdir()
        next(pipeline(folder / "table"))
        (Path(scratch) / "nothing.py").write_text(NOTHING)
        os.environ["PYTHONPATH"] = os.pathsep.join([scratch, *filter(None, [os.environ.get("PYTHONPATH")])])
        with up(folder, port) as machine:
            idle, retrain = nothing(machine), machine.deployment("retrain/table")
            spent(machine, retrain, train_on="here")
            blank, again, here, there = [], [], [], []
            for _ in range(times):
                blank.append(spent(machine, idle))
                again.append(spent(machine, retrain, train_on="here"))
            for seed in range(1, times + 1):
                here.append(spent(machine, retrain, train_on="here", settings={"training.seed": str(seed)}))
                there.append(spent(machine, retrain, train_on="gpu", settings={"training.seed": str(times + seed)}))
    (cpu, wall), (cpu_blank, wall_blank) = middle(again), middle(blank)
    print(f"a flow that does nothing: {cpu_blank:.1f} CPU s, {wall_blank:.1f} s (medians of {times})")
    print(f"a retraining that finds nothing new: {cpu:.1f} CPU s, {wall:.1f} s; {cpu / cpu_blank:.2f} times the CPU")
    (cpu, wall), (cpu_here, wall_here) = middle(there), middle(here)
    print(f"trained here: {cpu_here:.1f} CPU s, {wall_here:.1f} s; in the pool gpu: {cpu:.1f} CPU s, {wall:.1f} s")
    print(f"the hop adds {wall - wall_here:.1f} s and {cpu - cpu_here:.1f} CPU s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--port", type=int, default=4264)
    asked = parser.parse_args()
    main(asked.times, asked.port)
