"""What is heard at which moment: the power of a recording in bands that are as wide as an ear's, moment by moment.

T samples, L samples of a window, F frequencies of a window, M bands, N moments.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

WINDOW, HOP = 0.032, 0.010
"""Seconds: how much is heard at a moment, and from one moment to the next."""
LOWEST = 20.0
"""Hertz of the lowest band's edge: what no ear hears, and what hums below it, is left."""
FLOOR = 1e-4
"""Power that is added before the logarithm: of a window of full scale it is 1e-8, the noise of an 8-bit recording."""
_BANDS = {8_000: 40, 16_000: 64}
_MOST = 80

Matrix = NDArray[np.float32]


def hop(rate: int) -> int:
    """Samples from one moment to the next."""
    return round(HOP * rate)


def window(rate: int) -> int:
    """Samples of a window, an even number."""
    return 2 * round(WINDOW * rate / 2)


def bands(rate: int) -> int:
    """M: 40 up to 8 kHz, 64 up to 16, then 80; all multiples of 8, which networks halve three times."""
    return next((count for most, count in _BANDS.items() if rate <= most), _MOST)


def basis(rate: int) -> Matrix:
    """[2 F, L]: a Hann window times cosines, then times sines: the discrete Fourier transform as a matrix."""
    length = window(rate)
    places = np.arange(length)
    angle = 2 * np.pi * np.arange(length // 2 + 1)[:, None] * places / length
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * places / length)
    return np.concatenate([np.cos(angle) * hann, np.sin(angle) * hann]).astype(np.float32)


def bank(rate: int, count: int | None = None) -> Matrix:
    """[M, F]: triangles, each from its neighbours' peaks, evenly spaced in mel (O'Shaughnessy 1987)."""
    length, count = window(rate), count or bands(rate)
    found = np.arange(length // 2 + 1) * rate / length
    edges = _hertz(np.linspace(_mel(LOWEST), _mel(rate / 2), count + 2))
    low, peak, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    # A triangle between two frequencies of the transform would be empty.
    width = np.maximum([peak - low, high - peak], rate / length)
    rising, falling = (found - peak) / width[0] + 1, (peak - found) / width[1] + 1
    triangles: Matrix = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    return triangles


def log_mel(samples: NDArray[np.int16], rate: int, count: int | None = None) -> NDArray[np.float32]:
    """[T] → [M, N], as the network's own front has them."""
    length, step = window(rate), hop(rate)
    moments = -(-len(samples) // step)
    padded = np.pad(samples.astype(np.float32) / 32768, (length // 2, length + step))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::step][:moments]
    found = frames @ basis(rate).T
    half = found.shape[1] // 2
    power = np.square(found[:, :half]) + np.square(found[:, half:])
    logs: NDArray[np.float32] = np.log(bank(rate, count) @ power.T + FLOOR)
    return logs


def _mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return 700 * (10 ** (mel / 2595) - 1)
