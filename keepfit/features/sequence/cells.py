"""Cells that are series. n rows, T steps, C channels."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Several
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Feature, Preprocessing
from keepfit.data.ragged import Ragged, ragged
from keepfit.features.kind import EDGES, Binned, Bins, ClassicalColumns, Fitter, Kind, Region, Seen, ServedColumn, Views
from keepfit.features.sequence import Entry, Settings
from keepfit.features.sequence.packed import Series, packed, unpack, whole
from keepfit.features.shared.figures import fallen, ranges, tenths
from keepfit.features.shared.stretches import stretches
from keepfit.metrics.naming import quantity

_POINTS = 32
"""Of each channel that a classical model sees, evenly spaced, beside its mean, deviation, least and most."""
_STRETCHES = 8
"""Of a series: see `keepfit.features.shared.stretches`."""
_SOME = 200_000
"""Train rows whose lengths and levels are remembered."""


class SequenceFitter(Fitter):
    """Moments of each channel's steps, and how long series are."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._rows = settings, 0
        self._count, self._sum, self._square = (np.zeros(1) for _ in range(3))
        self._lengths: list[int] = []
        self._levels: list[Series] = []

    def add(self, cells: pa.Array, seen: Seen) -> None:
        """Take series [n]."""
        self._rows += len(seen.rows)
        for cell in cells.take(pa.array(seen.rows)).drop_null().to_pylist():
            self.held += 1
            series = unpack(cell)[: self._settings.length].astype(np.float64)
            there = np.isfinite(series)
            known = np.where(there, series, 0)
            moments = there.sum(0), known.sum(0), (known**2).sum(0)
            self._count, self._sum, self._square = (
                _added(one, more) for one, more in zip((self._count, self._sum, self._square), moments, strict=True)
            )
            if len(self._lengths) < _SOME:
                self._lengths.append(len(series))
                self._levels.append(np.where(there.any(0), known.sum(0) / np.maximum(there.sum(0), 1), np.nan))

    def entry(self, name: str, slot: int) -> Entry:
        """The moments, and the tenths."""
        count = np.maximum(self._count, 1)
        mean = self._sum / count
        std = np.sqrt(np.maximum(self._square / count - mean**2, 0))
        std = np.where(std > 1e-6 * np.maximum(1, np.abs(mean)), std, 1.0)
        found = {"length": np.array(self._lengths, np.float64), "level": self._level(mean, std)}
        return Entry(
            name=name,
            kind="sequence",
            slot=slot,
            channels=len(mean),
            length=self._settings.length,
            mean=tuple(mean.tolist()),
            std=tuple(std.tolist()),
            missing=self._rows - self.held,
            steps=max(1, round(float(np.mean(self._lengths)))),
            edges={part: tuple(tenths(np.sort(values)).tolist()) for part, values in found.items()},
        )

    def profile(self, entry: Any) -> dict[str, Any]:
        """Count, gaps, channels, lengths, and the bins."""
        level = self._level(np.array(entry.mean), np.array(entry.std))
        binned = _binned(np.array(self._lengths), level, self._rows - self.held, entry)
        return {
            "count": self.held, "missing": self._rows - self.held, "channels": entry.channels,
            "shortest": min(self._lengths), "longest": max(self._lengths),
            "bins": {part: rows.tolist() for part, rows in binned.items()},
        }  # fmt: skip

    def _level(self, mean: NDArray[Any], std: NDArray[Any]) -> NDArray[np.float64]:
        """[n]: the mean of each series, over its channels, in deviations."""
        levels = ((level - mean[: len(level)]) / std[: len(level)] for level in self._levels)
        # A channel without a number is as the mean, and one that lacks too.
        return np.array([np.nan_to_num(level).sum() / len(mean) for level in levels], np.float64)


class Sequence(Kind):
    """A series of numbers."""

    name: ClassVar[str] = "sequence"
    coded: ClassVar[bool] = False
    is_raw: ClassVar[bool] = True
    is_series: ClassVar[bool] = True
    has_parts: ClassVar[bool] = True

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:
        """Bytes as `keepfit.features.sequence.packed` has them."""
        return packed(cells, by_channel=form == "channels")

    def taken(self, cells: Any) -> pa.Array | None:
        """Arrays, lists and lists of lists of a frame."""
        if isinstance(cells, pa.Array | pa.ChunkedArray):
            return None
        values = (cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in cells)
        return pa.array([None if isinstance(value, float) else value for value in values])

    def fitter(self, feature: Feature, _settings: Preprocessing, _source: dict[str, Any]) -> Fitter:
        """Moments and lengths."""
        assert isinstance(feature, Settings)
        return SequenceFitter(feature)

    def encode(self, cells: pa.Array, entry: Any, _called: Callable[[], list[str]]) -> Views:
        """Steps float32, gaps filled; a missing series has none."""
        return _encoded(cells, entry.mean, entry.length)

    def plain(self, values: Any) -> ClassicalColumns:
        """32 points of each channel, and its mean, deviation, least and most."""
        return ClassicalColumns(np.stack([_figures(row) for row in _rows(values)]) if len(values) else _NONE)

    def parts(self, cell: Any, entry: Any) -> list[Region]:
        """Stretches of steps."""
        return [*stretches(min(len(unpack(cell)), entry.length), _STRETCHES)]

    def without(self, cell: Any, parts: Several[Region], entry: Any) -> Views:
        """The series on a straight line over the stretch, in every channel."""
        whole_one = _encoded(pa.array([cell], pa.binary()), entry.mean, entry.length).values
        return ragged([_straight(whole_one, *part) for part in parts], whole_one[:0], np.nan)

    def schema(self, entry: Any, _form: str | None) -> dict[str, Any]:
        """Float32, and what stands for a channel without a number."""
        return {"type": "float32", **entry.model_dump(include={"channels", "length", "mean"})}

    def feed(self, cells: pa.Array, column: ServedColumn, _unfit: dict[int, str]) -> Views:
        """As `encode`."""
        return _encoded(cells, column["mean"], column["length"])

    def edges(self, entry: Any) -> Views:
        """None, one step, all zero, huge, tiny, one channel's spike, noise, rising, long, constant."""
        draw, channels = np.random.default_rng(0), entry.channels
        noise = draw.normal(size=(20, channels))
        spike = np.zeros((20, channels))
        spike[7, 0] = 50
        rising = np.linspace(-3, 3, 40)[:, None].repeat(channels, 1)
        made = [noise[:0], noise[:1], 0 * noise, 1e4 * noise, 1e-6 * noise, spike, noise, rising]
        made += [noise.repeat(15, 0), np.ones((20, channels))]
        scaled = [(one * entry.std + entry.mean).astype(np.float32)[: entry.length] for one in made]
        assert len(scaled) == EDGES
        return ragged(scaled, np.empty((0, channels), np.float32), np.nan)

    def bins(self, entry: Any) -> dict[str, Bins]:
        """Missing, and tenths of the lengths and of the levels."""
        said: dict[str, Callable[[float], str]] = {"length": lambda v: f"{v:.0f} steps", "level": quantity}
        return {part: Bins(ranges(np.array(entry.edges[part]), said[part])) for part in entry.edges}

    def binned(self, cells: pa.Array, fed: Any, entry: Any) -> Binned:
        """By those tenths."""
        there = cells.is_valid().to_numpy(zero_copy_only=False)
        levels = [_level_of(row, entry) for row in _rows(fed[np.flatnonzero(there)])]
        return _binned(fed.lengths[there], np.array(levels), cells.null_count, entry)

    def rows_a_call(self, _column: ServedColumn) -> int:
        """All of a call are as long as the longest."""
        return 256


KIND = Sequence()
_NONE = np.empty((0, 1))


def _added(one: NDArray[Any], more: NDArray[Any]) -> NDArray[Any]:
    """The sum of two, of which one may have more channels."""
    found = np.zeros(max(len(one), len(more)))
    found[: len(one)] += one
    found[: len(more)] += more
    return found


def _encoded(cells: pa.Array, mean: list[float], length: int) -> Ragged:
    """Gaps filled; a channel without a number is as the mean of the train rows."""
    channels, rows = len(mean), []
    for cell in cells.to_pylist():
        series = whole(unpack(cell), channels, length) if cell is not None else np.empty((0, channels), np.float32)
        rows.append(np.where(np.isnan(series), np.array(mean, np.float32), series))
    return ragged(rows, np.empty((0, channels), np.float32), np.nan)


def _straight(series: NDArray[Any], start: int, stop: int) -> NDArray[Any]:
    """[T, C] with the steps from `start` to `stop` on a line between those beside them."""
    known = np.r_[0:start, stop : len(series)]
    if not len(known):
        return np.broadcast_to(series.mean(0), series.shape).astype(series.dtype)
    steps = np.arange(len(series))
    return np.stack([np.interp(steps, known, channel[known]) for channel in series.T], 1).astype(series.dtype)


def _rows(values: Ragged) -> list[NDArray[Any]]:
    return np.split(values.values, values.offsets[1:-1]) if len(values) else []


def _figures(row: NDArray[Any]) -> NDArray[np.float64]:
    """[T, C] → [C · 36]."""
    if not len(row):
        return np.full(row.shape[1] * (_POINTS + 4), np.nan)
    places = np.linspace(0, len(row) - 1, _POINTS)
    points = [np.interp(places, np.arange(len(row)), channel) for channel in row.T]
    figures = [row.mean(0), row.std(0), row.min(0), row.max(0)]
    return np.concatenate([*points, *figures]).astype(np.float64)


def _level_of(row: NDArray[Any], entry: Entry) -> float:
    """As the fitter has it of a series without gaps."""
    return float(np.mean((row.astype(np.float64).mean(0) - entry.mean) / entry.std)) if len(row) else 0.0


def _binned(lengths: NDArray[Any], levels: NDArray[Any], missing: int, entry: Entry) -> dict[str, NDArray[np.int64]]:
    found = {}
    for part, values in (("length", lengths), ("level", levels)):
        found[part] = fallen(values.astype(np.float64), np.array(entry.edges[part]))
        found[part][0] = missing
    return found
