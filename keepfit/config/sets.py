"""The open sets: kinds of columns, problems, families of models.

Each has a table of names, and users add to it by entry points. A member is looked up by its name in the YAML, and
imported only where it is used. So the config can read a member's own section, and a stage can use its code, though
neither names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from types import ModuleType

from keepfit.errors import ConfigError


@dataclass(frozen=True)
class OpenSet:
    """One set, called as the package that holds its table and as the group of entry points."""

    package: str

    def names(self) -> list[str]:
        """Every member, ours first."""
        return [*_table(self.package)]

    def where(self, name: str, part: str = "") -> str:
        """The module of a member, or of a part of it. Raises ConfigError for a name that is in no table."""
        table = _table(self.package)
        if name not in table:
            raise ConfigError(
                f'"{name}" is none of {self.package}.',
                allowed=f"There are: {', '.join(table)}.",
                todo="Install the package that brings it.",
            )
        return f"{table[name]}.{part}" if part else table[name]

    def module(self, name: str, part: str = "") -> ModuleType:
        """The same, imported."""
        return _imported(self.where(name, part))

    def has(self, name: str, part: str) -> bool:
        """Whether a member has a module of that name: not every kind of column needs nodes of a graph."""
        return find_spec(self.where(name, part)) is not None

    def sections(self) -> tuple[type, ...]:
        """The members' own sections of the YAML."""
        return tuple(self.module(name).Settings for name in self.names())


@cache
def _imported(module: str) -> ModuleType:
    """Kinds are looked up for every column of every batch: import_module takes 10 µs to find what is there."""
    return import_module(module)


@cache
def _table(package: str) -> dict[str, str]:
    found: dict[str, str] = dict(import_module(package).TABLE)
    brought = {point.name: point.value for point in entry_points(group=package)}
    return {**found, **{name: module for name, module in brought.items() if name not in found}}


FEATURES = OpenSet("keepfit.features")
PROBLEMS = OpenSet("keepfit.problems")
MODELS = OpenSet("keepfit.models")
