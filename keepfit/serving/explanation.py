"""Why a model answers rows as it does, by ONNX Runtime alone: what its answer moves by when something in a row changes.

Of cells with parts, such as texts and pictures, each part is left out once (`keepfit.features.erasing`). Any other cell
is replaced by those of some test rows that the bundle holds, one after the other: the answer less the mean of those
answers is the column's effect. n rows, K rows that stand in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Pipeline
from keepfit.data.composed import compose
from keepfit.data.transform import Entry
from keepfit.data.unread import Unread
from keepfit.errors import ConfigError, DataError
from keepfit.features.erasing import Leanings, effects
from keepfit.features.kind import EDGES, Region, ServedColumn
from keepfit.features.lookup import kind_of
from keepfit.serving import model_of
from keepfit.serving.bundle.cells import composed_of, typed
from keepfit.serving.bundle.feeds import Blocks, feeds
from keepfit.serving.bundle.model import Scored, ServedModel
from keepfit.serving.bundle.remarks import Remarks
from keepfit.serving.prediction.lines import pieces
from keepfit.serving.prediction.questions import questions

MOST = 1000
"""Rows."""
_STAND_IN, _ASKED = 20, 20_000
"""Test rows whose cells stand in for a row's own; rows that are asked for one of them, of all columns together."""
_PARTS = 400
"""Of a cell, at most."""


@dataclass(frozen=True)
class Reason:
    """How far the answer leans to its side by a cell, or by a part of one."""

    column: str
    part: Region
    """Where the part stands; empty for the whole cell."""
    effect: float


@dataclass
class Explained:
    """One row."""

    row: int
    """From 1."""
    name: str
    """Of a picture or a recording its file; else empty."""
    prediction: str
    side: str
    """What effects above zero speak for."""
    cells: dict[str, Any]
    """Typed, by column."""
    reasons: list[Reason] = field(default_factory=list)

    def strongest(self) -> list[Reason]:
        """The largest effects first."""
        return sorted(self.reasons, key=lambda one: -abs(one.effect))

    def plain(self) -> dict[str, Any]:
        """For a program to read."""
        told = {"row": self.row, "prediction": self.prediction, "side": self.side}
        return {**told, **({"file": self.name} if self.name else {}), "reasons": [asdict(r) for r in self.strongest()]}


def explain(
    config: Pipeline, rows: Path, most: int, bundle: str | None = None
) -> tuple[ServedModel, list[Explained], list[str]]:
    """The model, the first rows of a file explained, and what a person should read of rows without an answer.

    Raises ConfigError where no model is in service, where its answers have no sides, and for a number of rows that
    cannot be meant; DataError for rows of which none can be read, or that lack a feature column.
    """
    if not 1 <= most <= MOST:
        raise ConfigError(f"--rows is {most:,}.", allowed=f"1 to {MOST:,}.")
    model, unread, notes, found = model_of(config, bundle), list[Unread](), list[str](), list[Explained]()
    with TemporaryDirectory() as scratch:
        for piece in pieces(questions(rows, model, config, Path(scratch), unread, notes), unread):
            left = min(most - len(found), len(piece.places))
            names = piece.kept["file"].to_pylist() if "file" in piece.kept.column_names else [""] * len(piece.places)
            found += _explained(model, piece.features.slice(0, left), piece.places.tolist()[:left], names[:left], notes)
            notes += [f"row {one.row} has no answer: {one.reason}" for one in piece.unread]
            if len(found) >= most:
                break
    if not found:
        raise DataError("no row could be answered.", allowed="; ".join(notes), todo="Name others.", where=str(rows))
    return model, found, notes


def _explained(
    model: ServedModel, table: pa.Table, places: list[int], names: list[str], notes: list[str]
) -> list[Explained]:
    cells, fit = _fit(model, table, places, notes)
    if not fit:
        return []
    rows = feeds(cells, model.columns, {})
    answers = model.asked(rows, len(fit))
    before = model.answer.leanings(answers, model.schema)
    if not before:
        raise ConfigError(
            f"answers to {model.schema['problem']} lean to no side.",
            allowed="Explained are the answers of classification, regression and multilabel.",
            todo="keepfit predict tells what else the model says of a row.",
        )
    said = [str(one) for one in model.columns_of(Scored(answers, Remarks(), {}))["prediction"].to_pylist()]
    sides = [_side(one, before, n) for n, one in enumerate(said)]
    values = cells.to_pylist()
    found = [Explained(places[row], names[row], said[n], sides[n], values[n]) for n, row in enumerate(fit)]
    asked = _Asked(model, cells, rows, before, sides)
    for column in model.columns:
        for n, reason in asked.reasons(column):
            found[n].reasons.append(reason)
    return found


def _fit(model: ServedModel, table: pa.Table, places: list[int], notes: list[str]) -> tuple[pa.Table, list[int]]:
    """The typed cells of the rows that can be answered, and which these are; of others the reason goes into `notes`."""
    table = compose(table, composed_of(model.columns))
    model.require(table.column_names)
    cells, _ = typed(table, model.columns, model.missing)
    unfit: dict[int, str] = {}
    feeds(cells, model.columns, unfit)
    notes += [f"row {places[row]} has no answer: {why}" for row, why in unfit.items()]
    fit = [row for row in range(cells.num_rows) if row not in unfit]
    return cells.take(pa.array(fit, pa.int64())), fit


def _side(said: str, before: Leanings, row: int) -> str:
    """The class that was said; of several labels the most probable one; of values the first side."""
    if said in before:
        return said
    return max(before, key=lambda side: before[side][row]) if len(before) > 2 else next(iter(before))


@dataclass(frozen=True)
class _Asked:
    """Rows that have an answer."""

    model: ServedModel
    cells: pa.Table
    rows: Blocks
    """As the graph takes them."""
    before: Leanings
    """Of their answers."""
    sides: list[str]

    def reasons(self, column: ServedColumn) -> Iterator[tuple[int, Reason]]:
        """A row's place among these, and a reason."""
        entry = self.model.transform.entries[column["name"]]
        if kind_of(entry.kind).has_parts:
            yield from self._of_parts(entry, column["input"])
        elif len(self.model.columns) > 1:
            yield from self._of_cells(entry, column["input"])

    def _of_parts(self, entry: Entry, tensor: str) -> Iterator[tuple[int, Reason]]:
        cells, most = self.cells[entry.name].to_pylist(), _PARTS * len(self.cells)
        for found, moved in effects(cells, entry, self.rows, tensor, self._leanings, most):
            for number, one in enumerate(found):
                yield one.place, Reason(entry.name, one.part, float(moved[self.sides[one.place]][number]))

    def _of_cells(self, entry: Entry, tensor: str) -> Iterator[tuple[int, Reason]]:
        others = _stand_ins(self.model, tensor)
        rows, count = len(self.sides), len(others)
        changed = {name: block[np.repeat(np.arange(rows), count)] for name, block in self.rows.items()}
        changed[tensor] = np.tile(others, rows)
        after = self._leanings(changed, rows * count)
        for n, side in enumerate(self.sides):
            mean = float(after[side][n * count : (n + 1) * count].mean())
            yield n, Reason(entry.name, (), float(self.before[side][n]) - mean)

    def _leanings(self, rows: Blocks, count: int) -> Leanings:
        return self.model.answer.leanings(self.model.asked(rows, count), self.model.schema)


def _stand_ins(model: ServedModel, name: str) -> NDArray[Any]:
    """A column's values as the graph takes them, of test rows [K]."""
    with np.load(model.folder / "golden.npz", allow_pickle=False) as golden:
        tests: NDArray[Any] = golden[f"input:{name}"][:-EDGES]
    count = max(1, min(_STAND_IN, _ASKED // len(model.columns), len(tests)))
    some: NDArray[Any] = tests[np.linspace(0, len(tests) - 1, count).astype(int)]
    return some.astype(object) if some.dtype.kind == "U" else some
