"""Where the parts of a batch go: what a file, a folder and a table have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager

import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.serving.scoring.asked import Asked
from keepfit.serving.scoring.part import Note
from keepfit.store.store import Store

Notes = dict[int, Note]
"""The parts that are in place, by number."""


class Place(ABC):
    """One batch at a time; `job` is a digest of what was asked, and of nothing else."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call it for a person."""

    @property
    def path(self) -> str:
        """The file or folder; empty for a table."""
        return ""

    @abstractmethod
    def locked(self) -> AbstractContextManager[None]:
        """Held while a batch is written. Raises MachineError where another one is under way here."""

    @abstractmethod
    def begin(self, job: str) -> Notes:
        """The parts of the job that are there already; what another, killed job left is taken away."""

    @abstractmethod
    def is_whole(self) -> bool:
        """Whether all of the job is there."""

    @abstractmethod
    def put(self, note: Note, lines: pa.Table) -> Note:
        """Put a part in place at one instant, its note with it; called by several threads."""

    @abstractmethod
    def finish(self, notes: Notes) -> None:
        """Make a whole of all parts."""


def place_of(config: Pipeline, asked: Asked, store: Store) -> Place:
    """The place that was asked for. Raises ConfigError where the answers cannot go there."""
    asked.check()
    if asked.table is not None:
        from keepfit.serving.scoring.to_table import ToTable

        return ToTable(asked.table, asked.address(config), config.folder, store / "scored")
    from keepfit.serving.scoring.to_files import to_files

    assert asked.out is not None
    return to_files(asked.out, asked.rows)
