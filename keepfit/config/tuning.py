"""Which settings a search varies, between what, and for how long."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import Field, model_validator

from keepfit.config.clock import Duration
from keepfit.config.sections import Section

Value = bool | int | float | str | None
"""What a setting may be."""


class Setting(Section):
    """What one setting, named by its path in the YAML such as training.lr, is drawn from: a range, or a list of
    choices, for which the list alone will do."""

    low: int | float | None = None
    """The least; where high is ten times as much or more, equal factors are equally likely."""
    high: int | float | None = None
    """The most."""
    choices: tuple[Value, ...] = ()
    """In place of a range, the values there are."""

    @model_validator(mode="before")
    @classmethod
    def _list_alone(cls, value: Any) -> Any:
        return {"choices": value} if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _draws(self) -> Setting:
        ends = (self.low, self.high)
        if self.choices and ends != (None, None):
            raise ValueError("has both choices and a range: leave one of them out")
        if self.choices and len({(type(one), one) for one in self.choices}) < max(2, len(self.choices)):
            raise ValueError("needs two choices at least, all of them different")
        if not self.choices and (self.low is None or self.high is None or self.low >= self.high):
            raise ValueError("needs low and a higher high, or a list of choices, such as {low: 1, high: 4}")
        return self

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values that decide whether all of them are possible."""
        return self.choices or (self.low, self.high)

    @property
    def by_factors(self) -> bool:
        """Whether it is drawn from so wide a range that factors count, and not differences."""
        return self.low is not None and self.high is not None and 0 < self.low <= self.high / 10

    def __str__(self) -> str:
        if self.choices:
            return ", ".join(map(written, self.choices))
        return f"{self.low:g} to {self.high:g}{', by factors' if self.by_factors else ''}"


class Tuning(Section):
    """The search of `keepfit tune`, by the validation rows. A run by schedule does not search."""

    settings: dict[str, Setting] = Field(default={})
    """What is varied, by its path in the YAML, such as training.lr; left out, depth, width, dropout and learning rate,
    about what they are."""
    trials: int = Field(default=30, ge=1, le=100_000)
    """How many trainings; the first is as the YAML stands."""
    within: Duration | None = None
    """No trial begins once all of them have taken so long, such as 2h."""


def written(value: Value) -> str:
    """A value as YAML writes it, on one line."""
    return str(yaml.safe_dump(value, allow_unicode=True, width=1 << 16)).removesuffix("...\n").strip()
