"""A line for every row of the source, in its order: with its answer, or empty where the row could not be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from keepfit.data.unread import RowPlaces, Unread, unfit_rows
from keepfit.serving.bundle.model import Scored, ServedModel


class Lines:
    """The lines of an answer file, made batch by batch.

    `unread` is what the source fills with the rows that no batch holds; what a model cannot answer joins it in `bad`.
    """

    def __init__(self, model: ServedModel, unread: list[Unread]) -> None:
        self._model, self._unread = model, unread
        self._places = RowPlaces(unread)
        self._schema: pa.Schema | None = None
        self._unfit: list[Unread] = []
        self.written = 0
        """Lines so far."""

    @property
    def bad(self) -> list[Unread]:
        """The rows whose lines are empty, in their order."""
        return sorted([*self._unread, *self._unfit], key=lambda one: one.row)

    def of(self, table: pa.Table, scored: Scored) -> pa.Table:
        """The next lines: file (pictures), prediction, what else the problem says of it, model_version."""
        places = self._places.next(table.num_rows)
        self._unfit += unfit_rows(scored.unfit, places, table)
        columns: dict[str, Any] = {"file": table["file"].combine_chunks()} if "file" in table.column_names else {}
        columns |= self._model.columns_of(scored)
        versions = [None if row in scored.unfit else self._model.version for row in range(table.num_rows)]
        lines = pa.table({**columns, "model_version": pa.array(versions, pa.string())})
        self._schema = lines.schema
        return self._with_gaps(lines, places)

    def rest(self) -> pa.Table | None:
        """Empty lines for the rows behind the last batch; None where there are none."""
        if self._schema is None or not self._unread or self._unread[-1].row <= self.written:
            return None
        return self._with_gaps(self._schema.empty_table(), np.array([], np.int64), self._unread[-1].row)

    def _with_gaps(self, lines: pa.Table, places: np.ndarray, last: int = 0) -> pa.Table:
        """The lines, and empty ones between them for the places that none of them has."""
        start, end = self.written + 1, max([last, self.written, *places[-1:].tolist()])
        self.written = end
        if end - start + 1 == len(places):
            return lines
        here = np.full(end - start + 1, -1)
        here[places - start] = np.arange(len(places))
        spread = lines.take(pa.array(here, mask=here < 0))
        return self._named(spread, start) if "file" in lines.column_names else spread

    def _named(self, lines: pa.Table, start: int) -> pa.Table:
        """With the file of each picture that could not be read."""
        names = lines["file"].to_pylist()
        for one in self._unread:
            if start <= one.row < start + len(names):
                names[one.row - start] = one.where
        return lines.set_column(0, "file", pa.array(names, pa.string()))
