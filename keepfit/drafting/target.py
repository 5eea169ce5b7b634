"""The column to predict: named by the person or recognised; and what can be asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from keepfit.config.sets import PROBLEMS
from keepfit.errors import ConfigError, DataError, nearest
from keepfit.features.column import ColumnFacts, facts_of
from keepfit.problems.lookup import target_column
from keepfit.problems.target import Recognised

_NAMES = ("target", "label", "class", "y", "outcome", "category", "diagnosis", "species", "survived", "income", "churn")


def find_target(columns: list[ColumnFacts], named: str | None, where: str, *, headless: bool = False) -> ColumnFacts:
    """The column to predict. Without a name: one that is called so, else the last or first one with few values.

    Raises ConfigError where there is no such column or none suggests itself.
    """
    known = {column.name: column for column in columns}
    if named is not None:
        if named not in known:
            there = "The file has no header line; we call its columns" if headless else "There are"
            raise ConfigError(
                f'there is no column "{named}", the target.',
                allowed=f"{there}: {', '.join(list(known)[:40])}.",
                todo=nearest(named, list(known)) or "Name one of them with --target.",
                where=where,
            )
        return known[named]
    by_name = [c for name in _NAMES for c in columns if c.name.lower() == name]
    by_place = [c for c in (columns[-1], columns[0]) if 2 <= c.distinct <= min(50, c.rows // 5)]
    for candidate in (*by_name, *by_place):
        return candidate
    raise ConfigError(
        "no column suggests itself as the target.",
        allowed=f"There are: {', '.join(list(known)[:40])}.",
        todo="Name the one to predict with --target.",
        where=where,
    )


def spelled_out(target: ColumnFacts, batches: Iterable[pa.RecordBatch]) -> ColumnFacts:
    """A target of lists as the texts that a problem makes of them, where one does."""
    if target.some is None:
        return target
    for column in (target_column(problem) for problem in PROBLEMS.names()):
        if column.lists:
            try:
                texts = [column.read(batch[target.name]).cast(pa.string()) for batch in batches]
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
                continue  # lists of lists, structs, bytes
            (found,) = facts_of([pa.record_batch({target.name: some}) for some in texts])
            return found
    return target


def told_of(target: ColumnFacts, named: str | None) -> list[str]:
    """What a person should know of a target: that nobody named it, and how many rows lack it."""
    told = []
    if named is None:
        told.append(f'The target is taken to be "{target.name}"; --target names another.')
    if target.missing:
        told.append(f'{target.missing:,} rows have no value in the target "{target.name}" and will be left out.')
    return told


@dataclass(frozen=True)
class Asked:
    """A target, and the problem that suits it."""

    column: ColumnFacts
    problem: str
    found: Recognised
    named: bool = False
    """Whether a person named the problem."""

    @property
    def sentence(self) -> str:
        """For the person: the problem, and where another is asked for."""
        asked = f'{self.problem.replace("_", " ").capitalize()} of "{self.column.name}", {self.found.comment}'
        return f"{asked}." if self.named else f"{asked}; problem: in the YAML asks for another."

    @property
    def comment(self) -> str:
        """For the YAML: how the problem may be changed, or why it is this."""
        if self.named:
            return "as --problem says"
        others = [name for name in PROBLEMS.names() if name != self.problem]
        return f"or {', '.join(others)}"


def ask(target: ColumnFacts, where: str, named: str | None = None) -> Asked:
    """The problem that a target is fit for: the one that a person named, or the first of several.

    Raises DataError where it has no value, one value, or fits none.
    """
    if target.distinct == 0:
        raise DataError(f'the target "{target.name}" is empty.', todo="Choose another with --target.", where=where)
    if target.distinct == 1:
        raise DataError(
            f'every row has the same target "{target.values[0]}".',
            allowed="At least two different values are needed.",
            todo="Choose another target with --target.",
            where=where,
        )
    names = [named] if named else PROBLEMS.names()
    every = {problem: target_column(problem).recognise(target) for problem in names}
    fit = [
        Asked(target, problem, found, bool(named)) for problem, found in every.items() if isinstance(found, Recognised)
    ]
    if fit:
        return next((asked for asked in fit if asked.found.first), fit[0])
    refused = [f"no {problem}, for {why}" for problem, why in every.items()]
    raise DataError(
        f'nothing can be asked of the target "{target.name}": {"; ".join(refused)}.',
        todo="Choose another target with --target, or join its values to fewer.",
        where=where,
    )
