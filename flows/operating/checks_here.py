"""What `keepfit doctor` looks at on this machine: what is installed, the GPU, a pipeline's folder and its store."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from flows.operating.finding import Finding
from keepfit.config import Pipeline
from keepfit.serving.registry import open_registry
from keepfit.serving.status import status_of
from keepfit.stages.ingest import roles_of
from keepfit.store import files
from keepfit.store.store import Store

LOW, LEAST = 10 << 30, 1 << 30
"""Bytes of room that are told, and with which no run should begin."""
_TOLD = ("prefect", "fastapi", "sqlalchemy", "great-expectations", "duckdb", "torch")


def versions(installed: Callable[[str], str] = version) -> Iterator[Finding]:
    """Whether what is installed is what keepfit was measured with; some newer versions break Prefect in silence."""
    wrong = []
    for needed in map(Requirement, requires("keepfit") or ()):
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            found = installed(needed.name)
        except PackageNotFoundError:
            found = "not there"
        if found == "not there" or not needed.specifier.contains(found, prereleases=True):
            wrong.append(f"{needed.name} is {found} and must be {needed.specifier or 'there'}")
    if wrong:
        yield Finding("packages", "bad", "; ".join(wrong), "make install puts in what constraints.txt says.")
        return
    told = ", ".join(f"{name} {version(name)}" for name in _TOLD)
    yield Finding("packages", "good", f"keepfit {version('keepfit')}, Python {sys.version.split()[0]}, {told}")


def gpu() -> Iterator[Finding]:
    """The GPU that training would use."""
    import torch

    if torch.cuda.is_available():
        cards = ", ".join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))
        yield Finding("GPU", "good", f"{cards}; CUDA {torch.version.cuda}, {_driver()}")
        return
    driver = _driver()
    if driver:
        todo = "Install the build of torch for CUDA where training shall use it."
        yield Finding("GPU", "note", f"{driver} is there, and torch {torch.__version__} cannot use it", todo)
        return
    yield Finding("GPU", "good", "none here; training uses the CPU")


def _driver() -> str:
    """The driver, by its own tool; empty where there is none."""
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    if shutil.which(command[0]) is None:
        return ""
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return f"driver {told.stdout.split()[0]}" if told.returncode == 0 and told.stdout.split() else ""


def source(config: Pipeline) -> Iterator[Finding]:
    """Whether the rows are there; a database is not asked."""
    if config.source.sql is not None:
        config.address(config.source.database or "")
        yield Finding("source", "good", "a query; its address is complete")
        return
    found = sum(len(paths) for paths in roles_of(config).values())
    yield Finding("source", "good", f"{found:,} {'file' if found == 1 else 'files'}")


def store(config: Pipeline) -> Iterator[Finding]:
    """Whether the store takes a file under a temporary name and its rename, and has room."""
    root = config.resolve(config.store)
    there = root if root.exists() else root.parent
    probe = there / ".keepfit-doctor"
    files.write_bytes(probe, b"written and renamed\n")
    probe.unlink()
    free = shutil.disk_usage(there).free
    mark = "bad" if free < LEAST else "note" if free < LOW else "good"
    todo = "" if mark == "good" else "Free some room, or name another folder with store: in the YAML."
    yield Finding("store", mark, f"{root} can be written, {free / (1 << 30):,.1f} GiB are free", todo)  # type: ignore[arg-type]


def service(config: Pipeline) -> Iterator[Finding]:
    """What is in service and whether it is whole, and whether the registry answers."""
    told = status_of(config)
    if told.serving is None:
        yield Finding("in service", "note", "nothing yet", f"keepfit run {config.file} trains the first model.")
    elif told.serving.problem:
        yield Finding("in service", "bad", told.serving.problem, f"keepfit verify {config.file} mends it from a copy.")
    else:
        yield Finding("in service", "good", f"version {told.serving.version}, bundle {told.serving.bundle}")
    if config.release.registry:
        open_registry(Store(config.resolve(config.store)), config)
        yield Finding("registry", "good", f"{config.release.registry} answers")
