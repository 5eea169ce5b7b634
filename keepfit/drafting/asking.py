"""What a person asks of the target, where `keepfit init` is not to recognise it."""

from __future__ import annotations

from dataclasses import dataclass

from keepfit.config.sections import Problem
from keepfit.config.sets import PROBLEMS
from keepfit.errors import ConfigError, nearest


@dataclass(frozen=True)
class Asking:
    """A problem by name; empty where it is to be recognised."""

    problem: str = ""
    horizon: int = 1
    """Steps ahead, of a problem that reads windows of series."""

    @property
    def settings(self) -> type[Problem]:
        """The problem's section of the YAML."""
        found: type[Problem] = PROBLEMS.module(self.problem).Settings if self.problem else Problem
        return found

    def not_of(self, what: str) -> ConfigError:
        """The error for a source whose problem is recognised alone."""
        return ConfigError(
            f"--problem says {self.problem}, and of {what} the problem is recognised.",
            todo="Leave --problem out, and change problem: in the YAML.",
        )


def asking(problem: str | None, horizon: int | None) -> Asking:
    """What the command's arguments ask. Raises ConfigError for no problem of ours, or steps ahead of one without."""
    names = PROBLEMS.names()
    if horizon is not None:
        problem = problem or next(name for name in names if PROBLEMS.module(name).Settings.reads_windows)
    if not problem:
        return Asking()
    if problem not in names:
        todo = nearest(problem, names)
        raise ConfigError(f'"{problem}" is no problem.', allowed=f"There are {', '.join(names)}.", todo=todo)
    asked = Asking(problem, horizon if horizon is not None else 1)
    if horizon is not None and not asked.settings.reads_windows:
        raise ConfigError(f"--horizon says {horizon} steps ahead, and {problem} has none.", todo="Leave --horizon out.")
    if asked.horizon < 1:
        raise ConfigError(f"--horizon is {asked.horizon}.", allowed="A step ahead at least.", todo="Say --horizon 1.")
    return asked
