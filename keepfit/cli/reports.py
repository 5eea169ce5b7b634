"""`keepfit report`, `reports` and `compare`: what runs came to, for a person in a browser or at a terminal."""

from __future__ import annotations

import json as json_module
import os
from pathlib import Path

from keepfit.cli.saying import say


def report(pipeline: Path, run: str = "last", /) -> None:
    """Say where the report of a run lies, and open it where there is a screen.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    run
        The run, by the beginning or the end of its id; the last one when left out.
    """
    from keepfit import config
    from keepfit.serving.runs import found, report_of

    settings = config.load(pipeline)
    path = report_of(settings, found(settings, run))
    say(str(path))
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        import webbrowser

        webbrowser.open(path.as_uri())


def compare(pipeline: Path, one: str, other: str, /, *, json: bool = False) -> None:
    """Set two runs of a pipeline beside each other: figures, what changed, and which model is better on the same rows.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    one
        A run, by the beginning or the end of its id, or last.
    other
        The run to compare it with.
    json
        Print the same as one JSON object.
    """
    from keepfit import config
    from keepfit.serving.runs import found
    from keepfit.stages.release.beside import beside

    settings = config.load(pipeline)
    told = beside(settings, found(settings, one), found(settings, other))
    for line in [json_module.dumps(told.json(), ensure_ascii=False)] if json else told.lines():
        say(line)


def reports(*pipelines: Path, port: int = 8765) -> None:
    """Serve the reports and the history of pipelines to a browser on this machine, until Ctrl-C.

    Parameters
    ----------
    pipelines
        YAML files, or folders that are searched for pipeline.yaml; the current folder when left out.
    port
        The port on 127.0.0.1; 0 for a free one.
    """
    from keepfit.cli.report_server import serve

    serve(pipelines or (Path(),), port)
