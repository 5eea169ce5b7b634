"""The stage `baseline`: what users would compare with, computed once for the same rows, whatever model is judged."""

from keepfit.store.artifacts import Baseline, Prepared
from keepfit.store.stage import Room, stage


@stage(reads=("problem.kind", "features.*.kind"), members=("features", "features.cells", "problems", "problems.judge"))
def baseline(room: Room, prepared: Prepared) -> Baseline:
    """A trivial answer, such as the most frequent class, and a classical model trained on the same rows."""
    from keepfit.stages.evaluation.classical import session

    return session(room, prepared)
