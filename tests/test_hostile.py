"""What a person or a disk can cause is never our bug: one message says what to mend, and nothing hangs.

The lists are of kinds, not of cases: each value stands in each place. A part of them, the same every time, is tried
here; `make slow` tries all.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from ruamel.yaml import YAML

from keepfit import config
from keepfit.cli.main import app, exit_code
from keepfit.config.pipeline import Pipeline
from keepfit.errors import ConfigError
from keepfit.files import digest_of
from tests.refusing import go
from tests.test_kill import small

DEEP = "[" * 100_000 + "]" * 100_000
BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
VALUES = [
    "null", "true", "''", "' '", "[]", "{}", "[null]", "{a: [b]}", "0", "-1", "1", "0.5", "-0.0", "1e308", "1e-320",
    ".inf", "-.inf", ".nan", str(2**63), str(2**64 + 1), "9" * 5000, "'9'", "x" * 100_000, '"a\\0b"', '"\\ud800"',
    '"\\e[2J"', '"\\x7f"', "'../../../../etc/passwd'", "/dev/zero", "/dev/null", "/proc/self/mem", "/proc/keepfit",
    "~nobody-at-all/x", "'${NOT_SET}'", "'${HOME'", "'%s%n{0}'", "'[/b]'", "!!binary aGk=", "!!set {a, b}", "!foo bar",
    "!!python/name:os.system x", "2020-01-01", "2020-13-45", "'名字'", "'e\u0301'", "&a [*a]", "*nothing", "'*'",
    "'a b'",     "'\t'", "'\n'", "'ab'", "'\"'",
]  # fmt: skip


def keys(model: type[BaseModel] = Pipeline, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key that a pipeline's YAML may have."""
    for name, field in model.model_fields.items():
        yield (*above, name)
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, (*above, name))
    if not above:
        yield from (("model", name) for name in ("width", "depth", "dropout", "batch_norm", "members", "bins"))
        yield from [("features", "mean radius"), ("release", "gates", "accuracy"), ("surplus",)]


TREE = """\
name: people
source: {path: breast_cancer.csv}
target: diagnosis
features: {mean radius: number}
model: {family: mlp}
training: {epochs: 1}
"""


def with_value(steps: tuple[str, ...], value: str) -> str:
    """The small pipeline with a text of YAML, as it is written, in one place."""
    tree = YAML(typ="safe").load(TREE)
    place: Any = tree
    for step in steps[:-1]:
        place = place.setdefault(step, {})
    place[steps[-1]] = "HERE"
    dumped: list[str] = []

    class Out:
        def write(self, text: bytes) -> None:
            dumped.append(text.decode())

    writer = YAML(typ="safe")
    writer.default_flow_style = False
    writer.dump(tree, Out())
    return "".join(dumped).replace("HERE", value)


@contextmanager
def not_for_ever() -> Iterator[None]:
    """Two minutes are for ever, for what is done in a second; a guard against hanging, no measure of speed."""

    def ring(*_: object) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(120)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def read_or_refused(file: Path) -> str:
    """What the file was, or the place that the refusal names."""
    try:
        digest_of(config.load(file).model_dump(mode="json"))
    except ConfigError as error:
        return error.where.split(", line")[0]
    return "read"


PAIRS = [(steps, value) for steps in keys() for value in VALUES]


@pytest.mark.parametrize("part", range(4))
def test_whatever_a_yaml_says_it_is_read_or_refused(tmp_path: Path, part: int) -> None:
    """Each value in each place; what is read has a digest, and so fits into keys and records."""
    file = tmp_path / "pipeline.yaml"
    for steps, value in PAIRS[part::4]:
        file.write_text(with_value(steps, value), "utf-8")
        with not_for_ever():
            assert read_or_refused(file), (steps, value)


@pytest.mark.parametrize(
    "text",
    [BOMB, DEEP, f"x: {DEEP}", "{" * 20_000, "- a\n- b", "a", "", "\x00", "\xff", "a: b: c", "? {a: b}\n: c", "<<: [1]",
     "--- \na: 1\n--- \nb: 2", "%YAML 9.9\n---\na: b", "a: !!float x", "a: !!int ''", "a: !!timestamp x",
     "\ufeff" + TREE, "a" * 20_000_000],
    ids=lambda text: repr(text[:20]),
)  # fmt: skip
@pytest.mark.parametrize("name", ["pipeline.yaml", "expectations.yaml"])
def test_a_yaml_of_any_form(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "pipeline.yaml").write_text(TREE + "validation: {expectations: expectations.yaml}\n", "utf-8")
    (tmp_path / name).write_bytes(text.encode("latin-1" if text == "\xff" else "utf-8"))
    with not_for_ever():
        assert read_or_refused(tmp_path / "pipeline.yaml") in ("read", str(tmp_path / name))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_what_was_read_ends_in_a_verdict_or_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], part: int
) -> None:
    small(tmp_path)
    for steps, value in PAIRS[part::4]:
        (tmp_path / "pipeline.yaml").write_text(with_value(steps, value), "utf-8")
        if read_or_refused(tmp_path / "pipeline.yaml") == "read":
            with not_for_ever():
                code = go(tmp_path / "pipeline.yaml")
            err = capsys.readouterr().err
            assert code in (0, 1, 2), (steps, value, err)
            assert "keepfit failed" not in err, (steps, value, err)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass")))
@settings(max_examples=150)
def test_bytes_of_any_kind_are_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pipeline.yaml"
        file.write_bytes(TREE.encode() + content)
        assert read_or_refused(file)


@pytest.fixture(scope="module")
def in_service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pipeline = small(tmp_path_factory.mktemp("served"))
    assert go(pipeline) == 0
    return pipeline.parent


@pytest.fixture
def served(in_service: Path, tmp_path: Path) -> Path:
    """The folder of a pipeline with a model in service."""
    return shutil.copytree(in_service, tmp_path / "served")


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
