"""What was tried, on disk as lines of JSON after every step: whatever kills a search, the same trials go on.

Optuna proposes by tree-structured Parzen estimators (Bergstra et al. 2011) and gives a trial up where it is worse than
the median of those before it. Its journal storage reads and writes nothing but JSON. The journal has one writer, who
holds the run's lock, so Optuna's own lock, which a kill would leave behind, is not needed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import BaseJournalFileLock
from optuna.trial import FrozenTrial, Trial, TrialState

from keepfit.store import files
from keepfit.tuning.space import Space, Values

_NAME = "search"
_BEFORE, _EPOCHS = 5, 3
"""A trial is given up only where so many were finished before it, and from this epoch on."""


class _OneWriter(BaseJournalFileLock):
    """No lock."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


class Trials:
    """The trials of one search, and the one under way."""

    def __init__(self, path: Path, space: Space, seed: int) -> None:
        """`path` is the journal; a last line that a kill cut off is taken away."""
        optuna.logging.set_verbosity(logging.WARNING)
        with files.machine_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _mend(path)
        self.storage = JournalStorage(JournalFileBackend(str(path), _OneWriter()))
        self.study = optuna.create_study(
            study_name=_NAME,
            storage=self.storage,
            load_if_exists=True,
            pruner=MedianPruner(n_startup_trials=_BEFORE, n_warmup_steps=_EPOCHS),
        )
        self.space, self.seed = space, seed

    def all(self) -> Sequence[FrozenTrial]:
        """By number."""
        return self.study.get_trials(deepcopy=False)

    def begin(self) -> tuple[Trial, Values]:
        """The trial that was under way when a search was stopped, or the next one; and its settings, none of the first.

        Each draw has a generator of its own, so that a search that was stopped anywhere draws what another one does.
        """
        under_way = [trial.number for trial in self.all() if trial.state == TrialState.RUNNING]
        trial = self._again(under_way[0]) if under_way else self.study.ask()
        values = {}
        for place, path in enumerate(self.space.settings if trial.number else ()):
            self.study.sampler = TPESampler(seed=self._seed(trial.number, place))
            values[path] = self.space.draw(trial, path)
        return trial, values

    def end(self, trial: Trial, state: TrialState, loss: float | None = None, **told: Any) -> None:
        """Note what came of a trial: `told` first, so that a trial that has ended has all of it."""
        for name, value in told.items():
            trial.set_user_attr(name, value)
        self.study.tell(trial, loss, state)

    def _again(self, number: int) -> Trial:
        study = self.storage.get_study_id_from_name(_NAME)
        return Trial(self.study, self.storage.get_trial_id_from_study_id_trial_number(study, number))

    def _seed(self, *places: int) -> int:
        return int(files.digest_of([self.seed, *places])[:8], 16)


def _mend(path: Path) -> None:
    content = path.read_bytes() if path.is_file() else b""
    if content and not content.endswith(b"\n"):
        files.write_bytes(path, content[: content.rfind(b"\n") + 1])
