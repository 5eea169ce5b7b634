"""Reports and history in a browser, and two runs beside each other."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from keepfit import config
from keepfit.cli.report_server import pipelines_in
from keepfit.errors import ConfigError
from keepfit.serving.runs import found, report_of
from keepfit.stages.release.beside import beside
from keepfit.store.store import Store
from tests import ROOT, chain
from tests.store.test_kill import small


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline with two runs, the second with more epochs."""
    pipeline = small(tmp_path_factory.mktemp("twice"))
    chain.retrain(config.load(pipeline))
    chain.retrain(config.load(pipeline, {"training.epochs": "5"}))
    return pipeline


def runs(pipeline: Path) -> list[str]:
    settings = config.load(pipeline)
    return [record.run for record in Store(settings.resolve(settings.store)).records]


def test_a_run_is_found_by_what_tells_it_from_others(twice: Path) -> None:
    settings, (second, first) = config.load(twice), runs(twice)
    assert found(settings, "last").run == second
    assert found(settings, first[-6:]).run == first
    assert report_of(settings, found(settings, second)).is_file()
    for wrong, said in (
        ("2", "2 runs are called so"),
        ("nothing", "there is no such run"),
        ("", "there is no such run"),
    ):
        with pytest.raises(ConfigError, match=said):
            found(settings, wrong)


def test_two_runs_side_by_side(twice: Path) -> None:
    settings, (second, first) = config.load(twice), runs(twice)
    told = beside(settings, found(settings, first), found(settings, second))
    assert told.changed["train"] == ["config.training.epochs changed"]
    assert "ingest" not in told.changed
    assert set(told.metrics) >= {"accuracy", "log_loss"}
    assert all(None not in pair for pair in told.metrics.values())
    assert told.paired.startswith(("The second model, on the same", "Both models give the same answers"))
    with_itself = beside(settings, found(settings, first), found(settings, first))
    assert with_itself.changed == {"all stages": ["nothing changed"]}
    assert with_itself.paired == "Both models give the same answers."


def test_the_pages_show_what_ran_and_nothing_else_of_the_disk(twice: Path) -> None:
    (second, first), name = runs(twice), config.load(twice).name
    server = subprocess.Popen(
        [sys.executable, "-c", "from keepfit.cli import main; main()", "reports", str(twice.parent), "--port", "0"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1]
        with httpx.Client(base_url=address, trust_env=False, timeout=120) as client:
            assert name in client.get("/").text
            page = client.get(f"/{name}").text
            assert all(f'href="/{name}/{run}/report.html"' in page for run in (first, second))
            assert "What was live when" in page
            assert "<svg" in page
            assert "First model" in client.get(f"/{name}/{first}/report.html").text
            for nothing in ("/nobody", f"/{name}/..%2F..%2Fpipeline.yaml", f"/{name}/{first}/record.json"):
                assert client.get(nothing).status_code == 404
            assert "https://" not in page
    finally:
        server.terminate()
        server.communicate(timeout=60)


def test_a_port_that_is_taken_and_a_folder_without_a_pipeline_are_told(twice: Path, tmp_path: Path) -> None:
    from keepfit.cli.report_server import serve

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="cannot be had"):
        serve((twice,), taken.getsockname()[1])
    with pytest.raises(ConfigError, match=r"no pipeline\.yaml in"):
        pipelines_in((tmp_path,))
