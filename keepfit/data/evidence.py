"""How the cells of a column are written, found from all of them: in whatever order they come, the answer is one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

MOST = 0.9
"""A column is written in a form that reads so many of its cells."""


@dataclass(frozen=True)
class Found:
    """The form that reads most of a column's cells."""

    form: str = ""
    """Empty for the plain one."""
    custom: str = ""
    """What of it columns of one source have in common, such as its decimal mark; empty where no cell shows it."""
    others: tuple[tuple[str, str], ...] = ()
    """Forms that read as many cells, to other values, each with its custom."""
    cells: int = 0
    """With something in them."""
    read: int = 0
    """Those that the form reads."""
    example: str = ""
    """A cell that the forms read differently."""
    plain: str = ""
    """What the plain form is called."""

    @property
    def called(self) -> str:
        """The form as the YAML has it."""
        return self.form or self.plain

    @property
    def is_sure(self) -> bool:
        """Whether it reads everything and nothing else does."""
        return self.read == self.cells and not self.others

    @property
    def share(self) -> float:
        """Of the cells that are read."""
        return self.read / max(1, self.cells)


class FormEvidence(ABC):
    """What is known so far of how a column's cells are written."""

    @abstractmethod
    def add(self, cells: pa.Array) -> None:
        """Take cells."""

    @abstractmethod
    def found(self) -> Found:
        """The form that reads most of them."""


def look(batches: Iterable[pa.RecordBatch], evidence: Mapping[str, FormEvidence]) -> dict[str, Found]:
    """The forms of some columns, from all their cells."""
    for batch in batches:
        for name, known in evidence.items():
            known.add(batch[name])
    return {name: known.found() for name, known in evidence.items()}


def settled(found: Mapping[str, Found]) -> dict[str, Found]:
    """Where two forms fit a column, and the source's other columns all follow the custom of one: that one."""
    customs = {column.custom for column in found.values() if not column.others and column.share >= MOST} - {""}
    return {name: _settled(column, customs) for name, column in found.items()}


def _settled(column: Found, customs: set[str]) -> Found:
    fitting = [(form, custom) for form, custom in ((column.form, column.custom), *column.others) if custom in customs]
    if not column.others or len({custom for _, custom in fitting}) != 1:
        return column
    form, custom = fitting[0]
    return replace(column, form=form, custom=custom, others=())


def doubt(name: str, found: Found) -> str:
    """What to tell a person of a column that two forms fit."""
    return (
        f'The cells of "{name}", such as "{found.example[:40]}", fit two forms: they are read as {found.called}, '
        f"and not as {found.others[0][0] or found.plain}; format: in the YAML decides."
    )
