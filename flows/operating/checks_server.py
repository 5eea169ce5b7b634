"""What `keepfit doctor` looks at on the Prefect server: the server itself, pools and workers, automations."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import WorkPool
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL
from pydantic import TypeAdapter

from flows.operating import dead_runs
from flows.operating.deployments import of_pipeline
from flows.operating.finding import Finding
from flows.operating.registering import beats, differs, ours
from keepfit.config import Pipeline

_LATE = 300
"""Seconds that an event may be late: SQLite kept one for 62, and a message is tried again for 90."""
_APART = 5.0
"""Seconds that two clocks may differ before it is told: schedules and heartbeats go by the server's."""


def server() -> Iterator[Finding]:
    """Whether it answers, its version, its database, what it forgets and its clock."""
    with _plain() as client:
        begun = time.time()
        answer = client.get("/admin/version")
        answer.raise_for_status()
        there, here = str(answer.json()), version("prefect")
        mark, todo = ("good", "") if there == here else ("note", f"Install prefect {there} here, or {here} there.")
        yield Finding("server", mark, f"{PREFECT_API_URL.value()} answers, Prefect {there}", todo)  # type: ignore[arg-type]
        yield _database(client)
        settings = client.get("/admin/settings").json()["server"]
        yield _old_runs(settings)
        yield _late_events(settings)
        yield from _clock(answer, begun, time.time())


def _plain() -> httpx.Client:
    """A client that does not ask again and again: what a server says at once is what is wanted."""
    secret = PREFECT_API_AUTH_STRING.value()
    code = base64.b64encode(secret.get_secret_value().encode()).decode() if secret else ""
    headers = {"Authorization": f"Basic {code}"} if code else {}
    return httpx.Client(base_url=str(PREFECT_API_URL.value()), headers=headers, timeout=60)


def _database(client: httpx.Client) -> Finding:
    """The server masks its database's address in all that it tells. But no text of PostgreSQL holds the letter NUL, and
    SQLite takes it: such a question is answered by the one and refused by the other.
    """
    answer = client.post("/flows/filter", json={"flows": {"name": {"any_": ["\0"]}}})
    if answer.is_server_error:
        return Finding("database", "good", "PostgreSQL")
    return Finding(
        "database",
        "note",
        "SQLite, which loses events under load, and automations with them",
        "Give the server a PostgreSQL: PREFECT_SERVER_DATABASE_CONNECTION_URL=postgresql+asyncpg://…",
    )


def _old_runs(settings: dict[str, Any]) -> Finding:
    vacuum = settings["services"]["db_vacuum"]
    enabled, kept = vacuum["enabled"], TypeAdapter(timedelta).validate_python(vacuum["retention_period"])
    if enabled is True or (isinstance(enabled, list) and "flow_runs" in enabled):
        return Finding("old runs", "good", f"the server forgets them {kept.days} days after their end")
    return Finding(
        "old runs",
        "note",
        "the server keeps all of them, and its database only grows",
        "Give the server PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED=events,flow_runs",
    )


def _late_events(settings: dict[str, Any]) -> Finding:
    kept = TypeAdapter(timedelta).validate_python(settings["events"]["expired_bucket_buffer"]).total_seconds()
    if kept >= _LATE:
        return Finding("late events", "good", f"an automation waits {kept:,.0f} seconds longer for them")
    return Finding(
        "late events",
        "note",
        f"one that a busy server lets through {kept:,.0f} seconds late starts no automation any more",
        f"Give the server PREFECT_SERVER_EVENTS_EXPIRED_BUCKET_BUFFER={_LATE * 3}",
    )


def _clock(answer: httpx.Response, begun: float, ended: float) -> Iterator[Finding]:
    if "date" not in answer.headers:
        return
    there = parsedate_to_datetime(answer.headers["date"]).timestamp()
    apart = max(begun - there - 1, there - ended, 0)  # it tells whole seconds
    if apart > _APART:
        here = f"{datetime.now(UTC):%H:%M:%S} UTC"
        todo = "Let both follow NTP: schedules, heartbeats and the wait for an answer go by the server's clock."
        yield Finding("clock", "bad", f"{apart:,.0f} seconds apart from the server's; here it is {here}", todo)
    else:
        yield Finding("clock", "good", "as the server's")


def pools(client: SyncPrefectClient) -> Iterator[Finding]:
    """Each pool that keepfit deployed to: its workers, its limit, its heartbeat."""
    used = {there.work_pool_name for there in ours(client)} - {None}
    if not used:
        yield Finding("pools", "note", "nothing is deployed", "keepfit bootstrap, then keepfit deploy PIPELINE.")
    for name in sorted(str(one) for one in used):
        yield _pool(client, client.read_work_pool(name))


def _pool(client: SyncPrefectClient, pool: WorkPool) -> Finding:
    online = [one for one in client.read_workers_for_work_pool(pool.name) if one.status == "ONLINE"]
    what, limit = f"pool {pool.name}", f"at most {pool.concurrency_limit or 'any number of'} at once"
    if pool.is_paused:
        return Finding(what, "bad", "paused", f"prefect work-pool resume {pool.name}")
    if not beats(pool):
        return Finding(what, "bad", "its runs would be taken for dead", "keepfit bootstrap sets their heartbeat.")
    if not online:
        return Finding(what, "bad", "no worker is online", f"Start one: prefect worker start --pool {pool.name}")
    return Finding(what, "good", f"{len(online)} online, {limit}")


def looks_after(client: SyncPrefectClient) -> Iterator[Finding]:
    """The automations that look after dead runs."""
    for wanted in dead_runs.of_runs():
        there = client.read_automations_by_name(wanted.name)
        if not there:
            yield Finding("automation", "bad", f"{wanted.name}: it is not there", "keepfit bootstrap makes it.")
        elif not there[0].enabled:
            yield Finding("automation", "note", f"{wanted.name}: switched off", "Switch it on in the UI, Automations.")
        else:
            yield Finding("automation", "good", wanted.name)


def deployed(client: SyncPrefectClient, config: Pipeline) -> Iterator[Finding]:
    """Whether a pipeline stands on the server as its YAML says."""
    trainings = sorted(there.name for there in ours(client, "train"))
    mend = f"keepfit deploy {config.file}"
    try:
        there = client.read_deployment_by_name(f"retrain/{config.name}")
    except ObjectNotFound:
        yield Finding("deployment", "note", f"there is no retrain/{config.name}", mend)
        return
    for wanted in of_pipeline(config, there.work_pool_name or "", trainings):
        if wanted.flow == "retrain" and differs(there, wanted):
            yield Finding("deployment", "note", f"retrain/{config.name} is not as the YAML says now", mend)
            return
    active = [one for one in there.schedules if one.active]
    said = "paused" if there.paused else f"{len(active)} of {len(there.schedules)} schedules switched on"
    yield Finding("deployment", "good", f"retrain/{config.name}, {said}")
