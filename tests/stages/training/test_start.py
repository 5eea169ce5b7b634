"""A training that begins with the model in service: which one that is, what a kill leaves, what is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from keepfit import config
from keepfit.errors import ConfigError, MachineError
from keepfit.serving import champion, journal
from keepfit.serving.bundle.seal import seal
from keepfit.serving.rollback import rollback
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.release.compare import seen_rows
from keepfit.stages.training import train
from keepfit.stages.training.start import start_of
from keepfit.store import files
from keepfit.store.artifacts import Trained
from keepfit.store.run import begin
from keepfit.store.store import Store
from tests.chain import ingest, retrain, validate
from tests.stages.release.test_new_classes import written
from tests.store.test_kill import start as started

FEW = [0, 1, 2, 3, 4]
MORE = [1, 2, 3, 4, 5, 6]
TRAINING = "{epochs: 4, start: champion, checkpoint_seconds: 0}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models were put in service, one after the other."""
    folder = tmp_path_factory.mktemp("start")
    assert retrain(config.load(written(folder, FEW, TRAINING))).verdict.outcome == "FIRST"
    assert retrain(config.load(written(folder, FEW[1:], TRAINING)), force="a test").verdict.outcome == "PROMOTE"
    return folder


@pytest.fixture
def folder(served: Path, tmp_path: Path) -> Path:
    return shutil.copytree(served, tmp_path / "digits")


def trained(pipeline: Path) -> tuple[Store, Trained, tuple[str, ...]]:
    """As far as the training; with what was told of it."""
    with begin(config.load(pipeline)) as run:
        prepared = preprocess(run, validate(run, ingest(run)))
        made = train(run, prepared.learnable, start_of(run, prepared.learnable))
        return run.store, made, run.outcome("train").notes


def test_without_a_model_in_service_it_begins_fresh_and_with_one_as_that(served: Path) -> None:
    store = Store(served / ".keepfit")
    first, second = sorted(store.records, key=lambda record: record.run)
    assert any("no model was in service" in note for note in first.stages["train"].notes)
    assert any(f"begins as the model in service, {first.bundle}" in note for note in second.stages["train"].notes)
    bundle = files.read_json(store / champion.current(store).path / "data.json")  # type: ignore[union-attr]
    assert bundle["trained"]


def test_it_has_seen_what_the_model_it_began_with_had_seen(served: Path) -> None:
    state = journal.read(Store(served / ".keepfit"))
    first, second = (served / ".keepfit" / one.path for one in state.served)
    assert seen_rows(pq.read_table(first / "train_rows.parquet")["keepfit_row"], second).all()


def test_the_same_rows_are_nothing_new_to_the_model_that_learned_from_them(folder: Path) -> None:
    again = retrain(config.load(written(folder, FEW[1:], TRAINING)))
    assert again.verdict.reason == "nothing_new"


def test_where_nothing_can_be_learned_it_answers_as_before(folder: Path) -> None:
    store, made, notes = trained(written(folder, FEW[1:], "{epochs: 1, lr: 1.0e-30, seed: 7, start: champion}"))
    now = files.read_json(store / made.path / "history.json")[0]["validation_accuracy"]
    assert now > 0.9
    learned = f"{made.parameters:,}"
    assert any(f"in {learned} of its {learned} weights." in note for note in notes)


def test_killed_it_goes_on_with_what_it_began_with_though_another_is_in_service_by_then(
    folder: Path, tmp_path: Path
) -> None:
    pipeline = written(folder, MORE, TRAINING)
    undisturbed = shutil.copytree(folder, tmp_path / "undisturbed") / "pipeline.yaml"
    victim = started(pipeline, "train")
    assert victim.stdout is not None
    assert "train step\n" in victim.stdout
    victim.kill()
    victim.communicate()
    rollback(config.load(pipeline), "a test")
    store, made, _ = trained(pipeline)
    other, as_if, notes = trained(undisturbed)
    assert any("begins as the model in service" in note for note in notes)
    assert made.digest == as_if.digest
    assert files.sha256(store / made.path / "model.safetensors") == files.sha256(
        other / as_if.path / "model.safetensors"
    )


def test_one_that_is_gone_or_damaged_is_told(folder: Path) -> None:
    state = journal.read(Store(folder / ".keepfit"))
    assert state.champion is not None
    bundle = folder / ".keepfit" / state.champion.path
    pipeline = written(folder, MORE, TRAINING)
    with begin(config.load(pipeline)) as run:
        prepared = preprocess(run, validate(run, ingest(run))).learnable
        start = start_of(run, prepared)
        assert start is not None
        assert start.bundle == state.champion.bundle
        weights = (bundle / "model.safetensors").read_bytes()
        (bundle / "model.safetensors").write_bytes(weights[:-1] + b"x")
        with pytest.raises(MachineError, match="changed after"):
            train(run, prepared, start)
        (bundle / "model.safetensors").write_bytes(weights)
        architecture = files.read_json(bundle / "architecture.json")
        architecture["settings"]["width"] = 32
        files.write_json(bundle / "architecture.json", architecture)
        id = seal(bundle)
        train(run, prepared, start.model_copy(update={"digest": id, "bundle": id}))
        assert any("cannot be built any more (RuntimeError)" in note for note in run.outcome("train").notes)
        shutil.rmtree(bundle)
        train(run, prepared, start)
        assert any("not in the store any more" in note for note in run.outcome("train").notes)


@pytest.mark.parametrize("family", ["auto", "boosting", "forest", "linear"])
def test_what_is_fitted_at_once_cannot_start_so(tmp_path: Path, family: str) -> None:
    pipeline = written(tmp_path, FEW, TRAINING)
    pipeline.write_text(pipeline.read_text().replace("mlp, members: 1, width: 64", family))
    with pytest.raises(ConfigError, match=r"does not learn by steps.*mlp"):
        config.load(pipeline)


def test_a_model_of_another_family_gives_nothing_and_that_is_told(folder: Path) -> None:
    pipeline = written(folder, MORE, TRAINING)
    pipeline.write_text(
        pipeline.read_text().replace("family: mlp, members: 1, width: 64", "family: attention, width: 32")
    )
    store, made, notes = trained(pipeline)
    assert any("of the family mlp, and this one is of attention" in note for note in notes)
    assert "taken" not in json.loads((store / made.path / "resolved.json").read_text())
