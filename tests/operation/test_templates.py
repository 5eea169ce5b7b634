"""The files of deployments/, as far as they can be checked without what they are for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import prefect.settings
import pytest
import yaml

from flows.operating.pools import environment
from tests import ROOT
from tests.operation.served import Served
from tests.store.test_kill import small

PLACE = ROOT / "deployments"
POOLS = sorted((PLACE / "pools").glob("*.json"))


def placeholders(value: Any) -> set[str]:
    return set(re.findall(r"\{\{\s*(\w+)\s*\}\}", json.dumps(value)))


@pytest.mark.parametrize("file", POOLS, ids=lambda file: file.stem)
def test_a_pools_template_is_taken_by_the_server_and_deployed_to(server: Served, file: Path, tmp_path: Path) -> None:
    template = json.loads(file.read_text())
    variables = template["variables"]["properties"]
    assert placeholders(template["job_configuration"]) == set(variables)
    assert variables["env"]["default"] == environment()
    assert variables["stream_output"]["default"] is False
    pool = {"name": file.stem, "type": file.stem.partition("-")[2], "base_job_template": template}
    with server.client() as client:
        client.post("/work_pools/", json=pool).raise_for_status()
    pipeline = small(tmp_path)
    pipeline.write_text(pipeline.read_text().replace("name: breast-cancer", f"name: in-{file.stem}"))
    said = server.deploy(pipeline, gpu_pool=file.stem)
    assert f"train/{file.stem}: made" in said


def test_a_training_in_kubernetes_has_a_gpu_shared_memory_and_the_pipelines() -> None:
    template = json.loads((PLACE / "pools/gpu-kubernetes.json").read_text())
    job = template["job_configuration"]["job_manifest"]
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "{{ gpus }}"
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/dev/shm", "{{ mounted_at }}"}
    assert (
        template["variables"]["properties"]["backoff_limit"]["default"] == 0
    )  # keepfit starts it anew, not the cluster


def test_what_compose_names_is_there() -> None:
    compose = yaml.safe_load((PLACE / "compose.yaml").read_text())
    targets = re.findall(r"^FROM \S+ AS (\w+)", (PLACE / "Dockerfile").read_text(), re.MULTILINE)
    variables = known()
    for name, service in compose["services"].items():
        assert set(service.get("secrets", ())) <= set(compose["secrets"]), name
        assert set(service.get("depends_on", ())) <= set(compose["services"]), name
        assert service["image"] in {"postgres:16", "redis:7", "keepfit:cpu", "keepfit:gpu", "keepfit:server"}
        assert service.get("build", {"target": "cpu"})["target"] in targets
        for variable in service.get("environment", {}):
            assert variable in variables or not variable.startswith("PREFECT_"), variable
    for secret, given in compose["secrets"].items():
        assert given["file"] == f"secrets/{secret}"
        assert secret in variables or secret == "postgres_password"


def known() -> set[str]:
    """The variables that Prefect reads, and those of prefect-redis that compose.yaml needs."""
    listed = subprocess.run(
        [Path(sys.executable).with_name("prefect"), "config", "view", "--show-defaults"],
        capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "500"},
    )  # fmt: skip
    models = (Path(prefect.settings.__file__).parent / "models").rglob("*.py")
    other = {name.upper() for model in models for name in re.findall(r'"(prefect_\w+)"', model.read_text())}
    return {*re.findall(r"PREFECT_[A-Z0-9_]+", listed.stdout), *other, "PREFECT_REDIS_MESSAGING_HOST"}


def test_every_file_of_a_secret_becomes_its_variable(tmp_path: Path) -> None:
    (tmp_path / "ONE_SECRET").write_text("a 'b' $c\n")
    (tmp_path / "postgres_password").write_text("not a variable")
    (tmp_path / "kubernetes.io").mkdir()
    command = [PLACE / "with-secrets", sys.executable, "-c", "import os; print(dict(os.environ))"]
    done = subprocess.run(command, env={"SECRETS": str(tmp_path)}, capture_output=True, text=True, check=True)
    found = eval(done.stdout)
    assert (found["ONE_SECRET"], "postgres_password" in found) == ("a 'b' $c", False)
    nowhere = {"SECRETS": str(tmp_path / "nothing")}
    assert subprocess.run([PLACE / "with-secrets", "true"], env=nowhere, check=False).returncode == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in (PLACE / "systemd").iterdir():
        here = unit.read_text().replace("/opt/keepfit/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / unit.name).write_text(here)
    units = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
