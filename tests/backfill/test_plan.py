"""What a backfill has to do: its own store, the time column, the rows of a span, and when it begins anew."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit import config
from keepfit.backfill.periods import Ask, micros
from keepfit.backfill.plan import Planned, apart, begin_anew, planned, time_column
from keepfit.errors import ConfigError, DataError
from keepfit.stages.ingest import ingest
from keepfit.stages.ingest.within import clock, span, times, within
from keepfit.store.artifacts import Snapshot
from keepfit.store.run import Request, Run, start
from tests.backfill.drifting import YAML, pipeline, rows

ASK = Ask("month", time="when")


def begun(folder: Path, days: int, yaml: str = YAML) -> tuple[Run, Snapshot]:
    run = start(apart(config.load(pipeline(folder, rows(days), yaml))))
    return run, ingest(run)


def names(walk: tuple[Planned, ...]) -> list[str]:
    return [one.name for one in walk]


def test_the_walk_has_a_store_and_a_registry_of_its_own_and_tells_nobody(tmp_path: Path) -> None:
    asked = "release: {registry: 'http://models:5000'}\nnotify: {to: ['json://ops']}\ntrain_on: gpu\n"
    alone = apart(config.load(pipeline(tmp_path, rows(2), f"{YAML}{asked}approval: always\nschedule: '0 3 * * *'\n")))
    assert alone.resolve(alone.store) == tmp_path / ".keepfit/backfill"
    assert (alone.release.registry, alone.notify, alone.schedule) == (None, None, None)
    assert (alone.train_on, alone.approval) == ("here", "never")


def test_a_test_file_of_the_publishers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="judged whatever the time is"):
        apart(config.load(pipeline(tmp_path, rows(2), YAML.replace("rows.csv", "rows.csv, test: rows.csv"))))


def test_a_span_is_a_snapshot_that_rows_outside_of_it_do_not_change(tmp_path: Path) -> None:
    at, until = micros(datetime(2025, 1, 20)), micros(datetime(2025, 2, 1))
    few, whole = begun(tmp_path, 40)
    when = times(few, whole, clock("when"))
    before, between = (within(few, whole, when, span(start, end)) for start, end in ((None, at), (at, until)))
    table = pq.read_table(few.store / before.path / "rows")
    assert (before.rows, between.rows, table.num_rows) == (19 * 5, 12 * 5, 19 * 5)
    assert max(table["when"].to_pylist()) < "2025-01-20"
    assert pa.types.is_string(table["label"].type)
    many, grown = begun(tmp_path, 90)
    assert grown.digest != whole.digest
    assert within(many, grown, times(many, grown, clock("when")), span(None, at)).digest == before.digest


def test_a_row_without_a_time_is_in_no_span(tmp_path: Path) -> None:
    table = rows(40)
    table.loc[::4, "when"] = None
    run = start(apart(config.load(pipeline(tmp_path, table))))
    spans = (span(None, micros(datetime(2025, 2, 1))), span(micros(datetime(2025, 2, 1)), 1e18))
    whole = ingest(run)
    when = times(run, whole, clock("when"))
    assert sum(within(run, whole, when, one).rows for one in spans) == 150


@pytest.mark.parametrize(
    ("asked", "types", "found"),
    [
        ("sold", {"sold": "string", "born": "timestamp[us]"}, "sold"),
        ("", {"sold": "string", "born": "timestamp[us]"}, "born"),
        ("", {"sold": "date32[day]", "price": "double"}, "sold"),
    ],
)
def test_the_time_column_is_the_one_asked_for_or_the_only_one_of_dates(
    tmp_path: Path, asked: str, types: dict[str, str], found: str
) -> None:
    assert time_column(config.load(pipeline(tmp_path, rows(2))), types, asked) == found


def test_the_time_column_of_a_split_goes_before_other_dates(tmp_path: Path) -> None:
    split = "preprocessing: {split: {by: time, column: when}}\n"
    loaded = config.load(pipeline(tmp_path, rows(2), YAML + split))
    assert time_column(loaded, {"when": "string", "born": "timestamp[us]"}) == "when"


def test_a_window_of_a_series_is_known_once_its_target_is(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(
        "name: ahead\nsource: {path: rows.csv, window: {time: when, length: 7, horizon: 3}}\ntarget: sold\n"
        "problem: forecasting\nfeatures: {history: sequence}\nmodel: {family: cnn}\n"
        "preprocessing: {split: {by: time, column: when}}\n"
    )
    assert time_column(config.load(tmp_path / "pipeline.yaml"), {"when": "string", "until": "string"}) == "until"


@pytest.mark.parametrize(
    ("asked", "types", "words"),
    [
        ("", {"a": "timestamp[us]", "b": "date32[day]"}, "no column is known to say.*There are: a, b.*--time COLUMN"),
        ("wen", {"when": "string"}, 'no column "wen".*Did you mean "when"'),
        ("x", {"x": "double"}, '"x" holds numbers'),
    ],
)
def test_a_time_column_that_cannot_be_told_is_asked_for(
    tmp_path: Path, asked: str, types: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        time_column(config.load(pipeline(tmp_path, rows(2))), types, asked)


def test_a_column_of_no_times_is_refused(tmp_path: Path) -> None:
    run, whole = begun(tmp_path, 60)
    with pytest.raises(DataError, match='"label" cannot be read as times'):
        planned(run, whole, Ask("month", time="label"))


def test_a_period_is_known_again_by_its_rows_and_by_all_that_decides_its_verdict(tmp_path: Path) -> None:
    first = names(planned(*begun(tmp_path, 80), ASK))
    assert names(planned(*begun(tmp_path, 110), ASK))[: len(first)] == first
    told = YAML + "notify: {to: ['json://ops']}\n"
    assert names(planned(*begun(tmp_path, 80, told), ASK)) == first
    stricter = YAML + "release: {margin: 0.05}\n"
    assert not {*names(planned(*begun(tmp_path, 80, stricter), ASK))} & {*first}


def test_what_another_walk_decided_is_taken_away_and_what_its_stages_made_stays(tmp_path: Path) -> None:
    run, whole = begun(tmp_path, 80)
    walk = planned(run, whole, ASK)
    mine = start(run.config, Request(walk[0].name))
    assert begin_anew(run.config, walk) == walk
    assert mine.folder.is_dir()
    other = start(run.config, Request("period-of-another"))
    assert all(one.done is None for one in begin_anew(run.config, walk))
    assert not other.folder.exists()
    assert not mine.folder.exists()
    assert (run.store / walk[0].learned.path).is_dir()
