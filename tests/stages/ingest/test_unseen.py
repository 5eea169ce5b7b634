"""Whether a source holds rows that no run has taken."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from keepfit.errors import DataError
from keepfit.stages.ingest import asked_for, ingest, unseen
from keepfit.store.run import begin
from tests.stages.ingest.ingesting import PEOPLE, people, start


def test_rows_are_new_until_a_run_has_taken_them(tmp_path: Path) -> None:
    config = people(tmp_path).config
    assert unseen(config)
    with begin(config) as run:
        ingest(run)
    assert not unseen(config)
    (tmp_path / "people.csv").write_text(PEOPLE + "6,40,北京,1,2024-01-02,yes,1\n", encoding="utf-8")
    assert unseen(config)


def test_rows_that_a_run_failed_on_are_not_asked_for_again(tmp_path: Path) -> None:
    config = people(tmp_path, PEOPLE.replace("plan", "other")).config
    digest = unseen(config)
    asked_for(config, digest)
    with pytest.raises(DataError), begin(config) as run:
        ingest(run)
    assert not unseen(config)
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    assert unseen(config) not in ("", digest)


def test_a_query_is_asked_and_its_rows_compared(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("create table people (age int, plan int)")
        shop.executemany("insert into people values (?, ?)", [(20 + n, n % 2) for n in range(9)])
    source = {"sql": "select * from people", "database": f"sqlite:///{tmp_path}/shop.db"}
    config = start(tmp_path, source, {"age": "number"}, "plan").config
    assert unseen(config)
    with begin(config) as run:
        ingest(run)
    assert not unseen(config)
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("insert into people values (77, 1)")
    assert unseen(config)
