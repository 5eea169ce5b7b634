"""What a person or a disk can cause is never our bug: one message says what to mend, and nothing hangs.

The lists are of kinds, not of cases: each form stands in the place of each file. A part of them, the same every time,
is tried here; `make test-slow` tries all.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from keepfit import config
from keepfit.cli.main import app, exit_code
from tests.hanging import DEEP, not_for_ever
from tests.refusing import go


@pytest.fixture
def served(table: Path) -> Path:
    """The folder of a pipeline with a model in service."""
    return table.parent


FILES = [
    "champion.json", "journal.jsonl", "hashes.db", "registry.db", "run.lock", "service.lock",
    "runs/*/record.json", "runs/*/progress.json", "runs/*/release.json", "stages/ingest/*/manifest.json",
    "stages/train/*/manifest.json", "stages/export/*/manifest.json", "stages/export/*/bundle/manifest.json",
    "stages/export/*/bundle/schema.json", "stages/export/*/bundle/model.onnx", "stages/preprocess/*/test",
    "stages/preprocess/*/transform.json", "runs", "stages", "registry",
]  # fmt: skip


def _written(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _listening(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"/proc/self/fd/{here}/{path.name}")  # the path itself may be too long
    os.close(here)


FORMS: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "empty": _written(b""),
    "list": _written(b"[]"),
    "mapping": _written(b"{}"),
    "null": _written(b"null\n"),
    "NaN": _written(b"NaN"),
    "number": _written(b"17"),
    "digits": _written(b"9" * 10_000),
    "deep": _written(DEEP.encode()),
    "noise": _written(bytes(range(256)) * 40),
    "zeros": _written(bytes(5000)),
    "strange": _written(b'{"run": 3, "bundle": [], "id": {"a": null}, "artifact": 7, "version": "x", "path": 5}'),
    "folder": lambda path: path.mkdir(),
    "fifo": lambda path: os.mkfifo(path),
    "socket": _listening,
    "dangling": lambda path: path.symlink_to("nowhere"),
    "itself": lambda path: path.symlink_to(path.name),
    "endless": lambda path: path.symlink_to("/dev/zero"),
}
COMMANDS: list[list[str]] = [
    ["show"], ["run"], ["rollback", "--reason", "x"], ["verify"], ["predict", "breast_cancer.csv", "-o", "out.csv"],
    ["show", "--json"], ["run", "--force", "train"],
]  # fmt: skip
DAMAGE = [(file, form, COMMANDS[(n + m) % len(COMMANDS)])
          for n, file in enumerate(FILES) for m, form in enumerate(FORMS)]  # fmt: skip


def told(arguments: list[str]) -> int:
    """The exit code of a command, done in this process."""
    return exit_code(lambda: app(arguments, exit_on_error=False, print_error=True, result_action="return_value"))


def ask(folder: Path, command: list[str]) -> int:
    """The exit code of a command; a run is done without Prefect, whose server takes seconds to start."""
    pipeline = folder / "pipeline.yaml"
    if command == ["run"]:
        return go(pipeline)
    before = Path.cwd()
    os.chdir(folder)
    try:
        if command[0] == "run":
            return exit_code(lambda: _forced(pipeline, command[-1]))
        arguments = [command[0], str(pipeline), *command[1:]]
        return told(arguments)
    finally:
        os.chdir(before)


def _forced(pipeline: Path, stage: str) -> None:
    from tests import chain

    chain.retrain(config.load(pipeline), force=stage)


def withstands(folder: Path, file: str, form: str, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    path = next((folder / ".keepfit").glob(file))
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    FORMS[form](path)
    with not_for_ever():
        code = ask(folder, command)
    err = capsys.readouterr().err
    assert code in (0, 1, 2), err
    assert "keepfit failed" not in err, err
    assert "Traceback" not in err
    assert (code == 0) or err.count("error: ") == 1, err


@pytest.mark.parametrize(("file", "form", "command"), DAMAGE[::8], ids=lambda v: str(v) if isinstance(v, str) else v[0])
def test_whatever_became_of_a_file(
    served: Path, capsys: pytest.CaptureFixture[str], file: str, form: str, command: list[str]
) -> None:
    withstands(served, file, form, command, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids="-".join)
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("form", [*FORMS])
def test_whatever_became_of_any_file(
    served: Path, capsys: pytest.CaptureFixture[str], file: str, form: str, command: list[str]
) -> None:
    withstands(served, file, form, command, capsys)


OPTIONS = [
    "", " ", "\x1b[2J", "[/b]", "x" * 5000, "/dev/zero", "/proc/1/mem", "~nobody-at-all/x", "*", "no/such", "-1",
    "名字", "\udcff",
]  # fmt: skip


@pytest.mark.parametrize("value", OPTIONS, ids=lambda value: ascii(value[:12]))
def test_options_of_any_kind(served: Path, capsys: pytest.CaptureFixture[str], value: str) -> None:
    pipeline, rows = str(served / "pipeline.yaml"), str(served / "breast_cancer.csv")
    out = str(served / "o.csv")
    for command in (
        ["show", value], ["verify", value], ["run", value],
        ["predict", value, rows, "-o", "o.csv"], ["predict", pipeline, value, "-o", out],
        ["predict", pipeline, rows, "-o", value], ["predict", pipeline, rows, "-o", out, "--bundle", value],
        ["init", value, "--into", str(served / "i")], ["init", rows, "--target", value, "--into", str(served / "j")],
    ):  # fmt: skip
        with not_for_ever():
            code = told(command)
        said = capsys.readouterr()
        assert code in (0, 2) or (code == 1 and "error: " in said.err), (command, said.err)
        assert "keepfit failed" not in said.err, (command, said.err)
        assert "\x1b[2J" not in said.err + said.out


@pytest.mark.parametrize("reason", ["\udcff", "[/b]\x1b[2J"], ids=ascii)
def test_a_reason_of_any_kind(served: Path, capsys: pytest.CaptureFixture[str], reason: str) -> None:
    assert ask(served, ["run", "--force", reason]) in (0, 2)
    assert "keepfit failed" not in capsys.readouterr().err


def test_a_store_where_nothing_can_be_written(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (served / "pipeline.yaml").read_text()
    for store in ("/proc/keepfit", "/dev/null/store", "breast_cancer.csv", "x" * 300):
        (served / "pipeline.yaml").write_text(f"{text}store: {store}\n")
        assert go(served / "pipeline.yaml") in (1, 2)
        assert "keepfit failed" not in capsys.readouterr().err
