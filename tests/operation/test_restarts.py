"""What must not end a run: a server, a database or a worker that is started again. And a schedule, which begins one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.operation.served import DATABASES, LONG, database, served
from tests.operation.test_running import deployed
from tests.postgres import cluster
from tests.test_flows import wait_for_exit

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    folder.mkdir()
    return folder


@pytest.fixture(params=DATABASES)
def variables(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """What a server is started with that has a database of the test's own."""
    with database(request.param) as named:
        yield named


def test_a_schedule_starts_runs_and_the_second_finds_nothing_new(
    home: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    often = {"PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2"}
    with served(home, **often, **variables) as server:
        server.bootstrap("gpu")
        deployed(server, tmp_path, "nightly", "schedule: {every: 30s}\n")
        with server.worker("keepfit"):
            first, again = server.named("nightly: first"), server.named("nightly: hold")
    assert "auto-scheduled" in first["tags"]
    assert again["state"]["message"].startswith("Nothing new: this model is the one in service.")


def test_a_run_outlives_its_server_and_ends_on_the_next_one(
    home: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    with ExitStack() as stack:
        with served(home, **variables) as server:
            server.bootstrap("gpu")
            made = deployed(server, tmp_path, "going")
            made.hold()
            stack.enter_context(server.worker("keepfit"))
            id = server.ask("retrain/going")
            made.reached()
        made.let_go()
        with served(home, int(server.api.split(":")[2].split("/")[0]), **variables) as again:
            assert again.ended(id).name == "going: first"
    assert len(made.runs) == 1


def test_a_run_outlives_a_database_that_is_started_again(home: Path, tmp_path: Path) -> None:
    with cluster() as postgres, served(home, **postgres.variables) as server:
        server.bootstrap("gpu")
        made = deployed(server, tmp_path, "cut")
        made.hold()
        with server.worker("keepfit"):
            id = server.ask("retrain/cut")
            made.reached()
            postgres.restart()
            made.let_go()
            assert server.ended(id).name == "cut: first"
    assert len(made.runs) == 1


def test_a_run_outlives_a_database_that_is_away(home: Path, tmp_path: Path) -> None:
    """Away from the middle of the training until the verdict is there: only then there is something to report."""
    with cluster() as postgres, served(home, **postgres.variables) as server:
        server.bootstrap("gpu")
        made = deployed(server, tmp_path, "away")
        made.hold()
        with server.worker("keepfit"):
            id = server.ask("retrain/away")
            made.reached()
            postgres.stop()
            made.let_go()
            made.judged()
            postgres.start()
            assert server.ended(id).name == "away: first"
    assert len(made.runs) == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_a_worker_that_is_told_to_end_loses_nothing(home: Path, tmp_path: Path, how: signal.Signals) -> None:
    """Prefect's worker kills its runs, and tells nobody: they are found dead, and go on from their last checkpoint."""
    with served(home) as server:
        server.bootstrap("gpu")
        made = deployed(server, tmp_path, "drained")
        made.hold()
        with server.worker("keepfit") as worker:
            id = server.ask("retrain/drained")
            training = made.reached()
            worker.send_signal(how)
            worker.wait(LONG)
        wait_for_exit(training)
        server.event(id, "Crashed")
        made.let_go()
        with server.worker("keepfit"):
            server.event(id, "Completed")
        assert server.run(id)["run_count"] == 2
        server.said(id, "train: start: going on where a run was stopped")
    assert len(made.runs) == 1
