"""Does the bundle say what the torch module says? On every test row from its raw columns, and on the edge rows.

The torch side reads the typed shards, so the check covers the whole way from a raw cell to an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from torch import Tensor

from keepfit.data import feed
from keepfit.data.batch import tensor_of
from keepfit.data.ragged import Block, filled
from keepfit.data.transform import Entry, Transform, in_view
from keepfit.features.kind import ServedColumn, stacked
from keepfit.features.lookup import kind_of, read_transform
from keepfit.models.architecture import load
from keepfit.problems.answer import Answer, Answers
from keepfit.serving.bundle.feeds import Blocks
from keepfit.serving.bundle.model import ServedModel
from keepfit.stages.export.golden import edge_rows

TOLERANCE = 1e-4
"""Largest allowed difference, in units of the answer; what float32 arithmetic in another order gives is about 1e-6."""


@dataclass(frozen=True)
class Parity:
    """How far apart the two are."""

    rows: int
    difference: float
    """Largest difference of an answer, in its units; 1 where one of the two is no number."""
    flips: int
    """Rows with another prediction, those apart where two are level within the tolerance."""
    failure: str = ""


def compare(bundle: ServedModel, trained: Path, prepared: Path) -> Parity:
    """The bundle against the module in `trained`, on the test split and the edge rows of `prepared`."""
    transform, model = read_transform(prepared), load(trained)
    tests = model.answers(feed.read(prepared / "test", transform))
    edges = edge_rows(bundle.columns, transform)
    expected = np.concatenate([tests, model.answer(tensors(edges, bundle.columns, transform))])
    found = np.concatenate([*(bundle.answers(rows) for rows in _raw(prepared, bundle)), bundle.ask(edges)])
    return judge(expected, found, bundle.answer, bundle.schema)


def judge(expected: Answers, found: Answers, answer: Answer, schema: dict[str, Any]) -> Parity:
    """Answers [N, A] of torch and of the bundle → how far apart, and in words when too far."""
    if expected.shape != found.shape:
        return Parity(len(expected), 1.0, 0, f"Parity failed: torch gave {expected.shape}, the bundle {found.shape}.")
    apart = np.abs(expected - found) / answer.unit(schema)
    broken = int((~np.isfinite(apart)).any(axis=1).sum())
    difference = 1.0 if broken else float(apart.max(initial=0.0))
    flips = int(answer.flips(expected, found, TOLERANCE).sum())
    failure = ""
    if broken:
        failure = f"Parity failed: {broken} of {len(found)} rows have an answer that is not a number."
    elif flips or difference > TOLERANCE:
        failure = (
            f"Parity failed: {flips} of {len(found)} rows get another prediction than from torch, "
            f"and an answer differs by {difference:.2g}; {TOLERANCE:g} is allowed."
        )
    return Parity(len(found), difference, flips, failure)


def _raw(prepared: Path, bundle: ServedModel) -> Iterator[pa.Table]:
    """The features of the raw test rows, some thousands at a time."""
    names = [column["name"] for column in bundle.columns]
    for batch in ds.dataset(prepared / "test_raw").to_batches(columns=names, batch_size=8192):
        yield pa.Table.from_batches([batch])


def tensors(blocks: Blocks, columns: list[ServedColumn], transform: Transform) -> dict[str, Tensor]:
    """Graph inputs as the tensors that preprocessing makes of such cells; apart from the graph, on purpose."""
    cells = {c["name"]: _views(blocks, c["input"], transform.entries[c["name"]]) for c in columns}
    return {t.name: tensor_of(np.ascontiguousarray(filled(stacked(t, cells)))) for t in transform.tensors}


def _views(blocks: Blocks, name: str, entry: Entry) -> dict[str, Block]:
    """A column's views, from what its graph inputs hold."""
    kind = kind_of(entry.kind)
    return {view.name: kind.served(blocks[in_view(name, view.name)], entry) for view in entry.views}
