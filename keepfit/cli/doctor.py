"""`keepfit doctor`: whether everything is in place."""

from __future__ import annotations

import sys
from pathlib import Path

from keepfit.cli.saying import say

_MARKS = {"good": "✓", "note": "!", "bad": "✗"}


def doctor(*pipelines: Path, json: bool = False) -> None:
    """Look whether everything is in place: packages, server, workers, automations, and a pipeline's own.

    Parameters
    ----------
    pipelines
        Pipelines' YAML files or folders, to look at their source, store and deployments too.
    json
        Print the same as one JSON list, for a program to read.
    """
    from dataclasses import asdict

    from flows.operating.doctor import examine
    from keepfit.store.files import canonical

    found = []
    for one in examine(pipelines):
        found.append(one)
        if not json:
            say(f"{_MARKS[one.mark]} {one.what}: {one.found}" + (f". {one.todo}" if one.todo else ""))
    if json:
        say(canonical([asdict(one) for one in found]).decode())
    if any(one.mark == "bad" for one in found):
        sys.exit(1)
