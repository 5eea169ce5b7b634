"""`keepfit doctor`: whether everything is in place for runs with nobody watching."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from flows.operating import checks_here, checks_server
from flows.operating.finding import Finding, looked
from flows.surroundings import check_answers
from keepfit import config
from keepfit.errors import KeepfitError


def examine(pipelines: Sequence[Path]) -> Iterator[Finding]:
    """Everything that is looked at, in order; of the pipelines their source, store and deployments too."""
    yield from looked("packages", checks_here.versions)
    yield from looked("GPU", checks_here.gpu)
    reached = yield from _server()
    for path in pipelines:
        yield from _pipeline(path, reached=reached)


def _server() -> Generator[Finding, None, bool]:
    """What stands on the server; gives whether it answers."""
    if not PREFECT_API_URL.value():
        todo = "keepfit up starts one; for another: export PREFECT_API_URL=http://HOST:4200/api."
        yield Finding("server", "note", "none is named; keepfit run needs none, schedules do", todo)
        return False
    try:
        check_answers()
    except KeepfitError as error:
        yield Finding("server", "bad", error.found.rstrip("."), f"{error.allowed} {error.todo}")
        return False
    yield from looked("server", checks_server.server)
    with get_client(sync_client=True) as client:
        yield from looked("pools", lambda: checks_server.pools(client))
        yield from looked("automations", lambda: checks_server.looks_after(client))
    return True


def _pipeline(path: Path, *, reached: bool) -> Iterator[Finding]:
    try:
        read = config.load(path)
    except KeepfitError as error:
        yield Finding(str(path), "bad", str(error))
        return
    yield Finding(f"pipeline {read.name}", "good", f"{read.file} can be read")
    yield from looked("source", lambda: checks_here.source(read))
    yield from looked("store", lambda: checks_here.store(read))
    yield from looked("in service", lambda: checks_here.service(read))
    if reached:
        with get_client(sync_client=True) as client:
            yield from looked("deployment", lambda: checks_server.deployed(client, read))
