"""The stage `baseline`: what users would compare with, computed once for the same rows.

It writes majority.npy, the shares of the classes among the train and validation rows [K], and classical.npy, the
classical model's probabilities of the test rows [N, K]. The classical model itself is not kept.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keepfit.store.artifacts import Baseline, Prepared
from keepfit.store.run import Room, stage


@stage(reads=("features.*.kind",), members=("features", "features.cells"))
def baseline(room: Room, prepared: Prepared) -> Baseline:
    """Always the most frequent class, and a classical model trained on the same rows.

    Gradient boosting; where the columns are many and alike, as pixels are, logistic regression.
    """
    from keepfit.features.lookup import read_transform
    from keepfit.stages.evaluation.parts import read as read_parts

    folder, classes = room.store / prepared.path, len(prepared.classes)
    parts = read_parts(folder, read_transform(folder))
    room.step("classical baseline", 0.2)
    if parts.what:
        from keepfit.stages.evaluation.linear import answer
    else:
        from keepfit.stages.evaluation.boosting import answer
    name, probabilities = answer(parts, classes)
    seen = np.bincount(parts.labels, minlength=classes)
    np.save(room.path / "majority.npy", (seen / seen.sum()).astype(np.float32), allow_pickle=False)
    np.save(room.path / "classical.npy", probabilities, allow_pickle=False)
    return Baseline(rows=len(probabilities), classical=name)


def read(folder: Path) -> dict[str, NDArray[np.float32]]:
    """`majority` and `classical`: their probabilities of the test rows, each [N, K]."""
    classical = np.load(folder / "classical.npy", allow_pickle=False)
    shares = np.load(folder / "majority.npy", allow_pickle=False)
    return {"majority": np.broadcast_to(shares, classical.shape), "classical": classical}
