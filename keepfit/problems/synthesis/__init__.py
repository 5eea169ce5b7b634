"""New rows like those there are, given some of their columns."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from keepfit.config.sections import Feature, Problem
from keepfit.data import transform
from keepfit.features.lookup import kind_of
from keepfit.problems.described import Rebuilt

__all__ = ["Settings", "Target"]

NAMES = ("category", "boolean")
"""Kinds of columns by which rows can be asked for."""


class Settings(Problem):
    """New rows and pictures, for the classes that are asked for; no column is the target."""

    compared: ClassVar[tuple[str, ...]] = ("covered", "told_apart")
    gated: ClassVar[tuple[str, ...]] = ("told_apart", "recognised", "covered", "diversity", "copies", "classes")
    proofs: ClassVar[tuple[str, ...]] = ()
    guess: ClassVar[str] = "cells of rows drawn each by itself"
    bounds: ClassVar[dict[str, float]] = {"diversity": 0.3, "copies": 0.1}
    reads_rows: ClassVar[str] = "draw"
    kind: Literal["synthesis"] = "synthesis"
    given: tuple[str, ...] = ()
    """The columns by which rows are asked for, such as a class; they are among the features, and are not made."""
    code: int | None = Field(default=None, ge=1, le=1024)
    """Random numbers that a row is made of; half as many as it has cells when left out, 32 at most."""

    @property
    def labelled(self) -> str:
        """The labels of files such as pictures are the first that is given."""
        return self.given[0] if self.given else ""

    def problem(self, features: Mapping[str, Feature]) -> str:
        """What is given is a name, and not everything is."""
        for name in self.given:
            if name not in features:
                return f'problem.given names "{name}", which is no feature: put it among them'
            if features[name].kind not in NAMES:
                return (
                    f'problem.given names "{name}", a {features[name].kind}: rows are asked for by {" or ".join(NAMES)}'
                )
        return "" if len(self.given) < len(features) else "problem.given names every feature: nothing is left to make"


class Target(transform.Target):
    """What is made of a row, and what there is to ask for."""

    dtype: ClassVar[str] = "|u1"
    """A label is always 0."""

    columns: tuple[Rebuilt, ...] = ()
    given: tuple[str, ...] = ()
    code: int = 0
    """Random numbers a row."""
    groups: tuple[tuple[tuple[str, ...], int], ...] = ()
    """The values of what is given that occur together, and in how many train rows; the most frequent ones."""

    @property
    def cells(self) -> int:
        """C."""
        return sum(column.cells for column in self.columns)

    @property
    def outputs(self) -> int:
        """What is thought of the row; its cells; the cells of a new one."""
        return 1 + 2 * self.cells


def given_places(described: Any) -> list[int]:
    """Where the cells of what is given stand, by a target's entry or what schema.json says."""
    columns = described["columns"] if isinstance(described, Mapping) else described.columns
    given = described["given"] if isinstance(described, Mapping) else described.given
    places, at = [], 0
    for column in columns:
        one = column if isinstance(column, Rebuilt) else Rebuilt.model_validate(column)
        places += [at] if one.name in given else []
        at += one.cells
    return places


def words_of(described: Any, codes: Any) -> str:
    """What is given, by the codes of its cells in their order: `digit 3, ink black`."""
    import numpy as np  # the settings are read by commands that need no numbers

    columns = described["columns"] if isinstance(described, Mapping) else described.columns
    given = described["given"] if isinstance(described, Mapping) else described.given
    every = (one if isinstance(one, Rebuilt) else Rebuilt.model_validate(one) for one in columns)
    words = []
    for column, code in zip((one for one in every if one.name in given), codes, strict=True):
        (word,) = kind_of(column.kind).rebuilt(np.array([code], np.float64), column.how)
        words.append(f"{column.name} {word or 'missing'}")
    return ", ".join(words)
