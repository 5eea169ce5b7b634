"""How new rows are told from those there are, and whether they are what was asked for. N rows of each, F numbers.

told_apart    share told rightly by a forest that did not learn from the row: 0.5 is a coin (Lopez-Paz and Oquab 2017,
              "Revisiting classifier two-sample tests")
recognised    share of new rows that a classifier, which learned from rows that are there, takes for what was asked for
classes       how many of what can be asked for are mostly recognised
covered       share of rows there are with a new one among their neighbours (Naeem et al. 2020, "Reliable fidelity and
              diversity metrics for generative models")
diversity     how far new rows lie from the next new one that is given the same, beside how far the others do: near 0
              where all are one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.problems.answer import Answers
from keepfit.problems.described import Rebuilt
from keepfit.problems.synthesis import given_places, words_of

MOST, LEAST = 1000, 20
"""Rows that are looked at; with fewer than so many nothing is said."""
_FOLDS, _NEIGHBOURS, _TREES = 5, 5, 200
_FEW = 3
"""Rows of a group, below which it is not recognised."""
_MOSTLY = 0.5
_FAR, _GREYS = 10.0, 16

Floats = NDArray[np.float64]


class Alike:
    """The first rows and their new ones, side by side."""

    def __init__(self, answers: Answers, described: Any) -> None:
        some = answers[:MOST].astype(np.float64)
        own, made = np.split(some[:, 1:], 2, axis=1)
        self.described, self.own = described, own
        self.columns = _columns(described)
        self.pictures = any(len(column.shape) > 1 for column in self.columns)
        self.given = given_places(described)
        self.groups = np.unique(own[:, self.given], axis=0, return_inverse=True)[1].reshape(-1) if self.given else None
        self.real, self.made = (plain(cells, self.columns) for cells in (own, made))
        self.rows = len(self.real)

    @cached_property
    def figures(self) -> dict[str, float]:
        """By their names."""
        if self.rows < LEAST:
            return {}
        found = {
            "told_apart": float(self.each_told_apart.mean()),
            "covered": float(self.each_covered.mean()),
            "diversity": self._diversity(),
        }
        if self.groups is not None:
            known = self._recognised
            found["recognised"] = float(known.mean())
            found["classes"] = float(sum(known[self.groups == one].mean() > _MOSTLY for one in np.unique(self.groups)))
        return found

    @cached_property
    def told(self) -> dict[str, Any]:
        """What the report shows besides."""
        if self.groups is None or self.rows < LEAST:
            return {}
        rows = []
        for one in np.unique(self.groups):
            of = self.groups == one
            words = words_of(self.described, self.own[of.argmax(), self.given])
            rows.append({"given": words, "rows": int(of.sum()), "recognised": float(self._recognised[of].mean())})
        return {
            "groups": sorted(rows, key=lambda one: str(one["given"])),
            "recognised_real": float(self._known_real.mean()),
        }

    @cached_property
    def each_told_apart(self) -> Floats:
        """Of each row and the new one beside it, the share told rightly [N]; empty where there are too few."""
        if self.rows < LEAST:
            return np.empty(0)
        right = np.zeros((2, self.rows))
        for fold in range(_FOLDS):
            asked = np.arange(self.rows) % _FOLDS == fold
            forest = _forest()
            forest.fit(np.concatenate([self.real[~asked], self.made[~asked]]), np.repeat([0, 1], int((~asked).sum())))
            for kind, rows in enumerate((self.real, self.made)):
                right[kind, asked] = forest.predict(rows[asked]) == kind
        return np.asarray(right.mean(axis=0))

    @cached_property
    def _recognised(self) -> NDArray[np.bool_]:
        assert self.groups is not None
        classifier = self._classifier().fit(self.real[:, self._free], self.groups)
        return np.asarray(classifier.predict(self.made[:, self._free]) == self.groups)

    @cached_property
    def _known_real(self) -> NDArray[np.bool_]:
        """By rows in other folds."""
        assert self.groups is not None
        known = np.zeros(self.rows, np.bool_)
        for fold in range(_FOLDS):
            asked = np.arange(self.rows) % _FOLDS == fold
            if len(np.unique(self.groups[~asked])) > 1:
                classifier = self._classifier().fit(self.real[~asked][:, self._free], self.groups[~asked])
                known[asked] = classifier.predict(self.real[asked][:, self._free]) == self.groups[asked]
        return known

    @cached_property
    def _free(self) -> NDArray[np.intp]:
        """Numbers that do not tell what is given."""
        spans = np.cumsum([0, *(_width(column) for column in self.columns)])
        cells = np.cumsum([0, *(column.cells for column in self.columns)])[:-1]
        kept = [range(a, b) for a, b, cell in zip(spans, spans[1:], cells, strict=False) if cell not in self.given]
        return np.array([place for span in kept for place in span], np.intp)

    def _classifier(self) -> Any:
        from sklearn.dummy import DummyClassifier
        from sklearn.svm import SVC

        if self.groups is not None and len(np.unique(self.groups)) < 2:
            return DummyClassifier()
        return SVC(C=10.0) if self.pictures else _forest()

    @cached_property
    def each_covered(self) -> NDArray[np.bool_]:
        """Whether each row that is there has a new one as near as its fifth neighbour [N]."""
        from sklearn.neighbors import NearestNeighbors

        near = NearestNeighbors(n_neighbors=min(_NEIGHBOURS + 1, self.rows)).fit(self.real)
        radius = near.kneighbors(self.real)[0][:, -1]
        closest = NearestNeighbors(n_neighbors=1).fit(self.made).kneighbors(self.real)[0][:, 0]
        return np.asarray(closest <= radius)

    def _diversity(self) -> float:
        """Within each group, the groups by their rows."""
        groups = np.zeros(self.rows, int) if self.groups is None else self.groups
        apart = np.zeros((2, 2))
        for one in np.unique(groups):
            of = groups == one
            if of.sum() >= _FEW:
                apart[0] += [_next(rows[of]) * of.sum() for rows in (self.made, self.real)]
        return float(apart[0, 0] / apart[0, 1]) if apart[0, 1] > 0 else 1.0


def _next(rows: Floats) -> float:
    """The mean distance to the nearest other row."""
    from sklearn.neighbors import NearestNeighbors

    return float(NearestNeighbors(n_neighbors=2).fit(rows).kneighbors(rows)[0][:, 1].mean())


def _forest() -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(_TREES, min_samples_leaf=2, random_state=0)


def _columns(described: Any) -> list[Rebuilt]:
    found = described["columns"] if isinstance(described, Mapping) else described.columns
    return [one if isinstance(one, Rebuilt) else Rebuilt.model_validate(one) for one in found]


def _width(column: Rebuilt) -> int:
    """Numbers that stand for a cell."""
    return 2 + len(column.how["vocabulary"]) if "vocabulary" in column.how else column.cells


def plain(cells: Floats, columns: Sequence[Rebuilt]) -> Floats:
    """[N, C] → [N, F]: deviations, shares of white in deviations of all pictures, ones where a name is."""
    parts, at = [], 0
    for column in columns:
        here = cells[:, at : at + column.cells]
        at += column.cells
        if "vocabulary" in column.how:
            parts.append((here.round() == np.arange(_width(column))).astype(np.float64))
        else:
            # A grey value of a hair's breadth, which nobody sees, would tell a made picture from a scanned one.
            parts.append((here * _GREYS).round() / _GREYS if column.shape else here.clip(-_FAR, _FAR))
    return np.concatenate(parts, axis=1)
