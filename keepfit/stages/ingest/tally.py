"""What is counted while the rows go by, and what makes them unfit to learn from."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.config import Pipeline
from keepfit.data.cells import ERRORS
from keepfit.data.unread import Unread, sentence
from keepfit.errors import DataError
from keepfit.problems.lookup import target_column
from keepfit.quoting import shown

MARKERS = 3
"""So many different words in a column of numbers or dates stand for a missing value; more are cells gone wrong."""


class SourceTally:
    """Counts over all rows of a source."""

    def __init__(self, config: Pipeline, where: str) -> None:
        self.name, self.where = config.target, where
        self.target = target_column(config.problem.kind).tally(config.target, where)
        """What its problem counts of the target."""
        self.without_target = 0
        """Rows left out since they have none."""
        self.unread: list[Unread] = []
        """Rows left out since they could not be read."""
        self.places: list[NDArray[np.int64]] = []
        """The places of all rows left out, from 1."""
        self.unreadable: Counter[str] = Counter()
        self.filled: Counter[str] = Counter(dict.fromkeys(config.features, 0))
        self.examples: dict[str, str] = {}
        """Column → one cell that could not be read, with a digit in it if there is one."""
        self.words: dict[str, Counter[str]] = defaultdict(Counter)
        """Column → those of these cells that have no digit, such as "unknown"."""

    @property
    def rows(self) -> int:
        """Rows kept."""
        return self.target.rows

    @property
    def read(self) -> int:
        """Rows that the source has."""
        return self.rows + self.without_target + len(self.unread)

    def leave_out(self, without_target: NDArray[np.int64], unread: list[Unread]) -> None:
        """Note rows of the source that are left out, by their places."""
        self.without_target += len(without_target)
        self.unread += unread
        self.places += [without_target, np.array([one.row for one in unread], np.int64)]

    def count(self, table: pa.Table) -> None:
        """Count typed rows, all of which have a target. Raises DataError for one that its problem cannot take."""
        for name in self.filled:
            self.filled[name] += len(table) - table[name].null_count
        self.target.add(table[self.name])

    def lose(self, name: str, bad: int, lost: pa.Array) -> bool:
        """Count cells of a column that could not be read; gives whether one has a digit, as none that says "missing".

        `lost` are their texts, blank ones among them.
        """
        self.unreadable[name] += bad
        texts = pc.utf8_trim_whitespace(lost)
        texts = texts.filter(pc.invert(pc.is_in(texts, pa.array(("", *ERRORS)))))
        digits = pc.match_substring_regex(texts, r"\pN")
        some = texts.filter(digits)
        if len(some) or name not in self.examples:
            self.examples[name] = (some if len(some) else texts)[0].as_py()
        for word in pc.value_counts(texts.filter(pc.invert(digits))).to_pylist():
            if len(self.words[name]) <= MARKERS or word["values"] in self.words[name]:
                self.words[name][word["values"]] += word["counts"]
        return len(some) > 0

    def wrong(self, name: str) -> int:
        """Cells that could not be read and do not say, in one of a few words, that there is no value."""
        words = self.words[name]
        return self.unreadable[name] - (words.total() if len(words) <= MARKERS else 0)

    def check(self) -> None:
        """Raise DataError where nothing can be learned: no row, a constant target, an empty or unreadable feature."""
        if self.read == 0:
            raise self._error("there is no row.", todo="Give a source with rows.")
        if len(self.unread) == self.read:
            raise self._error(f"{sentence(self.unread, self.read)}.", todo="Mend them, or name another source.")
        if self.rows == 0:
            cell = self.examples.get(self.name)
            odd = f": its cells cannot be read, such as {shown(cell)}" if cell else ""
            todo = "Choose another target, or another problem: in the YAML." if cell else "Choose another target."
            raise self._error(f'no row has a value in the target "{self.name}"{odd}.', todo=todo)
        self.target.check()
        for name, filled in self.filled.items():
            self._check_feature(name, filled)

    def _check_feature(self, name: str, filled: int) -> None:
        bad = self.unreadable[name]
        if bad > filled:
            raise self._error(
                f'{bad} cells of the feature "{name}" cannot be read as its kind, such as "{self.examples.get(name)}".',
                todo="Give it another kind in the YAML (category reads anything), or mend the cells.",
            )
        if filled == 0:
            raise self._error(
                f'the feature "{name}" is empty in all {self.rows} rows.', todo="Take it out of features in the YAML."
            )

    def _error(self, found: str, *, todo: str) -> DataError:
        return DataError(found, todo=todo, where=self.where)
