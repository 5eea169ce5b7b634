"""A password stands in the environment or the YAML and nowhere else: terminal, store, Prefect's files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from keepfit.cli.main import app, exit_code
from tests.data.conftest import SERVER
from tests.refusing import go

KEEPFIT = Path(sys.executable).with_name("keepfit")
PASSWORD = "Hunter%2/zz?Ä#s@cret"  # all that drivers stumble over
HOST = SERVER.partition("@")[2].partition("/")[0]

ADDRESSES = {
    "percent and slash, as they are": "postgresql://postgres:Hunter%zz/s3cret@{host}/no_such_base",
    "in a variable": "postgresql://postgres:${{KEEPFIT_SECRET}}@{host}/no_such_base",
    "by psycopg": "postgresql+psycopg://postgres:Hunter%zz/s3cret@{host}/no_such_base",
    "quoted": f"postgresql://postgres:{quote(PASSWORD, safe='')}@{{host}}/no_such_base",
    "as an option": "postgresql://postgres@{host}/no_such_base?password=Hunter%2525s3cret",
    "as another option": "postgresql://postgres@{host}/no_such_base?sslpassword=Hunter%2525s3cret&sslmode=bogus",
    "in ODBC's own words": "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BX%7D%3BUID%3Dsa%3BPWD%3DHunter%2525s3cret",
    "of a host that is not there": "postgresql://postgres:Hunter%zz/s3cret@no..host/base",
    "of an unknown driver": "nosuch://postgres:Hunters3cret@{host}/base",
    "of a driver that is not installed": "mysql://postgres:Hunters3cret@{host}/base",
    "no address at all": "postgresql//postgres:Hunters3cret@{host}",
    "a port that is none": "postgresql://postgres:Hunters3cret@{host}x/base",
}
YAML = """\
name: secrets
source:
  sql: SELECT 1 AS a, '${{KEEPFIT_TOKEN}}' AS b
  database: "{address}"
target: b
features: {{a: number}}
model: {{family: mlp}}
{more}
"""


def write(folder: Path, address: str, more: str = "") -> Path:
    (folder / "pipeline.yaml").write_text(YAML.format(address=address, more=more), "utf-8")
    return folder / "pipeline.yaml"


def searched(folder: Path, *printed: str) -> None:
    """No file below a folder but the YAML, and nothing printed, has a piece of a planted secret in it."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "pipeline.yaml"]
    texts = {str(path): path.read_bytes() for path in files} | {"printed": "\n".join(printed).encode()}
    for secret in ("Hunter", "s3cret", "s@cret", "s%40cret", "T0ken"):
        found = [name for name, content in texts.items() if secret.encode() in content]
        assert not found, (secret, found, printed)
    assert files


@pytest.mark.parametrize("case", [*ADDRESSES])
def test_no_address_shows_its_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setenv("KEEPFIT_SECRET", quote(PASSWORD, safe=""))
    monkeypatch.setenv("KEEPFIT_TOKEN", "T0ken-of-mine")
    pipeline = write(tmp_path, ADDRESSES[case].format(host=HOST))
    assert go(pipeline) == 2, capsys.readouterr().err  # the input's fault, which trying again does not mend
    said = capsys.readouterr().err
    assert exit_code(lambda: app(["show", str(pipeline)], exit_on_error=False, result_action="return_value")) == 0
    searched(tmp_path, said, capsys.readouterr().out)


@pytest.mark.parametrize(
    "more",
    [
        'release: {registry: "http://me:Hunters3cret@127.0.0.1:9/"}\nevaluation: {top_k: 1}',
        'release: {registry: ["http://me:Hunters3cret@127.0.0.1:9/"]}',
        'store: {path: "http://me:Hunters3cret@127.0.0.1:9/"}',
    ],
)
def test_a_yaml_refused_does_not_quote_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    monkeypatch.setenv("KEEPFIT_TOKEN", "T0ken-of-mine")
    pipeline = write(tmp_path, "sqlite:///x.db", more)
    (tmp_path / "beside").touch()
    assert exit_code(lambda: app(["run", str(pipeline)], exit_on_error=False, result_action="return_value")) == 2
    searched(tmp_path, capsys.readouterr().err)


def test_nor_does_prefect(tmp_path: Path) -> None:
    """The whole command with a server of its own: its log, states and events lie in a database below its home."""
    pipeline = write(tmp_path, "postgresql://postgres:${KEEPFIT_SECRET}@no..host/base?sslpassword=Hunters3cret")
    environment = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "home"),
        "KEEPFIT_SECRET": "Hunter%zz/s3cret",
        "KEEPFIT_TOKEN": "T0ken-of-mine",
    }
    done = subprocess.run([KEEPFIT, "run", pipeline], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "could not translate host name" in done.stderr
    assert (tmp_path / "home/prefect.db").is_file()
    searched(tmp_path, done.stdout, done.stderr)
