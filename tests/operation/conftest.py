"""One Prefect server for all tests of this folder, with pools and automations on it: on SQLite, and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.operation.served import DATABASES, Served, database, served


@pytest.fixture(scope="session", params=DATABASES)
def server(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Served]:
    with database(request.param) as variables, served(tmp_path_factory.mktemp("server"), **variables) as running:
        running.bootstrap("gpu")
        yield running


@pytest.fixture(scope="session")
def workers(server: Served) -> Iterator[Served]:
    """The same server, with a worker in the pool where runs take place and one in the pool that trains."""
    with server.worker("keepfit"), server.worker("gpu"):
        yield server
