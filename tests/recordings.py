"""Recordings made for tests: tones, and files of them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

PITCHES = {"low": 300, "middle": 700, "high": 1600}


def tone(pitch: float, seconds: float, rate: int = 8000, loud: float = 0.5) -> NDArray[np.float64]:
    """Samples [T] from -1 to 1."""
    return loud * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)


def wav(samples: NDArray[np.floating], rate: int = 8000, form: str = "WAV", subtype: str | None = None) -> bytes:
    """[T] or [T, channels] as a file."""
    with io.BytesIO() as out:
        soundfile.write(out, samples, rate, format=form, subtype=subtype)
        return out.getvalue()


def said(name: str, seed: int, rate: int = 8000) -> bytes:
    """One of PITCHES, a little off, of any length and loudness, in noise."""
    draw = np.random.default_rng(seed)
    samples = tone(PITCHES[name] * draw.uniform(0.95, 1.05), draw.uniform(0.1, 0.4), rate, draw.uniform(0.05, 0.5))
    return wav(samples + draw.normal(0, 0.01, len(samples)), rate)


def choir(folder: Path, count: int = 40, name: str = "{label}/{number}.wav") -> Path:
    """So many recordings of each pitch."""
    for number in range(count):
        for place, label in enumerate(PITCHES):
            path = folder / name.format(label=label, number=number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(said(label, 10 * number + place))
    return folder
