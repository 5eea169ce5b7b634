"""A trial is looked at after each epoch, and given up where others were better by then."""

from __future__ import annotations

from collections.abc import Mapping

from optuna.trial import Trial

from keepfit.learning.fit import Watch


class GivenUpError(Exception):
    """A training is worse than the others were at this epoch."""


def watch_of(trial: Trial) -> Watch:
    """Note each epoch's loss, and raise GivenUpError where the trial is not worth going on with.

    The first, which is the YAML as it stands, always is: all others are set against it.
    """

    def watch(epoch: int, figures: Mapping[str, float]) -> None:
        if epoch not in noted:  # a checkpoint may lie before the last epoch that was noted
            noted.add(epoch)
            trial.report(figures["loss"], epoch)
        if trial.number and trial.should_prune():
            raise GivenUpError

    noted = {*trial.study.get_trials(deepcopy=False)[trial.number].intermediate_values}
    return watch
