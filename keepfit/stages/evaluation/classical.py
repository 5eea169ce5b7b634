"""One execution of the baseline stage: what users would compare with, computed once for the same rows.

It writes trivial.npy, the answer without a look at any column, [A] or [N, A], and classical.npy, the classical model's
answers to the test rows [N, A]. The classical model itself is not kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.features.lookup import read_transform
from keepfit.problems.lookup import judge_of
from keepfit.store.artifacts import Baseline, Prepared
from keepfit.store.stage import Room


def session(room: Room, prepared: Prepared) -> Baseline:
    """Learn and answer."""
    folder = room.store / prepared.path
    transform = read_transform(folder)
    room.step("classical baseline", 0.2)
    name, trivial, answers = judge_of(transform.target.problem).baselines(folder, transform)
    np.save(room.path / "trivial.npy", trivial, allow_pickle=False)
    np.save(room.path / "classical.npy", answers, allow_pickle=False)
    return Baseline(rows=len(answers), classical=name)


def read(folder: Path) -> dict[str, NDArray[Any]]:
    """`trivial` and `classical`: their answers to the test rows, each [N, A]."""
    classical = np.load(folder / "classical.npy", allow_pickle=False)
    trivial = np.load(folder / "trivial.npy", allow_pickle=False)
    return {"trivial": np.broadcast_to(trivial, classical.shape), "classical": classical}
