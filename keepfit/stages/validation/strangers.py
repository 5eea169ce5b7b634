"""Rows that another pipeline's model finds strange."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from keepfit.config import Pipeline, load
from keepfit.config.sections import Strangers
from keepfit.data.identity import ROW
from keepfit.data.snapshot import SnapshotRows
from keepfit.errors import ConfigError
from keepfit.serving import model_of
from keepfit.serving.bundle.model import ServedModel
from keepfit.store.stage import Room

STRANGENESS = "strangeness"
"""The output of a model that tells of it."""
_SHOWN = 5


@dataclass(frozen=True)
class Strange:
    """The strangers among some rows."""

    check: dict[str, Any]
    """The entry in checks.json."""
    ids: pa.Array
    """Their rows' ids."""
    examples: str
    """The first of them in words."""

    @property
    def name(self) -> str:
        """What they failed."""
        return str(self.check["expectation"])


def watcher(config: Pipeline) -> ServedModel:
    """The model that is asked. Raises ConfigError where none is in service, or it tells nothing of the kind."""
    asked = config.validation.strangers
    assert asked is not None
    other = load(config.resolve(asked.pipeline))
    model = model_of(other)
    if STRANGENESS not in model.answer.outputs(model.schema):
        raise ConfigError(
            f"validation.strangers names {other.name}, whose model does not tell how strange rows are.",
            allowed="A pipeline that is asked of whole rows how strange they are.",
            todo="Name another pipeline, or take validation.strangers out.",
            where=str(config.file),
        )
    return model


def strangers(room: Room, folder: Path, model: ServedModel) -> Strange:
    """Ask of every row of a snapshot."""
    asked = room.config.validation.strangers
    assert asked is not None
    names = [column for one in model.columns for column in one.get("columns", [one["name"]])]
    rows, ids, told, at = SnapshotRows(folder), list[Any](), list[str](), 0
    model.require(rows.columns)
    for place, batch in rows.read([*names, ROW], coded=False):
        scored = model.score(pa.Table.from_batches([batch.select(names)]))
        found = model.answer.columns(scored.answers, model.schema)
        strange = np.flatnonzero(np.nan_to_num(found["prediction"]) > asked.beyond)
        ids.append(batch[ROW].take(pa.array(strange)).cast(pa.binary()))
        where = found["strangest"]
        told += [f"row {place.start + row + 1} (mostly {where[row]})" for row in strange[: _SHOWN - len(told)]]
        at += len(batch)
        room.step("strangers", at / max(rows.count, 1))
    every = pa.concat_arrays(ids)
    return Strange(_check(asked, len(every), rows.count), every, ", ".join(told))


def _check(asked: Strangers, strange: int, rows: int) -> dict[str, Any]:
    share = strange / rows if rows else 0.0
    return {
        "expectation": f"rows: at most {asked.max_share:.2%} strange to {asked.pipeline} (beyond {asked.beyond:g})",
        "type": "strangers",
        "kwargs": asked.model_dump(mode="json", exclude={"severity"}),
        "severity": asked.severity,
        "passed": share <= asked.max_share,
        "rows": rows,
        "unexpected": strange,
        "share": share,
        "observed": share,
    }
