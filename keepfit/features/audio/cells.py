"""Cells that are recordings, as bytes of a file. n rows, T samples."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Feature, Preprocessing
from keepfit.data import sounds
from keepfit.data.ragged import Ragged, ragged
from keepfit.errors import DataError
from keepfit.features.audio import PAD, Entry, Settings
from keepfit.features.audio.spectrum import FLOOR, log_mel
from keepfit.features.kind import EDGES, Binned, Bins, ClassicalColumns, Finisher, Fitter, Region, Seen, ServedColumn
from keepfit.features.shared.figures import fallen, ranges, tenths
from keepfit.features.shared.stretches import stretches
from keepfit.features.shared.whole_files import FileKind, missing

RATES = (8_000, 16_000, 22_050, 44_100)
BANDS, MOMENTS = 24, 20
"""That a classical model sees of a recording, whatever its length."""
SILENT = -96.0
"""Decibels of a recording without a sound: below the smallest that 16 bits hold."""
_ALLOWED = (
    "A recording is bytes of a file, a path, a data URL, or a dict with `array`, numbers from -1 to 1, and "
    "`sampling_rate`."
)
_STRETCHES = 6
"""Of a recording: see `keepfit.features.shared.stretches`."""
_QUIET = 0.1
"""The share of a recording's moments that are as quiet as what fills a stretch of it, or quieter."""
_ROWS = 32
"""Recordings a call of the runtime: all are as long as the longest."""
_NONE = np.empty(0, np.int16)


class AudioFitter(Fitter):
    """The rate and the typical length, from the headers of some recordings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._headers: list[sounds.Header] = []
        self._missing = 0
        self._entry: Entry | None = None

    def add(self, cells: pa.Array, seen: Seen) -> None:
        """Look into a few headers."""
        self._missing += missing(cells, seen)
        pairs = zip(cells.take(pa.array(seen.looked_at)), seen.called(seen.looked_at), strict=True)
        self._headers += [sounds.header(one.as_py(), name=called) for one, called in pairs if one.is_valid]
        self.held = len(self._headers)

    def entry(self, name: str, slot: int) -> Entry:
        """The rate that the YAML says, or that holds what most recordings have."""
        middle = float(np.median([one.rate for one in self._headers]))
        rate = self._settings.rate or next((rate for rate in RATES if rate >= middle), RATES[-1])
        heard = np.mean([min(one.seconds, self._settings.seconds) for one in self._headers])
        found = {"rate": rate, "seconds": self._settings.seconds, "resample": sounds.RESAMPLE}
        steps = max(1, round(rate * float(heard)))
        return Entry.model_validate({"name": name, "kind": "audio", "slot": slot, "steps": steps, **found})

    def profile(self, entry: Any) -> dict[str, Any]:
        """Rate, lengths and gaps, and the bins."""
        found = entry.model_dump(include={"rate", "shortest", "longest"})
        return {**found, "missing": self._missing, "bins": entry.fallen}


class AudioFinisher(Finisher):
    """How long and how loud recordings are."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._levels: list[dict[str, NDArray[np.float64]]] = []

    def add(self, values: Ragged) -> None:
        """Take recordings [n], but those that are missing."""
        values = values[np.flatnonzero(values.lengths)]
        self._levels.append(_levels(values, self._entry.rate))

    def entry(self) -> Entry:
        """With the tenths."""
        found = {part: np.concatenate([one[part] for one in self._levels]) for part in ("seconds", "loudness")}
        edges = {part: tenths(np.sort(values)) for part, values in found.items()}
        counts = {part: tuple(fallen(values, edges[part]).tolist()) for part, values in found.items()}
        lengths = {"shortest": float(found["seconds"].min()), "longest": float(found["seconds"].max())}
        ends = {part: tuple(values.tolist()) for part, values in edges.items()}
        return self._entry.model_copy(update={"edges": ends, "fallen": counts, **lengths})


class Audio(FileKind):
    """A recording."""

    name: ClassVar[str] = "audio"
    whole_file: ClassVar[str] = "sounds"
    has_parts: ClassVar[bool] = True
    allowed: ClassVar[str] = _ALLOWED

    def file(self, value: Any, row: int) -> bytes:
        """Of a dict of numbers and their rate, as Hugging Face's data sets have decoded sound."""
        if not isinstance(value, dict) or not {"array", "sampling_rate"} <= value.keys():
            raise DataError(f"row {row} has a {type(value).__name__} for a recording.", allowed=_ALLOWED)
        import soundfile

        buffer = io.BytesIO()
        samples = np.asarray(value["array"], np.float32)
        soundfile.write(buffer, samples, int(value["sampling_rate"]), format="WAV", subtype="FLOAT")
        return buffer.getvalue()

    def fitter(self, feature: Feature, _settings: Preprocessing, _source: dict[str, Any]) -> Fitter:
        """The rate that the YAML says or the recordings suggest."""
        assert isinstance(feature, Settings)
        return AudioFitter(feature)

    def finisher(self, entry: Any) -> Finisher:
        """Lengths and loudness."""
        return AudioFinisher(entry)

    def encode(self, cells: pa.Array, entry: Any, called: Callable[[], list[str]]) -> Ragged:
        """Samples int16, of a missing recording none. Raises DataError naming the one that cannot be decoded."""
        pairs, heard = zip(cells.to_pylist(), called(), strict=True), (entry.rate, entry.seconds)
        return _packed([_NONE if one is None else sounds.decode(one, *heard, name=name) for one, name in pairs])

    def plain(self, values: Any) -> ClassicalColumns:
        """24 bands at 20 moments, evenly spaced."""
        rows = [_figures(row) for row in _rows(values)]
        found = np.stack(rows) if rows else np.empty((0, BANDS * MOMENTS))
        return ClassicalColumns(found, what=f"{BANDS} bands at {MOMENTS} moments")

    def parts(self, cell: Any, entry: Any) -> list[Region]:
        """Stretches of samples."""
        return [*stretches(len(sounds.decode(cell, entry.rate, entry.seconds)), _STRETCHES)]

    def without(self, cell: Any, parts: Sequence[Region], entry: Any) -> Ragged:
        """The recording with noise over the stretch, as loud as its quiet moments: silence would be heard, too."""
        samples = sounds.decode(cell, entry.rate, entry.seconds)
        moments = np.array_split(samples.astype(np.float64), min(100, len(samples)))
        quiet = np.quantile([moment.std() for moment in moments], _QUIET)
        noise = np.random.default_rng(0).normal(0, quiet, len(samples)).round().astype(np.int16)
        found = np.repeat(samples[None], len(parts), 0)
        for one, (start, stop) in zip(found, parts, strict=True):
            one[start:stop] = noise[start:stop]
        return _packed([*found])

    def schema(self, entry: Any, _form: str | None) -> dict[str, Any]:
        """Int16 samples, how a file becomes such, and what stands behind the end."""
        return {"type": "int16", "pad": PAD, **entry.model_dump(include={"rate", "seconds", "resample"})}

    def feed(self, cells: pa.Array, column: ServedColumn, unfit: dict[int, str]) -> Ragged:
        """As `encode`; none of a recording that is missing or cannot be read."""
        rows = []
        for row, content in enumerate(cells.to_pylist()):
            found = _NONE
            if content is not None:
                try:
                    found = sounds.decode(content, column["rate"], column["seconds"], name=sounds.IT)
                except DataError as error:
                    unfit[row] = error.found.rstrip(".")
            rows.append(found)
        return _packed(rows)

    def edges(self, entry: Any) -> Ragged:
        """None, one sample, silence, full scale, quiet and loud noise, a low and a high tone, a click, a long noise."""
        draw, rate = np.random.default_rng(0), entry.rate
        time = np.arange(rate // 2) / rate
        noise = draw.normal(0, 0.1, len(time))
        click = np.zeros(len(time))
        click[rate // 8] = 1
        square = np.sign(np.sin(2 * np.pi * 100 * time))
        tones = [0.5 * np.sin(2 * np.pi * pitch * time) for pitch in (60, 0.4 * rate)]
        made = [noise[:0], noise[:1], 0 * noise, square, 1e-3 * noise, 10 * noise, *tones, click, np.tile(noise, 3)]
        assert len(made) == EDGES
        scaled = [(one * sounds.LOUDEST).clip(-sounds.LOUDEST, sounds.LOUDEST) for one in made]
        return _packed([one[: entry.samples].astype(np.int16) for one in scaled])

    def bins(self, entry: Any) -> dict[str, Bins]:
        """Tenths of the train recordings by their length, and by their loudness."""
        said = {"seconds": "{:.2f} s", "loudness": "{:.0f} dB"}
        return {part: Bins(ranges(np.array(entry.edges[part]), said[part].format)) for part in entry.edges}

    def binned(self, _cells: pa.Array, fed: Any, entry: Any) -> Binned:
        """By those tenths."""
        found = _levels(fed, entry.rate)
        return {part: fallen(found[part], np.array(entry.edges[part])) for part in entry.edges}

    def rows_a_call(self, _column: ServedColumn) -> int:
        """Pictures of sound take room."""
        return _ROWS


KIND = Audio()


def _packed(rows: list[NDArray[np.int16]]) -> Ragged:
    return ragged(rows, _NONE, PAD)


def _rows(values: Ragged) -> list[NDArray[Any]]:
    return np.split(values.values, values.offsets[1:-1]) if len(values) else []


def _levels(values: Ragged, rate: int) -> dict[str, NDArray[np.float64]]:
    """Seconds, and decibels below full scale of the root mean square [n]."""
    powers = [np.square(row.astype(np.float64) / 32768).mean() if len(row) else 0.0 for row in _rows(values)]
    loudness = 10 * np.log10(np.maximum(np.array(powers, np.float64), 10 ** (SILENT / 10)))
    return {"seconds": values.lengths / rate, "loudness": loudness}


def _figures(row: NDArray[np.int16]) -> NDArray[np.float64]:
    """[T] → [bands · moments]. The bands follow the rate, which is one for all rows: as if it were the lowest."""
    logs = log_mel(row, RATES[0], BANDS) if len(row) else np.full((BANDS, 1), np.log(FLOOR), np.float32)
    places = np.linspace(0, logs.shape[1] - 1, MOMENTS)
    return np.concatenate([np.interp(places, np.arange(logs.shape[1]), band) for band in logs])
