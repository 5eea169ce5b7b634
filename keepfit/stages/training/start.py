"""What a training begins with, where that is the model in service: settled once for the same rows.

A run that was killed so goes on with what it began with, whatever is in service by then; and rows that a champion has
learned from already, by these very steps, are nothing new to it.
"""

from __future__ import annotations

from itertools import chain

from keepfit.serving import journal
from keepfit.serving.champion import matches
from keepfit.store.artifacts import Learnable, Start
from keepfit.store.records import Settled
from keepfit.store.run import Run


def start_of(run: Run, prepared: Learnable) -> Start | None:
    """The model to begin with; None for fresh weights. Raises MachineError where the journal cannot be read."""
    if run.config.training.start == "fresh":
        return None
    records = chain([run.record()], run.store.records)
    known = (record.start for record in records if record.start and record.start.rows == prepared.digest)
    settled = next((one for one in known if _is_there(run, one)), None) or _now(run, prepared)
    run.add(start=settled)
    return Start(path=settled.path, digest=settled.bundle, bundle=settled.bundle) if settled.bundle else None


def _is_there(run: Run, settled: Settled) -> bool:
    return not settled.bundle or matches(run.store / settled.path, settled.bundle)


def _now(run: Run, prepared: Learnable) -> Settled:
    champion = journal.read(run.store).champion
    if champion is None:
        return Settled(rows=prepared.digest)
    return Settled(rows=prepared.digest, bundle=champion.bundle, path=champion.path)
