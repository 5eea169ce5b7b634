"""What `keepfit deploy` and `keepfit bootstrap` leave on a server, and what they leave alone there."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.operating.automations import scored_name
from keepfit.errors import ConfigError
from tests.operation.served import KEEPFIT, Served
from tests.store.test_kill import small


@pytest.fixture
def pipeline(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a pipeline of the test's own, with what else its YAML says."""

    def write(more: str = "", name: str = "") -> Path:
        folder = tmp_path / (name or "one")
        folder.mkdir(exist_ok=True)
        file = small(folder)
        named = file.read_text().replace("name: breast-cancer", f"name: {name or tmp_path.name.replace('_', '-')}")
        file.write_text(named + more)
        return file

    return write


def name_of(file: Path) -> str:
    return file.read_text().splitlines()[0].removeprefix("name: ")


def schedules(server: Served, name: str) -> list[tuple[Any, bool]]:
    """Each schedule's line or seconds, and whether it is switched on."""
    found = server.deployment(name)["schedules"]
    pairs = [(one["schedule"].get("cron") or one["schedule"]["interval"], one["active"]) for one in found]
    return sorted(pairs, key=str)


def test_twice_is_as_once(server: Served, pipeline: Callable[..., Path]) -> None:
    assert all(line.endswith(": as it was") for line in server.bootstrap("gpu"))
    told = "notify: {to: ['json://127.0.0.1:1'], on: [failed]}\n"
    file = pipeline(f"schedule: {{every: 6h, new_data: 15m}}\napproval: always\n{told}")
    first, second = server.deploy(file), server.deploy(file)
    what = [line.rpartition(": ") for line in first]
    assert {done for name, _, done in what if not name.startswith("train/")} == {"made"}
    assert second == [f"{name}: as it was" for name, _, _ in what]


def test_what_a_person_switched_stays_and_the_schedule_follows_the_yaml(
    server: Served, pipeline: Callable[..., Path]
) -> None:
    file = pipeline("schedule: '0 3 * * *'\n")
    server.deploy(file)
    name = f"retrain/{name_of(file)}"
    assert schedules(server, name) == [("0 3 * * *", True)]
    there = server.deployment(name)
    with server.client() as client:
        path = f"/deployments/{there['id']}/schedules"
        client.patch(f"{path}/{there['schedules'][0]['id']}", json={"active": False})
        client.post(path, json=[{"active": True, "schedule": {"cron": "1 1 * * *"}}])
        client.post(f"/deployments/{there['id']}/pause_deployment")
    server.deploy(pipeline("schedule: {every: 6h, timezone: Europe/Berlin}\n"))
    assert schedules(server, name) == [("1 1 * * *", True), (21600.0, False)]
    assert server.deployment(name)["paused"]
    server.deploy(pipeline())
    assert schedules(server, name) == [("1 1 * * *", True)]


def test_a_schedule_that_is_paused_in_the_yaml_begins_so_and_a_person_switches_it_on(
    server: Served, pipeline: Callable[..., Path]
) -> None:
    file = pipeline("schedule: {cron: '0 3 * * *', paused: true}\n")
    server.deploy(file)
    name = f"retrain/{name_of(file)}"
    assert schedules(server, name) == [("0 3 * * *", False)]
    there = server.deployment(name)
    with server.client() as client:
        client.patch(f"/deployments/{there['id']}/schedules/{there['schedules'][0]['id']}", json={"active": True})
    server.deploy(file)
    assert schedules(server, name) == [("0 3 * * *", True)]


def test_what_is_in_service_has_clocks_of_its_own(server: Served, pipeline: Callable[..., Path]) -> None:
    monitoring = "monitoring: {after_scoring: true, cron: '0 5 * * *', labels: truth.csv, key: id, paused: true}\n"
    file = pipeline(f"scoring: {{rows: 'in/*.csv', out: answers, every: 1h, keep: [id]}}\n{monitoring}")
    first = server.deploy(file)
    name = name_of(file)
    (scoring,) = server.deployment(f"score/{name}")["schedules"]
    assert scoring["parameters"] == {"rows": "in/*.csv", "out": "answers", "keep": ["id"]}
    assert (scoring["schedule"]["interval"], scoring["active"]) == (3600.0, True)
    (looking,) = server.deployment(f"monitor/{name}")["schedules"]
    assert looking["parameters"] == {"labels": "truth.csv", "key": "id"}
    assert (looking["schedule"]["cron"], looking["active"]) == ("0 5 * * *", False)
    said = server.deployment(f"monitor/{name}")["description"]
    assert "runs at 05:00 every day (UTC), and when new rows were scored" in said
    assert f'automation "{scored_name(name)}": made' in first
    assert {line.rpartition(": ")[2] for line in server.deploy(file)} == {"as it was"}

    said = server.deploy(pipeline("scoring: {rows: other.csv, out: answers, every: 1h}\n"))
    assert f"score/{name}: changed" in said
    (scoring,) = server.deployment(f"score/{name}")["schedules"]
    assert scoring["parameters"] == {"rows": "other.csv", "out": "answers"}
    assert schedules(server, f"monitor/{name}") == []
    with server.client() as client:
        names = {one["name"] for one in client.post("/automations/filter", json={"limit": 200}).json()}
    assert scored_name(name) not in names


def test_a_deployment_says_what_it_does_and_runs_once_at_a_time(server: Served, pipeline: Callable[..., Path]) -> None:
    file = pipeline("schedule: {cron: '0 3 * * *', timezone: Europe/Berlin}\napproval: on_promote\n")
    server.deploy(file)
    there = server.deployment(f"retrain/{name_of(file)}")
    for said in (
        "predicts `diagnosis` (classification) from 30 columns: 30 number",
        "rows from `breast_cancer.csv`",
        "runs at 03:00 every day (Europe/Berlin)",
        "has 7d to answer",
    ):
        assert said in there["description"]
    assert there["global_concurrency_limit"]["limit"] == 1
    assert there["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert (there["entrypoint"], there["pull_steps"], there["parameters"]) == (
        "flows.retrain.retrain", [], {"pipeline": str(file)}
    )  # fmt: skip


REFUSED = [
    ({"mode": "fast"}, "'fast' is not one of"),
    ({"promote": "force"}, "'reason' is a required property"),
    ({"promote": "force", "reason": ""}, "field 'reason'. Failure reason: '' should be non-empty"),
    ({"promote": "hold", "mode": "dry run"}, "field 'promote'"),
    ({"minutes": -1}, "less than the minimum"),
    ({"train_on": "nowhere"}, "'nowhere' is not one of ['', 'here', 'auto', 'gpu'"),
    ({"pipeline": "/etc/passwd"}, "field 'pipeline'"),
]


def test_a_form_that_cannot_be_meant_is_refused_before_there_is_a_run(
    server: Served, pipeline: Callable[..., Path]
) -> None:
    file = pipeline()
    server.deploy(file)
    there = server.deployment(f"retrain/{name_of(file)}")
    assert "pipeline" not in there["parameter_openapi_schema"]["properties"]
    path, later = f"/deployments/{there['id']}/create_flow_run", {"scheduled_time": "2100-01-01T00:00:00Z"}
    with server.client() as client:
        client.raise_on_all_errors = False
        for answers, said in REFUSED:
            refused = client.post(path, json={"parameters": answers})
            assert (refused.status_code, said in refused.text) == (409, True), refused.text
            form = {"schema": there["parameter_openapi_schema"], "values": answers}
            assert not client.post("/ui/schemas/validate", json=form).json()["valid"]  # what the pages ask
        for answers in ({}, {"promote": "force", "reason": "it must"}, {"train_on": "gpu", "minutes": 5}):
            state = {"type": "SCHEDULED", "state_details": later}
            made = client.post(path, json={"parameters": answers, "state": state})
            assert made.status_code == 201, made.text
            assert made.json()["parameters"]["pipeline"] == str(file)


def test_only_prune_takes_away_what_is_gone(server: Served, tmp_path: Path, pipeline: Callable[..., Path]) -> None:
    kept, lost = pipeline("schedule: {new_data: 15m}\n", "kept"), pipeline("approval: always\n", "lost")
    server.deploy(tmp_path)
    lost.unlink()
    pipeline("", "kept")
    said = server.deploy(tmp_path)
    assert "retrain/lost: gone from the files, and still deployed; --prune takes it away" in said
    assert "watch/kept: gone from the files, and still deployed; --prune takes it away" in said
    said = server.deploy(tmp_path, prune=True)
    assert {"retrain/lost: taken away", "watch/kept: taken away"} <= set(said)
    with server.client() as client:
        names = {one["name"] for one in client.post("/automations/filter", json={"limit": 200}).json()}
    assert "keepfit: no answer for lost" not in names
    assert "retrain/kept: as it was" in server.deploy(kept, prune=True)


def test_a_name_stands_for_one_pipeline(server: Served, tmp_path: Path, pipeline: Callable[..., Path]) -> None:
    first, other = pipeline("", "twin"), pipeline("", "other")
    other.write_text(other.read_text().replace("name: other", "name: twin"))
    with pytest.raises(ConfigError, match='has the name "twin" too'):
        server.deploy(first, other)
    server.deploy(first)
    with pytest.raises(ConfigError, match=str(first)):
        server.deploy(other)
    first.unlink()  # it was moved
    assert "retrain/twin: changed" in server.deploy(other)


def test_errors_name_what_is_there(server: Served, tmp_path: Path, pipeline: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError, match=r"no work pool tpu.*There are: .*keepfit"):
        server.deploy(pipeline("train_on: tpu\n"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"there is no pipeline.yaml in this folder"):
        server.deploy(tmp_path / "empty")
    nowhere = subprocess.run([KEEPFIT, "deploy", pipeline()], capture_output=True, text=True, check=False)
    assert (nowhere.returncode, "no Prefect server is named" in nowhere.stderr) == (2, True)
