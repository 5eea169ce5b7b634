"""A year of scheduled runs on one machine, one right after the other: what grows in `keepfit up`, and what does not.

`python benchmarks/year.py` or, for more than its 60 nights, `python benchmarks/year.py --nights 365`

The pipeline is a small table with a nightly schedule and a small `retention`. Its scheduled runs are pulled forward one
by one; every fourth night finds two more rows and retrains, the others find nothing new, and every seventh one prunes.
Processes, memory, open files, files on disk and rows in the database are counted after the first night, in the middle
and at the end; and once more when the server's runs were dated back to fill a year, and it has forgotten the old ones.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from one_machine import SERVER, WORKERS, Machine, pipeline, up, wait

from flows.operating.tied import below
from keepfit.cli.up import DAYS

GROWS, PRUNES = 4, 7
"""Every so many nights."""
YEAR = 365


@dataclass(frozen=True)
class Count:
    """What there is at one moment, while no run is under way."""

    when: str
    processes: int
    megabytes: dict[str, float]
    """Resident memory of the server, and of the two workers together."""
    open_files: dict[str, int]
    files: dict[str, tuple[int, float]]
    """Of each folder, files and megabytes."""
    runs: int
    """In the store, as `outputs` of stages are."""
    outputs: int
    rows: dict[str, int]
    """Of each table of the server's database."""


def count(machine: Machine, when: str) -> Count:
    of = {name: machine.pids(name) for name in (SERVER, WORKERS)}
    return Count(
        when=when,
        processes=len(below(machine.process.pid)),
        megabytes={name: sum(map(_megabytes, pids)) for name, pids in of.items()},
        open_files={name: sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in pids) for name, pids in of.items()},
        files={
            "store": _files(machine.store),
            "server's folder": _files(machine.folder / ".prefect"),
            "temporary": _files(machine.folder.parent / "temporary"),
        },
        runs=len([*machine.store.glob("runs/*")]),
        outputs=len([*machine.store.glob("stages/*/*")]),
        rows=_rows(machine.folder),
    )


def live(machine: Machine, grown: Iterator[None], nights: int) -> Iterator[Count]:
    """Go through the nights."""
    for number, id in enumerate(_scheduled(machine, nights), 1):
        if number > 1 and number % GROWS == 1:
            next(grown, None)
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": datetime.now(UTC).isoformat()}}
        machine.post(f"/flow_runs/{id}/set_state", {"state": state})
        print(f"night {number}: {machine.ended(id)['name']}", file=sys.stderr, flush=True)
        if number % PRUNES == 0:
            machine.ended(machine.ask(machine.deployment("prune/table")))
        if number in (1, nights // 2, nights):
            yield count(machine, f"night {number}")


def _scheduled(machine: Machine, nights: int) -> list[str]:
    """The ids of so many scheduled runs, the next first: the schedule's own, made ahead of time."""
    id = machine.deployment("retrain/table")
    machine.post(f"/deployments/{id}/schedule", {"min_runs": nights, "max_runs": nights})
    found: list[str] = []
    asked = {"deployments": {"id": {"any_": [id]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    while len(found) < nights:
        page = {"sort": "EXPECTED_START_TIME_ASC", "limit": 200, "offset": len(found)}
        found += [one["id"] for one in machine.post("/flow_runs/filter", {**asked, **page})]
    return found[:nights]


def date_back(folder: Path) -> None:
    """Let the runs that ended, of a server that does not run, have ended over a year, the last one today."""
    with sqlite3.connect(_database(folder)) as database:
        ended = database.execute("SELECT id FROM flow_run WHERE end_time IS NOT NULL ORDER BY end_time").fetchall()
        for place, (id,) in enumerate(ended, 1):
            when = datetime.now(UTC) - timedelta(days=YEAR * (1 - place / len(ended)))
            database.execute("UPDATE flow_run SET end_time = ? WHERE id = ?", (f"{when:%F %T.%f}", id))


def forgotten(folder: Path) -> bool:
    """Whether no run is left that ended more days ago than the server keeps them, and no line of a log without one."""
    before = f"{datetime.now(UTC) - timedelta(days=DAYS):%F %T.%f}"
    with sqlite3.connect(_database(folder), timeout=60) as database:
        old = database.execute("SELECT count(*) FROM flow_run WHERE end_time < ?", (before,)).fetchone()
        alone = "SELECT count(*) FROM log WHERE flow_run_id NOT IN (SELECT id FROM flow_run)"
        return (*old, *database.execute(alone).fetchone()) == (0, 0)


def _rows(folder: Path) -> dict[str, int]:
    """Of each table that has any."""
    with sqlite3.connect(_database(folder), timeout=60) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counted = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    return {name: count for name, count in sorted(counted.items()) if count}


def _database(folder: Path) -> Path:
    return folder / ".prefect/prefect.db"


def _megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _files(folder: Path) -> tuple[int, float]:
    found = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(found), sum(found) / 1e6


def tell(counts: list[Count]) -> None:
    """A line for each figure, a column for each moment."""

    def line(name: str, values: list[Any]) -> None:
        print(f"{name:32}" + "".join(f"{value:>12}" for value in values))

    line("", [one.when for one in counts])
    line("processes", [one.processes for one in counts])
    for name, whose in ((SERVER, "the server's"), (WORKERS, "the workers'")):
        line(f"{whose} memory, MB", [f"{one.megabytes[name]:.0f}" for one in counts])
        line(f"{whose} open files", [one.open_files[name] for one in counts])
    for name in counts[0].files:
        line(f"{name}: files", [one.files[name][0] for one in counts])
        line(f"{name}: MB", [f"{one.files[name][1]:.1f}" for one in counts])
    line("store: runs", [one.runs for one in counts])
    line("store: outputs of stages", [one.outputs for one in counts])
    for name in sorted({name for one in counts for name in one.rows}):
        line(f"rows of {name}", [one.rows.get(name, 0) for one in counts])


def main(nights: int, port: int, *, as_json: bool) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pipelines"
        folder.mkdir()
        grown, began = pipeline(folder / "table"), time.monotonic()
        next(grown)
        with up(folder, port) as machine:
            counts = list(live(machine, grown, nights))
        print(f"{nights} nights in {time.monotonic() - began:.0f} s", file=sys.stderr)
        date_back(folder)
        with up(folder, port) as machine:
            wait(lambda: forgotten(folder))
            counts.append(count(machine, "as a year"))
    if as_json:
        print(json.dumps([asdict(one) for one in counts]))
    else:
        tell(counts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=60)
    parser.add_argument("--port", type=int, default=4263)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    main(asked.nights, asked.port, as_json=asked.json)
