"""A PostgreSQL of the tests' own: a cluster on a free port of this machine, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import free_port

PARTS = ("initdb", "pg_ctl")
_QUICK = "-c fsync=off -c full_page_writes=off -c unix_socket_directories="
"""A machine that loses its power in a test is no matter here."""


@dataclass(frozen=True)
class Cluster:
    """One that runs; whoever is on this machine may enter, and it holds what tests put there."""

    folder: Path
    port: int
    user: str | None
    """Who runs it where we are root, for whom PostgreSQL does not start."""

    @property
    def address(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def variables(self) -> dict[str, str]:
        """What a Prefect server is started with that has its tables here."""
        url = self.address.replace("postgresql:", "postgresql+asyncpg:", 1)
        return {"PREFECT_SERVER_DATABASE_CONNECTION_URL": url}

    def restart(self) -> None:
        """As an operator does it: every connection is cut, and it answers again when this returns."""
        self.control("restart", "-m", "fast")

    def start(self) -> None:
        self.control("start", "-o", f"-h 127.0.0.1 -p {self.port} {_QUICK}")

    def stop(self, how: str = "fast") -> None:
        self.control("stop", "-m", how)

    def control(self, *what: str) -> None:
        """Raises CalledProcessError with what it said."""
        log = self.folder / "log"
        self.call("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(log), *what)

    def call(self, program: str, *arguments: str) -> None:
        command = [str(shutil.which(program)), *arguments]
        subprocess.run(command, check=True, user=self.user, cwd=self.folder, stdout=subprocess.DEVNULL)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A new cluster, until the block ends; skips the test where PostgreSQL is not installed."""
    absent = [program for program in PARTS if shutil.which(program) is None]
    if absent:
        pytest.skip(f"PostgreSQL is not installed here: {' and '.join(absent)} not found")
    user = _other() if os.geteuid() == 0 else None
    # Not in pytest's own folders, which nobody else may enter.
    with tempfile.TemporaryDirectory(prefix="keepfit-postgres-") as folder:
        if user is not None:
            shutil.chown(folder, user)
        made = Cluster(Path(folder), free_port(), user)
        made.call("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        made.start()
        try:
            yield made
        finally:
            made.stop("immediate")


def _other() -> str:
    known = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
