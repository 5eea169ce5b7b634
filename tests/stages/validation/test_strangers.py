"""Rows that another pipeline's model finds strange: told, put aside, or the end of the run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from keepfit import config
from keepfit.errors import ConfigError, DataError
from keepfit.serving.monitoring import Watching, monitor
from keepfit.stages.ingest import ingest
from keepfit.stages.validation import validate
from keepfit.store.artifacts import Validated
from keepfit.store.events import watching
from keepfit.store.run import Run, begin
from tests.chain import retrain
from tests.problems.test_reconstruction import YAML, rows

GUARDED = """name: guarded
source: {path: rows.csv}
target: alive
features: {length: number, weight: number, kind: category}
validation: {max_bad_share: 0.5, strangers: {pipeline: ../watcher, ASKED}}
model: {family: mlp}
"""
ODD = 60
"""Of 600 rows those that are made strange."""


@pytest.fixture(scope="module")
def fish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a watcher whose model is in service, and a table with odd rows beside it."""
    folder = tmp_path_factory.mktemp("fish")
    for name in ("watcher", "guarded"):
        (folder / name).mkdir()
    rows().to_csv(folder / "watcher/rows.csv", index=False)
    (folder / "watcher/pipeline.yaml").write_text(YAML)
    assert retrain(config.load(folder / "watcher/pipeline.yaml")).verdict.enters_service
    some = rows(seed=5)
    some.loc[: ODD - 1, "weight"] = some.loc[: ODD - 1, "weight"].to_numpy() * 20 + 5000
    some.to_csv(folder / "guarded/rows.csv", index=False)
    return folder


def validated(fish: Path, asked: str) -> tuple[Run, Validated, list[str]]:
    (fish / "guarded/pipeline.yaml").write_text(GUARDED.replace("ASKED", asked))
    heard: list[str] = []
    with watching(lambda event: heard.append(event.message)), begin(config.load(fish / "guarded/pipeline.yaml")) as run:
        return run, validate(run, ingest(run)), heard


def test_too_many_strangers_are_put_aside(fish):
    run, found, heard = validated(fish, "severity: warning")
    assert ODD <= found.quarantined < ODD + 30
    assert found.rows == 600 - found.quarantined
    aside = pd.read_parquet(run.store / found.path / "quarantine.parquet")
    assert (aside["weight"] > 5000).sum() == ODD
    assert "strange to ../watcher" in aside["keepfit_failed"][0][0]
    assert any("such as row 1 (mostly " in message for message in heard)
    (check,) = json.loads((run.store / found.path / "checks.json").read_text())
    assert not check["passed"]
    assert check["unexpected"] == found.quarantined


def test_they_end_the_run_where_that_is_asked(fish):
    with pytest.raises(DataError, match=r"a critical expectation was not met: rows: at most 5.00% strange"):
        validated(fish, "max_share: 0.05")


def test_few_enough_are_left_alone_and_some_are_only_counted(fish):
    for asked in ("max_share: 0.2", "severity: info"):
        _, found, _ = validated(fish, asked)
        assert found.quarantined == 0


def test_it_is_asked_once_until_another_model_is_in_service(fish):
    run, _, _ = validated(fish, "max_share: 0.3")
    assert not run.outcome("validate").reused
    again, _, _ = validated(fish, "max_share: 0.3")
    assert again.outcome("validate").reused
    (fish / "watcher/pipeline.yaml").write_text(YAML.replace("epochs: 60", "epochs: 61"))
    assert retrain(config.load(fish / "watcher/pipeline.yaml"), force="a test").verdict.enters_service
    other, _, _ = validated(fish, "max_share: 0.3")
    assert not other.outcome("validate").reused


def test_a_model_of_something_else_and_none_at_all_are_told(fish, tmp_path):
    (tmp_path / "other").mkdir()
    rows().to_csv(tmp_path / "other/rows.csv", index=False)
    plain = GUARDED.replace("validation: {max_bad_share: 0.5, strangers: {pipeline: ../watcher, ASKED}}\n", "")
    (tmp_path / "other/pipeline.yaml").write_text(plain + "training: {epochs: 2}\n")
    asked = GUARDED.replace("../watcher, ASKED", str(tmp_path / "other"))
    (fish / "guarded/pipeline.yaml").write_text(asked)
    with pytest.raises(ConfigError, match="is in service"), begin(config.load(fish / "guarded/pipeline.yaml")) as run:
        validate(run, ingest(run))
    retrain(config.load(tmp_path / "other/pipeline.yaml"), force="a test")
    with (
        pytest.raises(ConfigError, match="does not tell how strange"),
        begin(config.load(fish / "guarded/pipeline.yaml")) as run,
    ):
        validate(run, ingest(run))


def test_rows_whose_columns_no_longer_agree_have_drifted_though_no_column_has(fish, tmp_path):
    watcher, before = config.load(fish / "watcher/pipeline.yaml"), rows(seed=7)
    torn = before.assign(weight=before["weight"].sample(frac=1, random_state=0).to_numpy())
    for name, some, alarms in (("before", before, set()), ("torn", torn, {"answers"})):
        some.to_csv(tmp_path / f"{name}.csv", index=False)
        found = monitor(watcher, Watching(tmp_path / f"{name}.csv", None, None))
        assert {one.name for one in found.findings if one.alarms} == alarms, found.sentence
