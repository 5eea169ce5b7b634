"""What came of a search, in words and figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from optuna.trial import FrozenTrial, TrialState

from keepfit.config.sections import Section
from keepfit.config.tuning import Value

_STATES: dict[TrialState, Literal["done", "given up", "failed"]] = {
    TrialState.COMPLETE: "done", TrialState.PRUNED: "given up", TrialState.FAIL: "failed",
}  # fmt: skip


class Tried(Section):
    """One training."""

    number: int
    """0 is as the YAML stands."""
    state: Literal["done", "given up", "failed"]
    settings: dict[str, Value]
    """By path; empty for the first."""
    loss: float | None
    """Of the best epoch on the validation rows; None of one that failed."""
    figures: dict[str, float]
    """Others of that epoch."""
    losses: tuple[float, ...]
    """Of each epoch."""
    seconds: float
    why: str
    """Of one that failed."""

    @property
    def name(self) -> str:
        """What it is called."""
        return f"trial {self.number}"

    @property
    def came_to(self) -> str:
        """In a few words."""
        if self.loss is None:
            return f"failed: {self.why}"
        return f"validation loss {self.shown}{', given up' if self.state == 'given up' else ''}"

    @property
    def shown(self) -> str:
        """The loss in four digits; empty where there is none."""
        return "" if self.loss is None else f"{self.loss:.4g}"


class Tuned(Section):
    """The whole search."""

    pipeline: str
    settings: dict[str, str]
    """What each was drawn from."""
    trials: tuple[Tried, ...]
    rows: int
    """That judged."""
    page: str = ""
    suggestion: str = ""
    """The file with the best settings; empty where the YAML as it stands is the best."""

    @property
    def first(self) -> Tried:
        """The YAML as it stands."""
        return self.trials[0]

    @property
    def best(self) -> Tried:
        """Of the least loss; of equal ones the first."""
        return min((one for one in self.trials if one.state == "done"), key=lambda one: (one.loss, one.number))

    @property
    def sentence(self) -> str:
        """What a person wants to know first."""
        so_many = f"{len(self.trials):,} trials"
        if self.best is self.first:
            return f"None of {so_many} is better than the YAML as it stands: a validation loss of {self.first.shown}."
        better = f"{self.best.shown}, and {self.first.shown} as the YAML stands"
        return f"The best of {so_many} is {self.best.name}: a validation loss of {better}."


def tried(trial: FrozenTrial) -> Tried | None:
    """A trial as it is told of; None while it is under way."""
    if trial.state not in _STATES:
        return None
    told: dict[str, Any] = trial.user_attrs
    losses = [loss for _, loss in sorted(trial.intermediate_values.items())]
    state = _STATES[trial.state]
    return Tried(
        number=trial.number,
        state=state,
        settings=told["settings"],
        loss=None if state == "failed" else trial.value if state == "done" else min(losses),
        figures=told.get("figures", {}),
        losses=tuple(losses),
        seconds=told["seconds"],
        why=told.get("why", ""),
    )


def all_tried(trials: Sequence[FrozenTrial]) -> tuple[Tried, ...]:
    """Those that have ended."""
    return tuple(one for one in map(tried, trials) if one is not None)
