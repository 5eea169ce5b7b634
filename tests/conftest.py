"""Real parts for every test: the carried pipelines, the public data sets, Prefect's files in a corner of their own."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests import CARRIED, ROOT

# No deadline: how long an example takes says how busy the machine is. In CI the same examples every time: a change is
# judged by what it did, not by luck. At a desk they vary.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# A shell that starts the tests in the background lets them ignore Ctrl-C, and so would every process they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

_home = tempfile.mkdtemp(prefix="keepfit-tests-")
# Before Prefect is imported: tests must not write into the home folder, nor report to a server that happens to run.
os.environ.update(
    PREFECT_HOME=_home,
    PREFECT_LOCAL_STORAGE_PATH=f"{_home}/storage",
    PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL",
    OMP_NUM_THREADS="1",
)
os.environ.pop("PREFECT_API_URL", None)

pytest_plugins = ["tests.alarming", "tests.in_service", "tests.operation.receiving", "tests.stages.release.releasing"]


def pytest_unconfigure() -> None:
    shutil.rmtree(_home, ignore_errors=True)


@pytest.fixture
def carried(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a carried pipeline, "digits" or "breast_cancer", in a folder of the test's own."""

    def copy(name: str) -> Path:
        folder = tmp_path / name
        shutil.copytree(CARRIED / name, folder, ignore=shutil.ignore_patterns(".keepfit"))
        return folder / "pipeline.yaml"

    return copy


@pytest.fixture(scope="session")
def data() -> Callable[[str], Path]:
    """A file or folder of the public data sets, or a skip that says where it was looked for."""
    root = Path(os.environ.get("KEEPFIT_DATA", ROOT.parent / "shared" / "data"))

    def find(name: str) -> Path:
        path = root / name
        if not path.exists():
            pytest.skip(f"{name} is not in {root}; set KEEPFIT_DATA to the folder of the public data sets")
        return path

    return find
