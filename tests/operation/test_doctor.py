"""`keepfit doctor` on a server with and without what runs need, and on pipelines that are well and ill."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

from flows.operating import checks_here
from flows.operating.doctor import examine
from flows.operating.finding import Finding
from tests.operation.held import held
from tests.operation.served import KEEPFIT, Served


def told(*pipelines: Path) -> dict[str, Finding]:
    return {one.what: one for one in examine(pipelines)}


def test_all_is_well_where_it_is(workers: Served, table: Path) -> None:
    table.write_text(table.read_text().replace("name: breast-cancer", "name: well"))
    workers.deploy(table)
    for pool in ("keepfit", "gpu"):
        workers.pool(pool, "READY")
    with workers.here():
        found = told(table)
    others = {name for name in found if name.startswith("pool ")} - {"pool keepfit", "pool gpu"}  # of other tests
    assert {name for name, one in found.items() if one.mark == "bad"} <= others
    assert found["pool keepfit"].found == "1 online, at most 4 at once"
    assert found["pool gpu"].found == "1 online, at most 1 at once"
    assert found["database"].found.startswith(workers.database)
    assert found["clock"].found == "as the server's"
    assert found["late events"].found == "an automation waits 900 seconds longer for them"
    assert found["in service"].found.startswith("version 1, bundle ")
    assert found["deployment"].found == "retrain/well, 0 of 0 schedules switched on"
    table.write_text(table.read_text() + "approval: always\n")
    with workers.here():
        assert "not as the YAML says now" in told(table)["deployment"].found


def test_each_fault_has_its_line_and_what_to_do(server: Served, tmp_path: Path) -> None:
    ill = held(tmp_path, "ill").pipeline
    ill.with_name("breast_cancer.csv").unlink()
    (tmp_path / "bad.yaml").write_text("name: [\n")
    with server.without(DEAD), server.here():
        found = list(examine([ill, tmp_path / "bad.yaml"]))
    said = "\n".join(f"{line.mark} {line.what}: {line.found}. {line.todo}" for line in found)
    for line in (
        "note old runs: the server keeps all of them",
        f"note automation: {DEAD}: switched off. Switch it on in the UI",
        "bad source: ",
        "note in service: nothing yet. keepfit run",
        f"note deployment: there is no retrain/ill. keepfit deploy {ill}",
        f"bad {tmp_path / 'bad.yaml'}: ",
    ):
        assert line in said


DEAD = "keepfit: runs that died"


def test_a_server_that_does_not_answer_is_one_line_and_the_exit_code_1(tmp_path: Path) -> None:
    environment = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    done = subprocess.run([KEEPFIT, "doctor", "--json"], capture_output=True, text=True, env=environment, check=False)
    found = {one["what"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 1, done.stderr
    assert (found["server"]["mark"], "does not answer" in found["server"]["found"]) == ("bad", True)
    assert found["packages"]["mark"] == "good"


def test_a_version_that_breaks_prefect_is_named() -> None:
    (found,) = checks_here.versions(installed=lambda name: "2.1.0" if name == "sqlalchemy" else version(name))
    assert (found.mark, "sqlalchemy is 2.1.0 and must be <2.1,>=2.0" in found.found) == ("bad", True)
