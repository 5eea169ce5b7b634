"""A bundle opened: raw columns in, answers out. N rows, A numbers an answer."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pyarrow as pa

from keepfit.config.source import Points, Window
from keepfit.data.composed import compose
from keepfit.data.noise import NOISE, noise_of
from keepfit.data.ragged import filled
from keepfit.data.transform import Entry, Transform
from keepfit.errors import DataError
from keepfit.features.kind import ServedColumn, stacked
from keepfit.features.lookup import kind_of, read_transform
from keepfit.problems.answer import Answer
from keepfit.problems.lookup import answer_of
from keepfit.quoting import some
from keepfit.serving.bundle.cells import composed_of, require, typed
from keepfit.serving.bundle.fallen import Fallen, Profile, profile_of
from keepfit.serving.bundle.feeds import Blocks, feeds
from keepfit.serving.bundle.frames import frame_of, table_of
from keepfit.serving.bundle.lookups import without_lookups
from keepfit.serving.bundle.remarks import Remarks
from keepfit.serving.bundle.seal import verify
from keepfit.store import files

if TYPE_CHECKING:
    import pandas


FED = 4
"""Calls of the runtime for which columns are made ready together: a quarter of the time that each by itself takes."""


@dataclass(frozen=True)
class Scored:
    """What a model says of some rows."""

    answers: np.ndarray
    """[N, A]."""
    told: Remarks
    unfit: dict[int, str]
    """Rows, from 0, that have no answer, each with the reason; NaN stands in `answers`."""


class ServedModel:
    """One exported model. A row's answer is the same whatever rows are beside it."""

    def __init__(self, folder: Path, id: str, version: str) -> None:
        self.folder, self.id, self.version = folder, id, version
        self.schema: dict[str, Any] = files.read_json(folder / "schema.json")
        self.answer: Answer = answer_of(self.schema)
        self.columns: list[ServedColumn] = self.schema["inputs"]
        self.window = Window(**self.schema["window"]) if "window" in self.schema else None
        """How its rows are made of series."""
        self.points = Points(**self.schema["points"]) if "points" in self.schema else None
        """How they are made of points."""
        self.missing: tuple[str, ...] = tuple(self.schema.get("missing") or ())
        self._known: dict[str, Entry] = {}
        self._session = session_of((folder / "model.onnx").read_bytes())

    def hurry(self) -> None:
        """Look texts up here, and not in the graph: the same answers to many rows in less time."""
        coded = [column for column in self.columns if kind_of(column["kind"]).looks_up]
        self._known = {column["input"]: self.transform.entries[column["name"]] for column in coded}
        self._session = session_of(without_lookups((self.folder / "model.onnx").read_bytes(), self._known))

    def predict(self, frame: Any) -> pandas.DataFrame:
        """A pandas or polars frame or an Arrow table → prediction, what else the problem says of it, model_version.

        Rows keep their order, and a pandas frame its index. Cells that cannot be read count as missing, and a row
        that cannot be answered is missing in every column; a warning tells of them, and of values that training did not
        see. Raises DataError naming a feature column that is missing.
        """
        scored = self.score(table_of(frame, self.columns))
        for sentence in scored.told.sentences():
            warnings.warn(sentence, stacklevel=2)
        if scored.unfit:
            warnings.warn(f"no answer: {_told(scored.unfit)}.", stacklevel=2)
        return frame_of(self.columns_of(scored), self.version, frame)

    def columns_of(self, scored: Scored) -> dict[str, pa.Array]:
        """What a person gets, `prediction` first; null in rows without an answer."""
        fit = [row not in scored.unfit for row in range(len(scored.answers))] if scored.unfit else None
        found = self.answer.columns(scored.answers if fit is None else scored.answers[fit], self.schema)
        if fit is None:
            return {name: _cells(values) for name, values in found.items()}
        places = pa.array(np.cumsum(fit) - 1, mask=~np.array(fit))
        return {name: _cells(values).take(places) for name, values in found.items()}

    def answers(self, table: pa.Table) -> np.ndarray:
        """Source columns, the features among them → [N, A]. Raises DataError for a row that cannot be answered too."""
        scored = self.score(table)
        if scored.unfit:
            raise DataError(f"{_told(scored.unfit)}.", todo="Mend or leave out such rows.")
        return scored.answers

    def score(self, table: pa.Table, fallen: Fallen | None = None) -> Scored:
        """Source columns, the features among them → answers; where the rows fall is counted in `fallen`.

        Raises DataError naming the feature column that is missing and the nearest one there.
        """
        table = compose(table, composed_of(self.columns))
        self.require(table.column_names)
        rows, unreadable = typed(table, self.columns, self.missing)
        parts, unfit = [self._none()], dict[int, str]()
        for start in range(0, rows.num_rows, FED * self.rows_a_call):
            here: dict[int, str] = {}
            some = rows.slice(start, FED * self.rows_a_call)
            arrays = feeds(some, self.columns, here, self._known)
            parts.append(self.asked(arrays, some.num_rows))
            parts[-1][[*here]] = np.nan
            unfit |= {start + row: why for row, why in here.items()}
            if fallen is not None:
                fallen.add(some, arrays, parts[-1], [*here])
        told = Remarks(unreadable=unreadable)
        told.look(rows, self.transform)
        return Scored(np.concatenate(parts), told, unfit)

    @cached_property
    def rows_a_call(self) -> int:
        """The most that the runtime is given at a time, as the kinds of the columns have it."""
        return min(kind_of(column["kind"]).rows_a_call(column) for column in self.columns)

    def asked(self, arrays: Blocks, rows: int) -> np.ndarray:
        """What `feeds` gives of any number of rows → [N, A]."""
        return np.concatenate([*self._calls(arrays, rows)])

    def _calls(self, arrays: Blocks, rows: int) -> Iterator[np.ndarray]:
        for start in range(0, rows, self.rows_a_call):
            yield self.ask({name: array[start : start + self.rows_a_call] for name, array in arrays.items()})

    @cached_property
    def transform(self) -> Transform:
        """What was fitted on the train rows."""
        return read_transform(self.folder)

    @cached_property
    def profile(self) -> Profile | None:
        """Where its train rows fall; None of a bundle that does not tell."""
        return profile_of(self.folder)

    def ask(self, arrays: Blocks) -> np.ndarray:
        """What `feeds` gives → [N, A], in one call of the runtime.

        A single row is asked twice: alone it would go another way through the runtime, and differ in its last digit.
        """
        alone = len(next(iter(arrays.values()))) == 1
        padded = self.drawing({name: filled(array) for name, array in arrays.items()})
        fed = {name: array.repeat(2, axis=0) for name, array in padded.items()} if alone else padded
        found = np.asarray(self.answer.joined(self.run(self.answer.outputs(self.schema), fed)))
        return found[:1] if alone else found

    @cached_property
    def noise(self) -> int:
        """Random numbers a row that the graph takes beside the columns; 0 of one that draws nothing."""
        return next((one.shape[1] for one in self._session.get_inputs() if one.name == NOISE), 0)

    def drawing(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """With the random numbers that are the rows' own, where the graph takes some and has none yet."""
        if not self.noise or NOISE in arrays:
            return arrays
        cells = {}
        for column in self.columns:
            entry = self.transform.entries[column["name"]]
            values, kind = arrays[column["input"]], kind_of(entry.kind)
            cells[column["name"]] = {"": values if values.dtype == np.int64 else kind.served(values, entry)}
        made = {tensor.name: filled(stacked(tensor, cells)) for tensor in self.transform.tensors}
        return {**arrays, NOISE: noise_of(made, self.noise)}

    def run(self, outputs: Sequence[str], arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Graph input → array [n, …] → the named outputs of the graph."""
        found: list[np.ndarray] = self._session.run([*outputs], arrays)
        return found

    def _none(self) -> np.ndarray:
        return np.empty((0, self.answer.width(self.schema)), dtype=np.float32)

    def require(self, names: list[str]) -> None:
        """Raise DataError when a feature is not among the names of the columns at hand."""
        require(self.columns, names)


def session_of(graph: bytes) -> onnxruntime.InferenceSession:
    """A graph, ready to be asked, on one thread and without remarks."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the bits of a sum depend on the number of threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _cells(values: np.ndarray | pa.Array) -> pa.Array:
    """Of no row too in the type of any."""
    return values if isinstance(values, pa.Array) else pa.array(values, pa.string() if values.dtype == object else None)


def _told(unfit: dict[int, str]) -> str:
    """The first rows without an answer, from 1, and how many there are."""
    return some([f"row {row + 1}: {why}" for row, why in sorted(unfit.items())])


def open_bundle(folder: Path, version: str = "") -> ServedModel:
    """The model in a bundle's folder, every file verified first; `version` is its name in the registry.

    Raises DataError naming the file that is missing or was changed.
    """
    id = verify(folder)
    return ServedModel(folder, id, version or id)
