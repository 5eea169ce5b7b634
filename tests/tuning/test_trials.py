"""The trials on disk: a search that is cut off anywhere goes on as if nothing had been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from keepfit.config.tuning import Setting
from keepfit.tuning.space import Space, Values
from keepfit.tuning.told import Tried, all_tried
from keepfit.tuning.trials import Trials
from keepfit.tuning.watching import GivenUpError, watch_of

SETTINGS = {
    "model.width": Setting(low=4, high=400),
    "training.lr": Setting(low=0.001, high=0.002),
    "model.variant": Setting.model_validate(["fast", "plain"]),
}
SPACE = Space(SETTINGS, frozenset({"model.width"}))
EPOCHS = 6


def loss(values: Values, epoch: int) -> float:
    """Of a training that does not happen: the best width is 40."""
    width: Any = values.get("model.width", 400)
    plain = 0.1 if values.get("model.variant") == "plain" else 0.0
    return abs(width - 40) / 100 + plain + 1 / epoch


def searched(path: Path, trials: int, seed: int = 0) -> tuple[Tried, ...]:
    """So many trials, going on with those that are there."""
    kept = Trials(path, SPACE, seed)
    while len(all_tried(kept.all())) < trials:
        trial, values = kept.begin()
        watch, state = watch_of(trial), TrialState.COMPLETE
        try:
            for epoch in range(1, EPOCHS + 1):
                watch(epoch, {"loss": loss(values, epoch)})
        except GivenUpError:
            state = TrialState.PRUNED
        least = loss(values, EPOCHS) if state == TrialState.COMPLETE else None
        kept.end(trial, state, least, settings=values, seconds=0.0)
    return all_tried(kept.all())


def test_cut_off_after_any_line_or_within_it_the_same_trials_follow(tmp_path: Path) -> None:
    whole = searched(tmp_path / "whole.jsonl", 12)
    lines = (tmp_path / "whole.jsonl").read_bytes().splitlines(keepends=True)
    assert {one.state for one in whole} == {"done", "given up"}
    for kept in range(2, len(lines), 24):
        path = tmp_path / f"{kept}.jsonl"
        path.write_bytes(b"".join(lines[:kept]) + lines[kept][: kept % 3 * 9])
        assert searched(path, 12) == whole, kept


def test_more_trials_go_on_from_those_there_are_and_come_nearer(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    few = searched(path, 8)
    many = searched(path, 40)
    assert many[:8] == few
    best = min((one for one in many if one.state == "done"), key=lambda one: one.loss or 0.0)
    assert best.settings["model.variant"] == "fast"
    assert best.settings["model.width"] == pytest.approx(40, abs=15)
    assert all(4 <= one.settings["model.width"] <= 400 for one in many[1:])  # type: ignore[operator]
    assert all(0.001 <= one.settings["training.lr"] <= 0.002 for one in many[1:])  # type: ignore[operator]


def test_another_seed_draws_others_and_nothing_is_pickled(tmp_path: Path) -> None:
    one, other = (searched(tmp_path / f"{seed}.jsonl", 4, seed) for seed in (0, 1))
    assert one[0].settings == other[0].settings == {}
    assert one[1].settings != other[1].settings
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".jsonl"]
