"""The stage `answer`: what a model says of the rows of a period. N rows, A numbers an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepfit.store.artifacts import Artifact, Bundle, Snapshot
from keepfit.store.stage import Room, stage

if TYPE_CHECKING:
    from pathlib import Path

    from keepfit.problems.answer import Answers

ANSWERS = "answers.npy"


class Answered(Artifact):
    """A model's answers [N, A], in the order of the snapshot's rows; NaN for a row that it cannot answer."""

    rows: int


@stage(reads=(), members=("features.cells", "problems.answer"))
def answer(room: Room, coming: Snapshot, model: Bundle) -> Answered:
    """Ask an exported model about every row of a snapshot. Raises MachineError for a bundle that is damaged."""
    import numpy as np
    import pyarrow as pa

    from keepfit.data.snapshot import SnapshotRows
    from keepfit.serving.bundle.model import open_bundle

    served = open_bundle(room.store / model.folder)
    rows = SnapshotRows(room.store / coming.path)
    columns = [column["name"] for column in served.columns]
    found = [served.score(pa.table(batch)).answers for _, batch in rows.read(columns, coded=False)]
    np.save(room.path / ANSWERS, np.concatenate(found), allow_pickle=False)
    return Answered(rows=coming.rows)


def read(folder: Path) -> Answers:
    """[N, A]."""
    import numpy as np

    found: Answers = np.load(folder / ANSWERS, allow_pickle=False)
    return found
