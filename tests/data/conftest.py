"""A real PostgreSQL for the tests of sources."""

from __future__ import annotations

import os

import psycopg
import pytest

SERVER = os.environ.get("KEEPFIT_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def server() -> str:
    """The server's address, or a skip that says where it was looked for."""
    try:
        psycopg.connect(SERVER, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {SERVER}: {error}; set KEEPFIT_POSTGRES")
    return SERVER
