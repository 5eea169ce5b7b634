"""How strange a row is, what about it is, and how it would look mended. N rows, L numbers of a code, C cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.features.lookup import kind_of
from keepfit.problems.answer import Answer, Answers
from keepfit.problems.described import Layout, Rebuilt, layout_of
from keepfit.problems.reconstruction import Target

SINGLE = ("strangeness", "elbo", "rate")
"""Outputs of one number a row."""
SEVERAL = ("code", "share", "mended")
"""Outputs of several."""
FEW = 16
"""Parts that strangeness is cut into to tell how answers move."""
UNIT = 1.0
"""Of differences: nats a cell move by 1e-4 in float32 where a row lies far out."""
_STRANGEST = 0.99


def parts(answers: Answers, layout: Layout) -> dict[str, Answers]:
    """[N, A] by the outputs' names, each [N, …]."""
    sizes = np.cumsum([1, 1, 1, layout.code, layout.cells])
    found = np.split(answers, sizes, axis=1)
    single = {name: part[:, 0] for name, part in zip(SINGLE, found, strict=False)}
    return single | dict(zip(SEVERAL, found[len(SINGLE) :], strict=True))


def of_columns(cells: Answers, columns: Sequence[Rebuilt]) -> dict[str, Answers]:
    """[N, C] → column → its cells [N, …]."""
    ends = np.cumsum([column.cells for column in columns])[:-1]
    found = zip(columns, np.split(cells, ends, axis=1), strict=True)
    return {column.name: some.reshape(len(some), *column.shape) for column, some in found}


def summed(cells: Answers) -> NDArray[np.float64]:
    """Of each row [N, …] → [N]; N may be 0."""
    return np.asarray(cells.reshape(len(cells), math.prod(cells.shape[1:])).sum(axis=1), np.float64)


class RowAnswer(Answer):
    """[N, 3 + L + 2 C]."""

    def schema(self, target: Target, _judged: dict[str, Any]) -> dict[str, Any]:
        """The columns that are given back, in the order of their cells, and the length of a code."""
        return {"columns": [column.model_dump(mode="json") for column in target.columns], "code": target.code}

    def outputs(self, _schema: dict[str, Any]) -> tuple[str, ...]:
        """strangeness, elbo, rate, code, share, mended."""
        return (*SINGLE, *SEVERAL)

    def width(self, schema: dict[str, Any]) -> int:
        """A."""
        layout = layout_of(schema)
        return len(SINGLE) + layout.code + 2 * layout.cells

    def columns(self, answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
        """prediction, which is strangeness; `strangest`, the column of most of what is off; elbo; then of each column
        its share of what is off, and its cell mended."""
        columns = [Rebuilt.model_validate(column) for column in schema["columns"]]
        found = parts(answers, layout_of(schema))
        shares = {name: summed(some) for name, some in of_columns(found["share"], columns).items()}
        names = np.array([*shares], object)
        strangest = names[np.stack([*shares.values()], 1).argmax(1)] if len(answers) else np.empty(0, object)
        mended = of_columns(found["mended"], columns)
        return {
            "prediction": np.ascontiguousarray(found["strangeness"]),
            "strangest": strangest,
            "elbo": np.ascontiguousarray(found["elbo"]),
            **{f"share_{name}": share for name, share in shares.items()},
            **{f"mended_{c.name}": kind_of(c.kind).rebuilt(mended[c.name], c.how) for c in columns},
        }

    def unit(self, _schema: dict[str, Any]) -> float:
        """Most numbers are deviations or shares."""
        return UNIT

    def bins(self, answers: Answers, _schema: dict[str, Any]) -> dict[str, Any]:
        """Parts of the way from 0 to 1, the last above 0.99."""
        edges = [*np.linspace(0, 1, FEW)[1:-1].round(3).tolist(), _STRANGEST]
        names = [f"{low:g} to {high:g}" for low, high in zip([0.0, *edges], [*edges, 1.0], strict=True)]
        found = {"names": names, "edges": edges}
        return {**found, "rows": self.binned(answers, found).tolist()}

    def binned(self, answers: Answers, bins: dict[str, Any]) -> NDArray[np.int64]:
        """By those parts."""
        places = np.searchsorted(np.array(bins["edges"]), answers[:, 0].astype(np.float64))
        return np.bincount(places, minlength=len(bins["names"])).astype(np.int64)

    def changes(self, old: dict[str, Any], new: dict[str, Any]) -> str:
        """Other columns, or cells of another size."""
        sizes = [{column["name"]: tuple(column["shape"]) for column in one["columns"]} for one in (old, new)]
        return "" if sizes[0] == sizes[1] else "what it gives back of a row are other columns than the new one's"

    def read(self, columns: pa.Table, schema: dict[str, Any]) -> Answers:
        """strangeness and elbo; of what else there is nothing is asked again."""
        found = np.zeros((columns.num_rows, self.width(schema)))
        found[:, 0], found[:, 1] = columns["prediction"].to_numpy(), columns["elbo"].to_numpy()
        return found

    def meaning(self, schema: dict[str, Any]) -> str:
        """What is said of a row."""
        return (
            f"How strange a row is beside those it learned from, by its {len(schema['columns'])} columns: `prediction` "
            "is the share of ordinary rows that are less so, by rows that it did not learn from. `share_…` tells which "
            "columns that is due to, `mended_…` how each cell would look in an ordinary row, and `elbo` is the bound "
            "of the logarithm of the row's density, in nats a cell."
        )


ANSWER = RowAnswer()
