"""`keepfit run`, `validate` and `trigger`: the retrain flow, here with live progress or on a Prefect server."""

from __future__ import annotations

import json as json_module
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from keepfit.cli.saying import say
from keepfit.errors import ConfigError

Mode = Literal["normal", "full retrain", "evaluate only", "dry run"]
Setting = Annotated[list[str] | None, Parameter(name="--set", negative="", consume_multiple=False)]


def run(
    pipeline: Path,
    /,
    *,
    mode: Mode = "normal",
    dry_run: bool = False,
    force: str | None = None,
    hold: str | None = None,
    train_on: str = "",
    minutes: int = 0,
    notes: str = "",
    set: Setting = None,
    json: bool = False,
) -> None:
    """Retrain a pipeline and release the new model if it is better.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    mode
        normal uses again what has not changed; "full retrain" makes all anew; "evaluate only" measures the model in
        service on the rows as they are now; "dry run" ends when the rows are validated.
    dry_run
        The same as --mode "dry run".
    force
        Put the new model in service whatever the verdict, for this reason; the reason is journalled.
    hold
        Keep the model in service whatever the verdict, for this reason.
    train_on
        Where to train: here, auto, or the name of a Prefect work pool; left out, as the YAML says.
    minutes
        Stop training after so many minutes; 0 for as the YAML says.
    notes
        Anything that the run's record shall keep.
    set
        A setting in place of the YAML's, such as --set training.seed=1; may be given more than once.
    json
        Print what came of it as one JSON object.
    """
    wanted = "dry run" if dry_run else mode
    _print(_retrained(pipeline, _asked(wanted, force, hold, train_on, minutes, notes, set)), as_json=json)


def validate(pipeline: Path, /, *, set: Setting = None, json: bool = False) -> None:
    """Read the rows and check the expectations, and nothing more. Exit code 2 says that they are at fault.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    set
        A setting in place of the YAML's.
    json
        Print what was found as one JSON object.
    """
    _print(_retrained(pipeline, _asked("dry run", None, None, "", 0, "", set)), as_json=json)


def trigger(
    pipeline: Path,
    /,
    *,
    mode: Mode = "normal",
    force: str | None = None,
    hold: str | None = None,
    train_on: str = "",
    minutes: int = 0,
    notes: str = "",
    set: Setting = None,
    wait: bool = False,
    json: bool = False,
) -> None:
    """Ask the Prefect server for a run of a deployed pipeline.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    mode
        As for keepfit run.
    force
        As for keepfit run.
    hold
        As for keepfit run.
    train_on
        As for keepfit run.
    minutes
        As for keepfit run.
    notes
        As for keepfit run.
    set
        As for keepfit run.
    wait
        Wait until it has ended, and end as it did.
    json
        Print the run, and with --wait how it ended, as one JSON object.
    """
    from flows.starting import ended, start
    from keepfit import config

    asked = _asked(mode, force, hold, train_on, minutes, notes, set)
    started = start(config.load(pipeline, asked["settings"]).name, "trigger", asked)
    told: dict[str, Any] = {"flow_run": str(started.id), "name": started.name}
    if not json:
        say(f"Asked for the run {started.name} ({started.id}).")
    if wait:
        told |= ended(started.id)
    if json:
        say(json_module.dumps(told, ensure_ascii=False))
    elif wait:
        say(f"{told['name']}, {told['state']}: {told['message']}")


def _asked(
    mode: str,
    force: str | None,
    hold: str | None,
    train_on: str,
    minutes: int,
    notes: str,
    given: list[str] | None,
) -> dict[str, Any]:
    """The form's answers. Raises ConfigError where they contradict each other."""
    from keepfit.config.overrides import parsed

    if force is not None and hold is not None:
        raise ConfigError("--force and --hold were both given.", todo="Leave one of them out.")
    promote = "force" if force is not None else "hold" if hold is not None else "auto"
    answers = {"mode": mode, "promote": promote, "reason": force or hold or "", "train_on": train_on}
    return {**answers, "minutes": minutes, "notes": notes, "settings": parsed(given or [])}


def _retrained(pipeline: Path, asked: dict[str, Any]) -> Any:
    """Check the YAML and go through the flow. Prefect's own console is silent; its API keeps the logs."""
    from keepfit import config
    from keepfit.cli.live import LiveLines
    from keepfit.stages.ingest import roles_of
    from keepfit.store.events import watching

    settings = config.load(pipeline, asked["settings"])
    if settings.source.sql is None:
        roles_of(settings)  # a source that is not there is said before Prefect takes its seconds to start
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    with LiveLines() as progress:
        progress.say("starting Prefect" if "PREFECT_API_URL" not in os.environ else "reporting to your Prefect server")
        from flows.retrain import retrain

        with watching(progress):
            return retrain(pipeline, **asked)


def _print(found: Any, *, as_json: bool) -> None:
    """What came of a run, of whatever mode."""
    if as_json:
        say(json_module.dumps(found.model_dump(mode="json"), ensure_ascii=False))
        return
    for line in _lines(found):
        say(line)


def _lines(found: Any) -> list[str]:
    from keepfit.store.artifacts import Released, Validated

    if isinstance(found, Released):
        verdict = found.verdict
        lines = [f"{verdict.outcome}: {verdict.sentence}", *found.summary, f"report: {found.report}"]
        return [*lines, f"model in service: {found.model or 'none yet'}"]
    if isinstance(found, Validated):
        share = f"{found.rows:,} rows may be used, {found.quarantined:,} are in quarantine."
        met = found.expectations - len(found.failed)
        return [
            share,
            f"{met} of {found.expectations} expectations are met.",
            *(f"- not met: {one}" for one in found.failed),
        ]
    return [str(found.sentence)]
