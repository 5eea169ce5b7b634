"""New rows. N rows, C cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.features.lookup import kind_of
from keepfit.features.shared.figures import fallen, ranges, tenths
from keepfit.metrics.naming import quantity
from keepfit.problems.answer import Answer, Answers
from keepfit.problems.described import Rebuilt
from keepfit.problems.reconstruction.answer import of_columns
from keepfit.problems.synthesis import Target

OUTPUTS = ("likeness", "own", "made")
UNIT = 1.0


class NewAnswer(Answer):
    """[N, 1 + 2 C]: what is thought of the row, its cells, and those of a new one."""

    def schema(self, target: Target, _judged: dict[str, Any]) -> dict[str, Any]:
        """The columns in the order of their cells, those that are given, and which of their values occur together."""
        columns = [column.model_dump(mode="json") for column in target.columns]
        return {"columns": columns, "given": [*target.given], "groups": [[[*v], n] for v, n in target.groups]}

    def outputs(self, _schema: dict[str, Any]) -> tuple[str, ...]:
        """likeness, own, made."""
        return OUTPUTS

    def width(self, schema: dict[str, Any]) -> int:
        """A."""
        return 1 + 2 * sum(column.cells for column in columns_of(schema))

    def columns(self, answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
        """prediction: how much the row looks like a train row to the network; then a new row that is given the same."""
        new = made(answers, schema)
        given = {name: cells for name, cells in new.items() if name not in schema["given"]}
        likeness = {"prediction": np.ascontiguousarray(answers[:, 0])}
        return likeness | {f"new_{name}": cells for name, cells in given.items()}

    def unit(self, _schema: dict[str, Any]) -> float:
        """Cells are in deviations, codes or shares of white."""
        return UNIT

    def changes(self, old: dict[str, Any], new: dict[str, Any]) -> str:
        """Other columns, or others that are given."""
        told = [({c["name"]: tuple(c["shape"]) for c in one["columns"]}, one["given"]) for one in (old, new)]
        return "" if told[0] == told[1] else "what it makes, or is given, are other columns than the new one's"

    def aligned(self, answers: Answers, old: dict[str, Any], new: dict[str, Any]) -> Answers:
        """Cells in the new one's unit, columns in its order."""
        before, after = columns_of(old), columns_of(new)
        own, drawn = (of_columns(some, before) for some in np.split(answers[:, 1:], 2, axis=1))
        parts = [answers[:, :1]]
        for cells in (own, drawn):
            parts += [_moved(cells[c.name], next(b for b in before if b.name == c.name), c) for c in after]
        return np.concatenate(parts, axis=1)

    def bins(self, answers: Answers, _schema: dict[str, Any]) -> dict[str, Any]:
        """Tenths of likeness, by their `edges`."""
        found = answers[:, 0].astype(np.float64)
        edges = tenths(np.sort(found))
        return {"names": [*ranges(edges, quantity)], "rows": fallen(found, edges).tolist(), "edges": edges.tolist()}

    def binned(self, answers: Answers, bins: dict[str, Any]) -> NDArray[np.int64]:
        """By those tenths."""
        return fallen(answers[:, 0].astype(np.float64), np.array(bins["edges"]))

    def read(self, columns: pa.Table, schema: dict[str, Any]) -> Answers:
        """The likeness; of what else there is nothing is asked again."""
        found = np.zeros((columns.num_rows, self.width(schema)))
        found[:, 0] = columns["prediction"].to_numpy()
        return found

    def meaning(self, schema: dict[str, Any]) -> str:
        """What is made."""
        given = f", given {', '.join(schema['given'])}" if schema["given"] else ""
        return (
            f"New rows like those it learned from{given}: `keepfit sample` draws any number. Asked about a row, it "
            "answers with `new_…`, the cells of another row that is given the same, and with `prediction`, how much "
            "the row looks like a train row to it."
        )


ANSWER = NewAnswer()


def columns_of(schema: dict[str, Any]) -> list[Rebuilt]:
    """Those of schema.json."""
    return [Rebuilt.model_validate(column) for column in schema["columns"]]


def made(answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
    """Column → the new rows' cells [N] as a person has them."""
    columns = columns_of(schema)
    cells = of_columns(np.split(answers[:, 1:], 2, axis=1)[1], columns)
    return {column.name: kind_of(column.kind).rebuilt(cells[column.name], column.how) for column in columns}


def _moved(cells: Answers, before: Rebuilt, after: Rebuilt) -> Answers:
    """Deviations and codes of one model as another counts them [N, …]."""
    flat: Answers = cells.reshape(len(cells), before.cells)
    if "std" in before.how:
        values: Answers = flat * before.how["std"] + before.how["mean"]
        return np.asarray((values - after.how["mean"]) / after.how["std"])
    if "vocabulary" not in before.how:
        return flat
    places = {word: float(2 + place) for place, word in enumerate(after.how["vocabulary"])}
    codes = np.array([0.0, 1.0, *(places.get(word, 1.0) for word in before.how["vocabulary"])])
    found: Answers = codes[flat.round().astype(int).clip(0, len(codes) - 1)]
    return found
