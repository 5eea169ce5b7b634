"""How far each column, and the answers, have moved: a figure and a sentence each, what matters most first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keepfit.features.kind import Bins
from keepfit.metrics.drift import Move, move
from keepfit.metrics.naming import figure
from keepfit.serving.bundle.fallen import Fallen, Profile

ANSWERS = "answers"


@dataclass(frozen=True)
class Finding:
    """One column, or the answers."""

    name: str
    size: float
    """The population stability index, less what chance alone gives."""
    chance: float
    """How probable so large a move is where nothing has moved."""
    alarms: bool
    sentence: str


def findings(recent: Fallen, profile: Profile) -> list[Finding]:
    """Of every column whose kind has bins, and of the answers; those that alarm first, then by size."""
    looked_at = 1 + sum(len(parts) for parts in profile.columns.values())
    made = [
        _finding(name, recent.named(name)[part], (before, recent.columns[name][part]), looked_at)
        for name, parts in profile.columns.items()
        for part, before in parts.items()
    ]
    bins = Bins(tuple(profile.answers["names"]))
    made.append(_finding(ANSWERS, bins, (profile.expected, recent.answers), looked_at, "test rows"))
    return sorted(made, key=lambda one: (not one.alarms, -one.size, one.name))


def _finding(
    name: str, bins: Bins, counts: tuple[NDArray[np.int64], NDArray[np.int64]], looked_at: int, of: str = "train rows"
) -> Finding:
    found = move(*counts)
    sentence = f"{bins.names[found.most]}: {_share(found.now)} of the rows, {_share(found.before)} of the {of}"
    if bins.alarms:
        return Finding(name, found.size, found.chance, found.alarms(looked_at), sentence)
    gaps = move(*(_missing(part) for part in counts))
    if gaps.alarms(looked_at):
        return Finding(name, gaps.size, gaps.chance, True, _gaps(gaps, of))
    return Finding(name, found.size, found.chance, False, f"{sentence}; that it moves on is expected")


def _missing(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Missing, and there."""
    return np.array([counts[0], counts[1:].sum()])


def _gaps(found: Move, of: str) -> str:
    now, before = (share if found.most == 0 else 1 - share for share in (found.now, found.before))
    return f"missing: {_share(now)} of the rows, {_share(before)} of the {of}"


def _share(value: float) -> str:
    return "none" if value == 0 else "< 0.1 %" if value < 0.001 else figure("accuracy", value)
