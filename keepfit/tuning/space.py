"""What a search varies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from optuna.trial import Trial

from keepfit.config import Pipeline, load
from keepfit.config.sets import MODELS
from keepfit.config.tunable import tunable
from keepfit.config.tuning import Setting, Value, written
from keepfit.data.transform import Transform
from keepfit.errors import ConfigError
from keepfit.learning.plan import settle
from keepfit.models.architecture import resolve

_USUAL = ("model.depth", "model.width", "model.dropout", "training.lr")
_DIGITS = 3
"""Of a number that is drawn: more say nothing, and a person has to read them."""

Values = dict[str, Value]
"""A value each of some settings, by their paths."""


@dataclass(frozen=True)
class Space:
    """The settings that are varied, by their paths."""

    settings: Mapping[str, Setting]
    whole: frozenset[str]
    """Those that are whole numbers."""

    def draw(self, trial: Trial, path: str) -> Value:
        """The value of one setting in a trial."""
        setting = self.settings[path]
        if setting.choices:
            chosen: Value = trial.suggest_categorical(path, setting.choices)
            return chosen
        low, high = setting.low, setting.high
        assert low is not None and high is not None  # noqa: PT018
        if path in self.whole:
            return trial.suggest_int(path, int(low), int(high), log=setting.by_factors)
        return rounded(trial.suggest_float(path, low, high, log=setting.by_factors), low, high)


def space_of(config: Pipeline, transform: Transform, rows: int) -> Space:
    """What the YAML says is varied; where it says nothing, the usual settings about what so many train rows make them.

    Raises ConfigError where the family has none of these.
    """
    settings = config.tuning.settings or _usual(config, transform, rows)
    if not settings:
        raise ConfigError(
            f"model.family {config.model.family} has no depth, width, dropout or learning rate to search.",
            allowed=f"Settings that can be searched: {', '.join(tunable(config))}.",
            todo="Name some, with what they are drawn from, in tuning.settings.",
            where=str(config.file),
        )
    whole = {path for path, one in settings.items() if not one.choices and _is_whole(config, path, one)}
    return Space(settings, frozenset(whole))


def changed(config: Pipeline, values: Values) -> Pipeline:
    """The pipeline with these settings. Raises ConfigError where it cannot have all of them together."""
    return load(config.file, {**config.overrides, **{path: written(value) for path, value in values.items()}})


def _usual(config: Pipeline, transform: Transform, rows: int) -> dict[str, Setting]:
    architecture, derived = resolve(config.model, config.training, transform, rows)
    steps = not getattr(MODELS.module(config.model.family, "net"), "FITTED", False)
    figures = {f"model.{name}": value for name, value in architecture["settings"].items()}
    figures |= {"training.lr": settle(config.training, derived, 1).lr} if steps else {}
    known = {*tunable(config)}
    return {path: _about(path, figures[path]) for path in _USUAL if path in known and figures.get(path) is not None}


def _about(path: str, value: Any) -> Setting:
    if path == "model.depth":
        return Setting(low=1, high=value + 2)
    if path == "model.width":
        return Setting(low=max(4, value // 4), high=max(8, 4 * value))
    return Setting(low=0.0, high=0.5) if path == "model.dropout" else Setting(low=value / 10, high=value * 10)


def _is_whole(config: Pipeline, path: str, setting: Setting) -> bool:
    """By what the YAML's own types make of its least: dropout: 0 is no whole number."""
    at: Any = changed(config, {path: setting.low})
    for step in path.split("."):
        at = at[step] if isinstance(at, dict) else getattr(at, step)
    return isinstance(at, int) and isinstance(setting.high, int)


def rounded(value: float, low: float, high: float) -> float:
    """In few digits, and within its range."""
    digits = _DIGITS - 1 - floor(log10(abs(value))) if value else _DIGITS
    return min(max(round(value, digits), low), high)
