"""Stretches of a length that are left out one by one to see what an answer rests on."""

from __future__ import annotations

import numpy as np

NARROWER = 3
"""Times: what is as long as the wider stretches does not vanish with a narrow one, which what lies beside it fills."""


def stretches(length: int, wide: int) -> list[tuple[int, int]]:
    """Where they stand, from and to: so many wide ones, half over each other, and narrow ones; each of both covers
    everything."""
    return [*evenly(length, wide), *evenly(length, NARROWER * wide)]


def evenly(length: int, count: int) -> list[tuple[int, int]]:
    """So many, half over each other."""
    long = max(1, -(-2 * length // (count + 1)))
    starts = np.linspace(0, length - long, count).round().astype(int).tolist() if length else []
    return [(start, start + long) for start in dict.fromkeys(starts)]
