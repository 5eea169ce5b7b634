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
from keepfit.data.transform import Entry, in_view
from keepfit.data.unread import Unread
from keepfit.errors import ConfigError, DataError
from keepfit.features.erasing import erasures
from keepfit.features.kind import EDGES, Part, ServedColumn
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

Leanings = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Reason:
    """How far the answer leans to its side by a cell, or by a part of one."""

    column: str
    part: Part
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
) -> Iterator[Explained]:
    table = compose(table, composed_of(model.columns))
    model.require(table.column_names)
    cells, _ = typed(table, model.columns, model.missing)
    unfit: dict[int, str] = {}
    feeds(cells, model.columns, unfit)
    notes += [f"row {places[row]} has no answer: {why}" for row, why in unfit.items()]
    fit = [row for row in range(cells.num_rows) if row not in unfit]
    if not fit:
        return
    cells = cells.take(pa.array(fit))
    whole = feeds(cells, model.columns, {})
    answers = model.asked(whole, len(fit))
    before = model.answer.leanings(answers, model.schema)
    if not before:
        raise ConfigError(
            f"answers to {model.schema['problem']} lean to no side.",
            allowed="Explained are the answers of classification, regression and multilabel.",
            todo="keepfit predict tells what else the model says of a row.",
        )
    said = [str(one) for one in model.columns_of(Scored(answers, Remarks(), {}))["prediction"].to_pylist()]
    values = cells.to_pylist()
    found = [
        Explained(places[row], names[row], said[n], _side(said[n], before, n), values[n]) for n, row in enumerate(fit)
    ]
    for column in model.columns:
        for n, reason in _reasons(model, column, cells, whole, before, [one.side for one in found]):
            found[n].reasons.append(reason)
    yield from found


def _side(said: str, before: Leanings, row: int) -> str:
    """The class that was said; of several labels the most probable one; of values the first side."""
    if said in before:
        return said
    return max(before, key=lambda side: before[side][row]) if len(before) > 2 else next(iter(before))


def _reasons(
    model: ServedModel, column: ServedColumn, cells: pa.Table, whole: Blocks, before: Leanings, sides: list[str]
) -> Iterator[tuple[int, Reason]]:
    """The row's place among these, and a reason."""
    entry = model.transform.entries[column["name"]]
    if kind_of(entry.kind).has_parts:
        yield from _of_parts(model, column, entry, cells[entry.name].to_pylist(), whole, before, sides)
    elif len(model.columns) > 1:
        others = _stand_ins(model, column["input"])
        rows, count = len(sides), len(others)
        changed = {name: block[np.repeat(np.arange(rows), count)] for name, block in whole.items()}
        changed[column["input"]] = np.tile(others, rows)
        after = model.answer.leanings(model.asked(changed, rows * count), model.schema)
        for n, side in enumerate(sides):
            mean = float(after[side][n * count : (n + 1) * count].mean())
            yield n, Reason(entry.name, (), float(before[side][n]) - mean)


def _of_parts(
    model: ServedModel,
    column: ServedColumn,
    entry: Entry,
    cells: list[Any],
    whole: Blocks,
    before: Leanings,
    sides: list[str],
) -> Iterator[tuple[int, Reason]]:
    for found, views in erasures(cells, entry, _PARTS * len(cells)):
        of = np.array([one.place for one in found])
        changed: Blocks = {name: block[of] for name, block in whole.items()}
        changed |= {in_view(column["input"], view): block for view, block in views.items()}
        after = model.answer.leanings(model.asked(changed, len(of)), model.schema)
        for number, one in enumerate(found):
            side = sides[one.place]
            effect = float(before[side][one.place] - after[side][number])
            yield one.place, Reason(entry.name, one.part, effect)


def _stand_ins(model: ServedModel, name: str) -> NDArray[Any]:
    """A column's values as the graph takes them, of test rows [K]."""
    with np.load(model.folder / "golden.npz", allow_pickle=False) as golden:
        tests: NDArray[Any] = golden[f"input:{name}"][:-EDGES]
    count = max(1, min(_STAND_IN, _ASKED // len(model.columns), len(tests)))
    some: NDArray[Any] = tests[np.linspace(0, len(tests) - 1, count).astype(int)]
    return some.astype(object) if some.dtype.kind == "U" else some
