"""What must not end a run: a server that is started again; and a schedule, which must begin one."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.operation.served import served
from tests.operation.test_running import deployed

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    folder.mkdir()
    return folder


def test_a_schedule_starts_runs_and_the_second_finds_nothing_new(home: Path, tmp_path: Path) -> None:
    often = {"PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2"}
    with served(home, **often) as server:
        server.bootstrap("gpu")
        deployed(server, tmp_path, "nightly", "schedule: {every: 30s}\n")
        with server.worker("keepfit"):
            first, again = server.named("nightly: first"), server.named("nightly: hold")
    assert "auto-scheduled" in first["tags"]
    assert again["state"]["message"].startswith("Nothing new: this model is the one in service.")


def test_a_run_outlives_its_server_and_ends_on_the_next_one(home: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        with served(home) as server:
            server.bootstrap("gpu")
            made = deployed(server, tmp_path, "going")
            made.hold()
            stack.enter_context(server.worker("keepfit"))
            id = server.ask("retrain/going")
            made.reached()
        made.let_go()
        with served(home, int(server.api.split(":")[2].split("/")[0])) as again:
            assert again.ended(id).name == "going: first"
    assert len(made.runs) == 1
