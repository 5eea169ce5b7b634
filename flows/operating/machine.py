"""Server and workers of one machine, each tied to this process: they end when it does."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from flows.operating import tied
from flows.operating.bootstrap import bootstrap
from flows.operating.deploying import deploy, found
from flows.operating.following import Follower
from flows.operating.pools import POOL
from flows.server import start
from keepfit.errors import KeepfitError, MachineError

GPU = "gpu"
"""The second pool: where there is no GPU, its trainings run on the CPU."""
LOOK = 1.0
"""Seconds between two looks at what runs tell."""


@contextmanager
def server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Prefect server on this port of loopback, until the block ends.

    Raises MachineError with what it said when it does not come up.
    """
    child, said, _ = start([sys.executable, "-m", "flows.server", str(port)])
    try:
        yield child
    finally:
        _close(child)
        said.close()


@contextmanager
def workers(pools: Sequence[str], logs: Path) -> Iterator[None]:
    """A worker of each pool, started again whenever it ends, until the block ends; what it says goes into `logs`."""
    children = [_worker(pool, logs / f"worker-{pool}.log") for pool in pools]
    try:
        yield
    finally:
        _close(*children)


def _worker(pool: str, log: Path) -> subprocess.Popen[bytes]:
    prefect = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--type", "process"]
    command = [sys.executable, "-I", tied.__file__, *prefect]
    with log.open("ab") as file:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file, stderr=file, start_new_session=True)


def prepare(folder: Path) -> Iterator[str]:
    """Pools, automations and the deployments of all pipelines below the folder; a sentence each.

    A pipeline that cannot be deployed is told, and the others are.
    """
    yield from bootstrap(GPU)
    for file in found([folder])[0]:
        try:
            yield from deploy([file], POOL, GPU)
        except KeepfitError as error:
            yield f"not deployed: {error}"


def follow(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """What runs tell, until the server's process has ended. Raises MachineError then."""
    with get_client(sync_client=True) as client:
        follower = Follower(client)
        while process.poll() is None:
            yield from follower.lines()
            time.sleep(LOOK)
    raise MachineError(
        f"the Prefect server ended, with code {process.returncode}.",
        todo="The same command starts it again; runs that were under way go on.",
    )


def wait_for_workers(pools: Sequence[str]) -> None:
    """Return when each pool has a worker that is there."""
    with httpx.Client(base_url=str(PREFECT_API_URL.value()), timeout=60, trust_env=False) as client:
        for pool in pools:
            while not _is_online(client, pool):
                time.sleep(LOOK)


def _is_online(client: httpx.Client, pool: str) -> bool:
    workers = client.post(f"/work_pools/{pool}/workers/filter", json={}).json()
    return any(one["status"] == "ONLINE" for one in workers)


def _close(*children: subprocess.Popen[bytes]) -> None:
    """Let all of them end by their standard input, and wait until they have."""
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
    for child in children:
        try:
            child.wait(tied.GRACE + 10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
