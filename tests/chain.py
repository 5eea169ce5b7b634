"""The seven stages in order without Prefect, for tests of the library: `python -m tests.chain PIPELINE [STAGE]`.

Run as a program it prints a line for each of a stage's events, and waits for an answer on its standard input at the
first step of STAGE, so that a test can kill it right there. It ends as the command line does, with its exit codes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from keepfit import config, report
from keepfit.cli.main import exit_code
from keepfit.config import Pipeline
from keepfit.stages.evaluation import evaluate
from keepfit.stages.export import export
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.release import release
from keepfit.stages.release.decision import NOBODYS, Decision
from keepfit.stages.training import possible, train
from keepfit.stages.training.start import start_of
from keepfit.stages.validation import validate
from keepfit.store.artifacts import Released
from keepfit.store.events import Event, watching
from keepfit.store.run import begin


def forced(reason: str | None) -> Decision:
    """A person's force, where there is a reason for it."""
    return Decision(kind="force", reason=reason) if reason else NOBODYS


def retrain(pipeline: Pipeline, force: str | None = None) -> Released:
    """What flows.retrain does, as plain calls."""
    with begin(possible(pipeline), report.write) as run:
        snapshot = ingest(run)
        validated = validate(run, snapshot)
        prepared = preprocess(run, validated)
        trained = train(run, prepared.learnable, start_of(run, prepared.learnable))
        evaluated = evaluate(run, trained, prepared)
        bundle = export(run, trained, prepared, evaluated)
        return release(run, bundle, evaluated, prepared, forced(force))


def _tell(event: Event, stop_at: str) -> None:
    print(event.stage, event.what, flush=True)
    if (event.stage, event.what) == (stop_at, "step"):
        sys.stdin.read()


if __name__ == "__main__":
    stop_at = sys.argv[2] if len(sys.argv) > 2 else ""
    with watching(lambda event: _tell(event, stop_at)):
        sys.exit(exit_code(lambda: retrain(config.load(Path(sys.argv[1])))))
