"""What a person may ask of a run, in the form of a deployment or on the command line: flat, each with a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from keepfit.errors import ConfigError
from keepfit.stages.release.decision import Decision

Mode = Literal["normal", "full retrain", "evaluate only", "dry run"]
Promote = Literal["auto", "hold", "force"]


@dataclass(frozen=True)
class Form:
    """The answers of one form. Raises ConfigError for answers that contradict each other."""

    mode: Mode = "normal"
    promote: Promote = "auto"
    reason: str = ""
    train_on: str = ""
    minutes: int = 0
    notes: str = ""

    def __post_init__(self) -> None:
        if self.promote == "force" and not self.reason.strip():
            raise ConfigError(
                "promote is force, and there is no reason.",
                todo="Write into reason why this model goes in service whatever the verdict; it is journalled.",
            )
        if self.promote != "auto" and self.without_verdict:
            raise ConfigError(
                f"promote is {self.promote}, and the mode {self.mode} makes no new model.",
                allowed="With normal and full retrain, promote is auto, hold or force.",
                todo="Leave promote at auto, or take another mode.",
            )
        if self.minutes < 0:
            raise ConfigError(f"minutes is {self.minutes}.", allowed="0, for as the YAML says, or more.")

    @property
    def without_verdict(self) -> bool:
        """Whether no model is made, so that there is nothing to decide."""
        return self.mode in ("evaluate only", "dry run")

    @property
    def fresh(self) -> bool:
        """Whether nothing of an earlier run is used again."""
        return self.mode == "full retrain"

    @property
    def decision(self) -> Decision:
        """A person's word on the verdict, given before the run."""
        return Decision(kind=self.promote, reason=self.reason.strip())

    def overrides(self, settings: Mapping[str, str] | None) -> dict[str, str]:
        """What the form says in place of the YAML, as settings beside others."""
        seconds = {"training.max_seconds": str(60 * self.minutes)} if self.minutes else {}
        return {**(settings or {}), **({"train_on": self.train_on} if self.train_on else {}), **seconds}
