"""One search: rows as any run has them, then training after training with other settings."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from optuna.trial import Trial, TrialState

from keepfit.config import Pipeline
from keepfit.config.clock import duration
from keepfit.config.training import without_synthesis
from keepfit.config.tuning import written
from keepfit.errors import InputError, OutOfMemoryError
from keepfit.features.lookup import read_transform
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import learned, possible, train
from keepfit.stages.validation import validate
from keepfit.store import files, keys
from keepfit.store.artifacts import Prepared, Trained, Validated
from keepfit.store.events import Event
from keepfit.store.interrupt import interruptible
from keepfit.store.run import Run, begin
from keepfit.store.stage import Room, parts_of
from keepfit.tuning.page import write
from keepfit.tuning.space import Values, changed, space_of
from keepfit.tuning.suggestion import suggest
from keepfit.tuning.told import Tuned, all_tried, tried
from keepfit.tuning.trials import Trials
from keepfit.tuning.watching import GivenUpError, watch_of

FOLDER = "tuning"
"""In the pipeline's store."""
JOURNAL = "trials.jsonl"


def search(config: Pipeline) -> Tuned:
    """Search, going on with the trials that there are for these rows, settings and code; write page and suggestion.

    Raises what a run raises, and ConfigError where the YAML as it stands cannot be trained.
    """
    apart = possible(config).model_copy(update={"store": f"{config.store}/{FOLDER}", "train_on": "here"})
    with begin(apart) as run:
        found = interruptible(lambda: _searched(run))
        return suggest(config, write(found, run.store.root))


def _searched(run: Run) -> Tuned:
    validated = validate(run, ingest(run))
    prepared = preprocess(run, validated)
    space = space_of(run.config, read_transform(run.store / prepared.path), prepared.train)
    drawn = {path: str(setting) for path, setting in space.settings.items()}
    key = keys.key_of("tuning", {**parts_of(train, run, prepared.learnable), "environment": drawn})
    folder = run.store.root / "searches" / key
    one = _Search(run, validated, prepared, Trials(folder / JOURNAL, space, run.config.training.seed), folder)
    one.all()
    return Tuned(pipeline=run.config.name, settings=drawn, trials=all_tried(one.trials.all()), rows=prepared.validation)


@dataclass(frozen=True)
class _Search:
    """One search under way."""

    run: Run
    validated: Validated
    prepared: Prepared
    """As the YAML stands."""
    trials: Trials
    folder: Path

    def all(self) -> None:
        """Trial after trial, as many and for as long as the YAML says."""
        asked = self.run.config.tuning
        within = duration(asked.within).total_seconds() if asked.within else math.inf
        while len(ended := all_tried(self.trials.all())) < asked.trials and sum(t.seconds for t in ended) < within:
            self.one()

    def one(self) -> None:
        """The trial that was under way, or the next."""
        trial, values = self.trials.begin()
        about = ", ".join(f"{path} {written(value)}" for path, value in values.items()) or "as the YAML stands"
        self._tell(trial, "start", f"of {self.run.config.tuning.trials}: {about}")
        began = time.monotonic()
        told: dict[str, Any] = {"settings": values}
        state, loss = TrialState.COMPLETE, None
        try:
            trained = self._trained(trial, values)
            loss = trained.validation["loss"]
            told["figures"] = {name: figure for name, figure in trained.validation.items() if name != "loss"}
        except GivenUpError:
            state = TrialState.PRUNED
        except (InputError, OutOfMemoryError) as error:
            if not trial.number:
                raise
            state, told["why"] = TrialState.FAIL, str(error)
        told["seconds"] = time.monotonic() - began
        self.trials.end(trial, state, loss, **told)
        files.remove(self._place(trial))
        ended = tried(self.trials.all()[trial.number])
        assert ended is not None
        self._tell(trial, "done", ended.came_to, told["seconds"])

    def _trained(self, trial: Trial, values: Values) -> Trained:
        config = changed(self.run.config, values)
        kept = {"store": self.run.config.store, "training": without_synthesis(config.training)}  # one training a trial
        run = replace(self.run, config=config.model_copy(update=kept))
        other = any(path.startswith("preprocessing.") for path in values)
        prepared = preprocess(run, self.validated) if other else self.prepared
        room = Room(self._place(trial), run, f"trial {trial.number}")
        room.path.mkdir(parents=True, exist_ok=True)
        return learned(room, prepared.learnable, watch_of(trial))

    def _place(self, trial: Trial) -> Path:
        return self.folder / f"trial-{trial.number}"

    def _tell(self, trial: Trial, what: str, message: str, seconds: float = 0.0) -> None:
        self.run.tell(Event(f"trial {trial.number}", what, message, figures={"seconds": seconds}))
