"""Does the bundle say what the torch module says? On every test row from its raw columns, and on the edge rows.

The torch side reads the typed shards, so the check covers the whole way from a raw cell to a probability.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import torch
from torch import Tensor

from keepfit.data import feed
from keepfit.data.transform import Transform
from keepfit.features.kind import ServedColumn
from keepfit.features.lookup import kind_of, read_transform
from keepfit.models.architecture import load, probabilities
from keepfit.serving.bundle.model import ServedModel
from keepfit.stages.export.golden import Arrays, edge_rows

TOLERANCE = 1e-4
"""Largest allowed difference of a probability; what float32 arithmetic in another order gives is about 1e-6."""


@dataclass(frozen=True)
class Parity:
    """How far apart the two are."""

    rows: int
    difference: float
    """Largest difference of a probability; 1 where one of the two is no number."""
    flips: int
    """Rows with another label, those apart whose two labels are equally probable within the tolerance."""
    failure: str = ""


def compare(bundle: ServedModel, trained: Path, prepared: Path) -> Parity:
    """The bundle against the module in `trained`, on the test split and the edge rows of `prepared`."""
    transform = read_transform(prepared)
    module = load(trained)
    tests = probabilities(module, feed.read(prepared / "test", transform))
    edges = edge_rows(bundle.columns, transform)
    expected = np.concatenate([tests, _torch(module, tensors(edges, bundle.columns, transform))])
    found = np.concatenate([*(bundle.probabilities(rows) for rows in _raw(prepared, bundle)), bundle.ask(edges)])
    return judge(expected, found)


def judge(expected: np.ndarray, found: np.ndarray) -> Parity:
    """Probabilities [N, K] of torch and of the bundle → how far apart, and in words when too far."""
    if expected.shape != found.shape:
        return Parity(len(expected), 1.0, 0, f"Parity failed: torch gave {expected.shape}, the bundle {found.shape}.")
    apart = np.abs(expected - found)
    broken = int((~np.isfinite(apart)).any(axis=1).sum())
    difference = 1.0 if broken else float(apart.max(initial=0.0))
    flips = _flips(expected, found)
    failure = ""
    if broken:
        failure = f"Parity failed: {broken} of {len(found)} rows have a probability that is not a number."
    elif flips or difference > TOLERANCE:
        failure = (
            f"Parity failed: {flips} of {len(found)} rows get another label than from torch, "
            f"and a probability differs by {difference:.2g}; {TOLERANCE:g} is allowed."
        )
    return Parity(len(found), difference, flips, failure)


def _flips(expected: np.ndarray, found: np.ndarray) -> int:
    rows = np.arange(len(expected))
    gap = expected.max(axis=1, initial=0) - expected[rows, found.argmax(axis=1)]
    return int((gap > TOLERANCE).sum())


def _raw(prepared: Path, bundle: ServedModel) -> Iterator[pa.Table]:
    """The features of the raw test rows, some thousands at a time."""
    names = [column["name"] for column in bundle.columns]
    for batch in ds.dataset(prepared / "test_raw").to_batches(columns=names, batch_size=8192):
        yield pa.Table.from_batches([batch])


def tensors(arrays: Arrays, columns: list[ServedColumn], transform: Transform) -> dict[str, Tensor]:
    """Graph inputs as the tensors that preprocessing makes of such cells; apart from the graph, on purpose."""
    served = {column["name"]: arrays[column["input"]] for column in columns}
    found = {}
    for tensor in transform.tensors:
        values = [kind_of(entry.kind).served(served[entry.name], entry) for entry in tensor.entries]
        array = values[0] if tensor.entries[0].shape else np.stack(values, axis=1)
        found[tensor.name] = feed.held(np.ascontiguousarray(array))
    return found


def _torch(module: torch.nn.Module, inputs: dict[str, Tensor]) -> np.ndarray:
    with torch.inference_mode():
        logits: Tensor = module.eval()(inputs)
        return logits.float().softmax(dim=-1).mean(dim=1).numpy()
