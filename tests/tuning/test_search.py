"""A whole search, as people start it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keepfit import config
from keepfit.cli.tuning import tune
from keepfit.errors import ConfigError
from keepfit.store.events import Event, watching
from keepfit.tuning.search import search
from keepfit.tuning.suggestion import place_of
from keepfit.tuning.told import Tuned

YAML = """\
name: steps  # of a stair
source: {path: rows.csv}
target: y
features: {a: number, b: number}
model: {family: mlp, members: 1, width: 8}  # small
training: {epochs: 6, checkpoint_seconds: 0, lr: 0.0001}
tuning:
  settings:
    training.lr: {low: 0.0001, high: 0.1}
    model.dropout: {low: 0, high: 0.9}
    model.batch_norm: [true, false]
    preprocessing.numbers: [quantile, standard]
  trials: 8
"""


def written(folder: Path, yaml: str = YAML) -> Path:
    draw = np.random.default_rng(0)
    cells = draw.uniform(0, 1, (260, 2))
    labels = (np.floor(cells[:, 0] * 4) + (cells[:, 1] > 0.5)) % 2
    np.savetxt(folder / "rows.csv", np.c_[cells, labels], delimiter=",", header="a,b,y", comments="", fmt="%g")
    (folder / "pipeline.yaml").write_text(yaml)
    return folder / "pipeline.yaml"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tuned]:
    """A search that nothing disturbed, and what it came to; not to be changed."""
    file = written(tmp_path_factory.mktemp("searched"))
    return file, search(config.load(file))


def same(found: Tuned) -> list[Any]:
    """The trials, but for the time they took."""
    return [one.model_copy(update={"seconds": 0.0}) for one in found.trials]


def again(searched: tuple[Path, Tuned], folder: Path) -> Path:
    """The same pipeline with the same rows, prepared, and nothing tried."""
    shutil.copytree(searched[0].parent, folder / "again")
    shutil.rmtree(folder / "again/.keepfit/tuning/searches")
    return folder / "again/pipeline.yaml"


def test_what_is_found_is_better_told_on_a_page_and_written_beside_the_yaml(searched: tuple[Path, Tuned]) -> None:
    file, found = searched
    assert len(found.trials) == 8
    assert {one.state for one in found.trials} == {"done", "given up"}
    done = [one for one in found.trials if one.state == "done"]
    assert found.best.loss == min(one.loss for one in done if one.loss)
    assert found.best is not found.first
    assert found.first.settings == {}
    page = Path(found.page).read_text()
    assert found.sentence in page
    assert page.count("<svg ") == 2 + 4
    assert all(f'<td class="n">{one.number}</td>' in page for one in found.trials)
    suggestion = config.yaml_reading.plain(config.yaml_reading.read(place_of(config.load(file)), ""), file)
    assert suggestion["training"]["lr"] == found.best.settings["training.lr"]
    assert not (file.parent / ".keepfit/champion.json").exists()
    assert [path.name for path in (file.parent / ".keepfit").iterdir()] == ["tuning"]


def test_a_trial_is_what_a_training_with_these_settings_is(searched: tuple[Path, Tuned], tmp_path: Path) -> None:
    file = again(searched, tmp_path)
    tune(file, accept=True)
    assert not place_of(config.load(file)).exists()
    text = file.read_text()
    assert "# of a stair" in text
    assert text.count("# small") == 1
    file.write_text(text.replace("trials: 8", "trials: 1"))
    first = search(config.load(file)).first
    assert first.losses == searched[1].best.losses
    with pytest.raises(ConfigError, match="there is no such file"):
        tune(file, accept=True)


def test_stopped_in_the_middle_of_a_trial_it_goes_on_and_ends_as_if_nothing_had_been(
    searched: tuple[Path, Tuned], tmp_path: Path
) -> None:
    file, heard = again(searched, tmp_path), []

    def stop(event: Event) -> None:
        heard.append(event)
        if event.stage == "trial 3" and event.message.startswith("epoch 4 of 6"):
            raise OSError(5, "the disk is gone")

    with watching(stop), pytest.raises(OSError, match="gone"):
        search(config.load(file))
    with watching(heard.append):
        found = search(config.load(file))
    assert same(found) == same(searched[1])
    assert [event.stage for event in heard if event.message.startswith("going on in epoch")] == ["trial 3"]


def test_no_trial_begins_once_the_time_is_spent(searched: tuple[Path, Tuned], tmp_path: Path) -> None:
    file = again(searched, tmp_path)
    file.write_text(YAML.replace("trials: 8", "trials: 1000\n  within: 1s"))
    spent = [one.seconds for one in search(config.load(file)).trials]
    assert sum(spent[:-1]) < 1 <= sum(spent)


def test_a_trial_that_cannot_be_is_told_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []
    yaml = YAML.split("tuning:")[0] + "tuning: {settings: {training.lr: [1e30, 0.01]}"
    file = written(tmp_path, f"{yaml}, trials: 4, within: 1h}}\n")
    tune(file)
    with watching(lambda event: heard.append(event.stage)):
        found = search(config.load(file))
    assert not [stage for stage in heard if stage.startswith("trial")], "a search that is done trains nothing again"
    assert any(one.state == "failed" and "lr" in one.why for one in found.trials), [one.why for one in found.trials]
    said = capsys.readouterr().out
    assert found.sentence in said
    assert f"page: {found.page}" in said


CHILD = """
import sys
from keepfit import config
from keepfit.store.events import watching
from keepfit.tuning.search import search
with watching(lambda event: print(event.stage, event.what, event.message, flush=True)):
    search(config.load(sys.argv[1]))
"""


@pytest.mark.slow
def test_killed_in_the_middle_of_trials_it_ends_as_an_undisturbed_one(
    searched: tuple[Path, Tuned], tmp_path: Path
) -> None:
    file = again(searched, tmp_path)
    for at in ("trial 0 step epoch 3", "trial 1 start", "trial 4 step epoch 2", "trial 6 done"):
        with subprocess.Popen([sys.executable, "-c", CHILD, str(file)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert any(line.startswith(at) for line in child.stdout), at
            child.kill()
    assert same(search(config.load(file))) == same(searched[1])
