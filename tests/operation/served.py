"""A real Prefect server, workers of it, and their runs, waited for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.base import PrefectHttpxSyncClient
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.operating import pools
from flows.operating.bootstrap import bootstrap
from flows.operating.deploying import deploy
from tests import ROOT
from tests.postgres import cluster

KEEPFIT = Path(sys.executable).with_name("keepfit")
PREFECT = Path(sys.executable).with_name("prefect")
LONG = 600
"""Seconds that nothing here takes, however busy the machine is."""
LOOK = 0.3
"""Seconds between two looks."""
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
"""What a server may have its tables in; the tests that take long are done on both."""


@dataclass(frozen=True)
class Served:
    """A Prefect server that runs, with a database of its own."""

    api: str
    home: Path
    database: str

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to report to it."""
        return {
            **os.environ,
            "PREFECT_API_URL": self.api,
            "PREFECT_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        }

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

    @contextmanager
    def without(self, automation: str) -> Iterator[None]:
        """In the block the automation of this name is switched off."""
        with self.client() as client:
            (found,) = client.post("/automations/filter", json={"automations": {"name": {"any_": [automation]}}}).json()
            client.patch(f"/automations/{found['id']}", json={"enabled": False}).raise_for_status()
            yield
            client.patch(f"/automations/{found['id']}", json={"enabled": True}).raise_for_status()

    def webhook(self, name: str, port: int) -> str:
        """A notification block that posts to a port of this machine; its address as `notify` takes it."""
        posted = {"title": "{{subject}}", "text": "{{body}}"}
        with self.here():
            block = CustomWebhookNotificationBlock(name=name, url=f"http://127.0.0.1:{port}/block", json_data=posted)
            block.save(name, overwrite=True)
        return f"block:custom-webhook/{name}"

    def only_ask(self, name: str) -> None:
        """The runs of this deployment are asked for and not done: it goes to a pool without a worker."""
        with self.here(), get_client(sync_client=True) as client:
            pools.keep(client, "idle", gpu=False)
        with self.client() as client:
            path = f"/deployments/{self.deployment(name)['id']}"
            client.patch(path, json={"work_pool_name": "idle"}).raise_for_status()

    def ask(self, name: str, **parameters: Any) -> str:
        """The id of a new run of a deployment."""
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        with self.client() as client:
            return str(client.post(path, json={"parameters": parameters}).json()["id"])

    def run(self, id: str) -> dict[str, Any]:
        with self.client() as client:
            found: dict[str, Any] = client.get(f"/flow_runs/{id}").json()
        return found

    def first(self, name: str) -> str:
        """The id of the first run of a deployment, once there is one."""
        wanted = {"deployments": {"id": {"any_": [self.deployment(name)["id"]]}}}
        return str(
            self.until(lambda client: next(iter(client.post("/flow_runs/filter", json=wanted).json()), None))["id"]
        )

    def named(self, name: str) -> dict[str, Any]:
        """The first run of this name that is completed, once there is one."""
        wanted = {"flow_runs": {"name": {"any_": [name]}, "state": {"type": {"any_": ["COMPLETED"]}}}}
        return self.until(lambda client: next(iter(client.post("/flow_runs/filter", json=wanted).json()), None))

    def ended(self, id: str) -> FlowRun:
        """The run, once it has ended."""
        final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        found = self.until(lambda client: _flow_run(client, id, final))
        return FlowRun.model_validate(found)

    def pool(self, name: str, status: str) -> dict[str, Any]:
        """The work pool, once it is in this status."""

        def look(client: PrefectHttpxSyncClient) -> dict[str, Any] | None:
            found: dict[str, Any] = client.get(f"/work_pools/{name}").json()
            return found if found["status"] == status else None

        return self.until(look)

    def suspended(self, id: str) -> dict[str, Any]:
        """The run, once it waits for a person."""
        return self.until(lambda client: _flow_run(client, id, {"PAUSED"}))

    def event(self, id: str, *names: str) -> dict[str, Any]:
        """The first event of these names that a run has sent: Suspended, Crashed …

        Read from the server's record of events: of those that it sends on at once, a busy one loses some.
        """
        wanted = {
            "event": {"name": [f"prefect.flow-run.{name}" for name in names]},
            "resource": {"id": [f"prefect.flow-run.{id}"]},
            "order": "ASC",
        }
        return self.until(lambda client: next(iter(_events(client, wanted)), None))

    def said(self, id: str, pattern: str) -> dict[str, Any]:
        """The first line of a run's log with this in it, once it is there: it may come after the state it led to."""
        wanted = {"logs": {"flow_run_id": {"any_": [id]}}, "sort": "TIMESTAMP_ASC", "limit": 200}
        fits = re.compile(pattern).search
        return self.until(
            lambda client: next(
                (e for e in client.post("/logs/filter", json=wanted).json() if fits(e["message"])), None
            )
        )

    def until(self, look: Callable[[PrefectHttpxSyncClient], dict[str, Any] | None]) -> dict[str, Any]:
        """What `look` finds, as soon as it does."""
        end = time.monotonic() + LONG
        with self.client() as client:
            while time.monotonic() < end:
                found = look(client)
                if found is not None:
                    return found
                time.sleep(LOOK)
        raise AssertionError(f"nothing within {LONG} seconds")

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


def _flow_run(client: PrefectHttpxSyncClient, id: str, states: set[str]) -> dict[str, Any] | None:
    """The run, if it is in one of these states."""
    found: dict[str, Any] = client.get(f"/flow_runs/{id}").json()
    return found if found["state_type"] in states else None


def _events(client: PrefectHttpxSyncClient, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.post("/events/filter", json={"filter": wanted}).json()["events"]
    return found


@contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """A database of one of these kinds, as the variables that a server is started with."""
    if kind == "sqlite":
        yield {}
        return
    with cluster() as made:
        yield made.variables


@contextmanager
def served(home: Path, port: int = 0, **variables: str) -> Iterator[Served]:
    """A server with its database in a folder, or where PREFECT_SERVER_DATABASE_CONNECTION_URL says; on a free port."""
    environment = {**os.environ, "PREFECT_HOME": str(home), "DO_NOT_TRACK": "1", "PYTHONPATH": str(ROOT), **variables}
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.server", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    api = f"http://127.0.0.1:{process.stdout.readline().decode().strip()}/api"
    httpx.get(f"{api}/health", timeout=180, trust_env=False).raise_for_status()
    try:
        yield Served(api, home, "PostgreSQL" if "PREFECT_SERVER_DATABASE_CONNECTION_URL" in environment else "SQLite")
    finally:
        for told in (EventsWorker, APILogWorker):
            told.drain_all(timeout=LONG, at_exit=False)  # else this process would tell the next server nothing
        process.communicate()
