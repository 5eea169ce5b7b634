"""A real Prefect server, workers of it, and the ends of their runs, waited for by events."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from prefect.client.base import PrefectHttpxSyncClient
from prefect.client.schemas.objects import FlowRun
from prefect.events import Event
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter, EventResourceFilter
from prefect.flow_runs import wait_for_flow_run
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.operating.bootstrap import bootstrap
from flows.operating.deploying import deploy
from tests import ROOT

KEEPFIT = Path(sys.executable).with_name("keepfit")
PREFECT = Path(sys.executable).with_name("prefect")
LONG = 600
"""Seconds that nothing here takes, however busy the machine is."""


@dataclass(frozen=True)
class Served:
    """A Prefect server that runs, with a database of its own."""

    api: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to report to it."""
        return {**os.environ, "PREFECT_API_URL": self.api, "PREFECT_HOME": str(self.home), "PYTHONPATH": str(ROOT)}

    @contextmanager
    def here(self) -> Iterator[None]:
        """This process reports to it."""
        with temporary_settings({PREFECT_API_URL: self.api}):
            yield

    @contextmanager
    def client(self) -> Iterator[PrefectHttpxSyncClient]:
        """A client that asks again where a busy server says that its database is locked."""
        with PrefectHttpxSyncClient(base_url=self.api, timeout=180, trust_env=False) as client:
            yield client

    def bootstrap(self, gpu_pool: str = "") -> list[str]:
        with self.here():
            return list(bootstrap(gpu_pool))

    def deploy(self, *paths: Path, gpu_pool: str = "", prune: bool = False) -> list[str]:
        with self.here():
            return list(deploy(paths, "keepfit", gpu_pool, prune=prune))

    def deployment(self, name: str) -> dict[str, Any]:
        with self.client() as client:
            found: dict[str, Any] = client.get(f"/deployments/name/{name}").json()
        return found

    def ask(self, name: str, **parameters: Any) -> str:
        """The id of a new run of a deployment."""
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        with self.client() as client:
            return str(client.post(path, json={"parameters": parameters}).json()["id"])

    def run(self, id: str) -> dict[str, Any]:
        with self.client() as client:
            found: dict[str, Any] = client.get(f"/flow_runs/{id}").json()
        return found

    def ended(self, id: str) -> FlowRun:
        """The run, once it has ended."""
        with self.here():
            run: FlowRun = asyncio.run(wait_for_flow_run(id, timeout=LONG))  # type: ignore[arg-type]
        return run

    def event(self, id: str, *names: str) -> Event:
        """The first event of these names that a run has sent, or sends from now on: Suspended, Crashed …"""
        with self.here():
            return asyncio.run(asyncio.wait_for(_event(id, names), LONG))

    @contextmanager
    def worker(self, pool: str = "keepfit", *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A worker process of a pool, until the block ends."""
        command = [PREFECT, "worker", "start", "--pool", pool, "--type", "process", *arguments]
        with (self.home / f"worker-{pool}.log").open("ab") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(LONG)


async def _event(id: str, names: tuple[str, ...]) -> Event:
    wanted = EventFilter(
        event=EventNameFilter(name=[f"prefect.flow-run.{name}" for name in names]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{id}"]),
    )
    async with get_events_subscriber(filter=wanted) as subscriber:  # it begins with what was sent in the last minute
        async for event in subscriber:
            return event
    raise AssertionError("the server ended")


@contextmanager
def served(home: Path, **variables: str) -> Iterator[Served]:
    """A server with its database in a folder, or where PREFECT_SERVER_DATABASE_CONNECTION_URL says."""
    environment = {**os.environ, "PREFECT_HOME": str(home), "DO_NOT_TRACK": "1", "PYTHONPATH": str(ROOT), **variables}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    api = f"http://127.0.0.1:{process.stdout.readline().decode().strip()}/api"
    httpx.get(f"{api}/health", timeout=180, trust_env=False).raise_for_status()
    try:
        yield Served(api, home)
    finally:
        process.communicate()
