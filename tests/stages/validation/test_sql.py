"""A person's own SQL in a suite: it reads the rows and nothing else, and a signal ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keepfit.errors import CheckError, ConfigError
from keepfit.stages.validation import validate
from tests.stages.validation.validating import PEOPLE, begin
from tests.store.test_interrupt import ENDLESS

SECRET = "a secret of the machine"


def sql(query: str) -> dict[str, object]:
    return {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}


def attacks(folder: Path) -> dict[str, str]:
    secret, new = folder / "secret.csv", folder / "new"
    rows = folder / ".keepfit/stages/ingest/key/rows"
    return {
        "reads a file": f"SELECT * FROM {{batch}}, read_text('{secret}')",
        "reads a file by name": f"SELECT * FROM {{batch}}, '{secret}'",
        "reads rows of a file": f"SELECT * FROM {{batch}}, read_csv('{secret}')",
        "lists a folder": f"SELECT * FROM {{batch}}, glob('{folder}/*')",
        "climbs out": f"SELECT * FROM {{batch}}, read_text('{rows}/../../../../../secret.csv')",
        "reads the network": "SELECT * FROM {batch}, read_csv('http://127.0.0.1:9/x.csv')",
        "a second statement": f"SELECT * FROM {{batch}}; COPY (SELECT 1) TO '{new}'",
        "a second statement, cut short": f"SELECT * FROM {{batch}}) AS x; COPY (SELECT 1) TO '{new}'; --",
        "writes a file": f"COPY (SELECT * FROM {{batch}}) TO '{new}'",
        "installs": "INSTALL httpfs; SELECT * FROM {batch}",
        "loads": "LOAD httpfs",
        "attaches": f"ATTACH '{new}' AS other; SELECT * FROM {{batch}}",
        "changes settings": "SET enable_external_access = true; SELECT * FROM {batch}",
        "drops": "DROP VIEW {batch}",
        "deletes": "DELETE FROM {batch}",
        "a setting in a query": "SELECT set_config('enable_external_access', 'true') FROM {batch}",
        "an attribute": "SELECT '{batch.__class__.__init__.__globals__}' FROM {batch}",
        "another placeholder": "SELECT {other} FROM {batch}",
        "reads the environment": "SELECT getenv('HOME') FROM {batch}",
    }


@pytest.mark.parametrize("attack", [*attacks(Path())])
def test_a_query_reads_the_rows_and_nothing_else(tmp_path, attack):
    (tmp_path / "secret.csv").write_text(f"{SECRET}\n")
    started, snapshot = begin(tmp_path, PEOPLE, [], stop=False)
    before = sorted(path for path in tmp_path.iterdir())
    with pytest.raises((ConfigError, CheckError)) as raised:
        started, snapshot = begin(tmp_path, PEOPLE, [sql(attacks(tmp_path)[attack])], stop=False)
        validate(started, snapshot)
    assert SECRET not in str(raised.value)
    assert sorted(path for path in tmp_path.iterdir()) == before


def test_parameters_are_refused(tmp_path):
    with pytest.raises(ConfigError):
        begin(tmp_path, PEOPLE, [{"type": "expect_column_max_to_be_between",
                                  "kwargs": {"column": "age", "max_value": {"$PARAMETER": "x"}}}])  # fmt: skip


def test_a_query_speaks_the_names_of_the_source(tmp_path):
    query = 'WITH old AS (SELECT * FROM {batch} WHERE age > 50) SELECT "城市", age FROM old'
    started, snapshot = begin(tmp_path, PEOPLE, [sql(query)], stop=False)
    assert validate(started, snapshot).failed == (f"unexpected rows expectation (unexpected_rows_query {query})",)


def test_two_columns_that_sql_takes_for_one_are_named(tmp_path):
    started, snapshot = begin(tmp_path, PEOPLE.with_columns(Age=1.0), [sql("SELECT * FROM {batch} WHERE age < 0")])
    with pytest.raises(ConfigError, match='cannot tell the columns "age" and "Age" apart'):
        validate(started, snapshot)


SCRIPT = """
import sys
from keepfit import config
from keepfit.store import events, run
from keepfit.store.artifacts import Snapshot
from keepfit.stages.validation import validate
def tell(event):
    print(event.message, flush=True)
with events.watching(tell):
    with run.begin(config.load("pipeline.yaml")) as started:
        validate(started, Snapshot.model_validate_json(sys.argv[1]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_a_query_that_takes_for_ever(tmp_path, number):
    _, snapshot = begin(tmp_path, PEOPLE, [sql(f"SELECT * FROM {{batch}} WHERE ({ENDLESS}) > 0")])
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, snapshot.model_dump_json()], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:  # fmt: skip
        assert process.stdout
        while "0 of 1 expectations" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        assert process.wait(timeout=120) == -number  # without the signal it would take for ever
    assert list((tmp_path / ".keepfit/stages/validate").iterdir()) == []
