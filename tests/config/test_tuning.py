"""What a search may vary, and values put into a YAML whose other letters stay."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from keepfit.config import load
from keepfit.config.tunable import put, tunable
from keepfit.config.yaml_editing import edited
from keepfit.errors import ConfigError
from tests import CARRIED

YAML = """\
name: plain  # a comment
source: {path: rows.csv}
target: y
features: {x: number}
model: {family: mlp}
tuning:
  settings:
    SETTING
"""


def loaded(folder: Path, setting: str) -> ConfigError:
    file = folder / "pipeline.yaml"
    file.write_text(YAML.replace("SETTING", setting))
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert "pipeline.yaml, line 8" in caught.value.where
    return caught.value


def test_a_setting_that_is_none_is_named_with_those_there_are_and_its_line(tmp_path: Path) -> None:
    error = loaded(tmp_path, "model.widht: {low: 16, high: 64}")
    assert '"model.widht"' in error.found
    assert "model.width, " in error.allowed
    assert 'Did you mean "model.width"?' in error.todo


@pytest.mark.parametrize("path", ["training.seed", "training.threads", "source.path", "release.level", "model"])
def test_what_is_of_chance_of_the_machine_or_of_judging_is_not_searched(tmp_path: Path, path: str) -> None:
    assert path in loaded(tmp_path, f"{path}: [1, 2]").found


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("model.width: {low: 0, high: 64}", "model.width cannot be 0. It is at least 1."),
        ("model.width: {low: 1, high: 1.5}", "model.width cannot be 1.5. It is a whole number."),
        ("training.schedule: [cosine, linear]", "cannot be 'linear'. Allowed here: cosine"),
        ("model.width: {low: 64, high: 16}", "needs low and a higher high"),
        ("model.width: {low: 64}", "needs low and a higher high"),
        ("model.width: [64]", "needs two choices at least"),
        ("model.width: {low: 1, high: 2, choices: [1, 2]}", "both choices and a range"),
    ],
)
def test_a_value_that_cannot_be_is_told_when_the_yaml_is_read(tmp_path: Path, setting: str, said: str) -> None:
    assert said in str(loaded(tmp_path, setting))


def test_a_network_of_a_persons_own_brings_settings_that_can_be_searched(tmp_path: Path) -> None:
    (tmp_path / "network_to_tune.py").write_text("class Residual:\n    pass\n")
    text = YAML.replace("{family: mlp}", "{family: custom, module: 'network_to_tune:Residual', settings: {width: 8}}")
    (tmp_path / "pipeline.yaml").write_text(text.replace("SETTING", "model.settings.width: {low: 4, high: 64}"))
    assert "model.settings.NAME" in tunable(load(tmp_path / "pipeline.yaml"))


VALUES = {"model.width": 96, "training.lr": 1e-05, "training.schedule": "on", "preprocessing.rare": 5, "model.b": None}
STYLES = [
    "model:\n  family: mlp  # a hint\n  width: 8   # of each layer\n\n# the end\n",
    "model: {family: mlp, width: 8}\ntraining: {}",
    "training:  # to be filled\nmodel:\n    family: mlp\n",
    "model:\n  family: 'mlp'\n  settings:\n    a: [1,\n        2]\ntraining:\n  epochs: 3",
    '{"model": {"family": "mlp"}, "training": {"lr": 3}}',
    "model:\n  text: |\n    several\n    lines\ntraining:\n  lr: 0.1 # now\n  # more to come\n",
    "# comments alone\n",
]


def kept(before: str, after: str) -> bool:
    """Whether all comments are there, in their order."""
    comments = [line[line.index("#") :] for line in before.splitlines() if "#" in line]
    places = [after.index(comment) for comment in comments]
    return all(a < b for a, b in pairwise(places))


@pytest.mark.parametrize(
    "text", [*STYLES, *(file.read_text() for file in sorted(CARRIED.glob("*/pipeline.yaml")))], ids=len
)
def test_values_go_into_the_text_and_nothing_else_of_it_changes(text: str) -> None:
    after = edited(text, VALUES, Path("pipeline.yaml"))
    wanted = yaml.safe_load(text) or {}
    for path, value in VALUES.items():
        wanted = put(wanted, path, value)
    assert yaml.safe_load(after) == wanted
    assert kept(text, after)
    assert edited(after, VALUES, Path("pipeline.yaml")) == after


def test_lines_are_only_added_where_a_setting_was_left_out() -> None:
    text = (CARRIED / "adult/pipeline.yaml").read_text()
    after = edited(text, {"model.width": 96, "training.lr": 0.1}, Path("pipeline.yaml")).splitlines()
    added = ["  width: 96", "training:", "  lr: 0.1"]
    assert [line for line in after if line not in added] == text.splitlines()
    assert [line for line in after if line in added] == added


def test_a_section_that_stands_for_two_is_left_to_a_person() -> None:
    text = "model: &all {width: 8}\ntraining: *all\n"
    with pytest.raises(ConfigError, match=r"Write this by hand: model\.width: 96"):
        edited(text, {"model.width": 96}, Path("pipeline.yaml"))
