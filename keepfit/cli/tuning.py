"""`keepfit tune`: the search for better settings, and what a person makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keepfit.cli.saying import say

if TYPE_CHECKING:
    from keepfit.config import Pipeline


def tune(pipeline: Path, /, *, accept: bool = False, json: bool = False) -> None:
    """Search for better settings, by the validation rows alone, and write the best beside the YAML as a suggestion.

    Nothing in service is touched. A search that was stopped goes on from where it was.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    accept
        In place of a search, put the suggestion into the YAML; its other lines and comments stay.
    json
        Print what it came to as one JSON object, for a program to read.
    """
    from keepfit import config

    read = config.load(pipeline)
    for line in _accepted(read, as_json=json) if accept else _searched(read, pipeline, as_json=json):
        say(line)


def _accepted(config: Pipeline, *, as_json: bool) -> list[str]:
    from json import dumps

    from keepfit.tuning.suggestion import accept

    lines = accept(config)
    return [dumps(lines, ensure_ascii=False)] if as_json else [*lines, f"Put into {config.file}."]


def _searched(config: Pipeline, pipeline: Path, *, as_json: bool) -> list[str]:
    from keepfit.cli.live import TrialLines
    from keepfit.config.tuning import written
    from keepfit.store.events import watching
    from keepfit.tuning.search import search

    with TrialLines() as progress, watching(progress):
        found = search(config)
    if as_json:
        return [found.model_dump_json(indent=2)]
    settings = [f"  {path}: {written(value)}" for path, value in found.best.settings.items()]
    more = [f"suggestion: {found.suggestion}", f"Next: keepfit tune {pipeline} --accept"] if found.suggestion else []
    return [found.sentence, *settings, f"page: {found.page}", *more]
