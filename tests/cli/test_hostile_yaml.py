"""Whatever stands in a YAML, it is read or refused with one message, and nothing hangs.

The lists are of kinds, not of cases: each value stands in each place.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from ruamel.yaml import YAML

from keepfit import config
from keepfit.config.pipeline import Pipeline
from keepfit.errors import ConfigError
from keepfit.store.files import digest_of
from tests.hanging import DEEP, not_for_ever
from tests.refusing import go
from tests.store.test_kill import small

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


def read_or_refused(file: Path) -> str:
    """What the file was, or the place that the refusal names."""
    try:
        digest_of(config.load(file).model_dump(mode="json"))
    except ConfigError as error:
        return error.where.split(", line")[0]
    return "read"


PAIRS = [(steps, value) for steps in keys() for value in VALUES]


@pytest.mark.parametrize("part", [0, 1, *(pytest.param(part, marks=pytest.mark.slow) for part in (2, 3))])
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
