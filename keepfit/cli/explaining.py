"""`keepfit explain`: why the model in service answers rows as it does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keepfit.cli.saying import say


def explain(
    pipeline: Path,
    source: Path,
    /,
    *,
    rows: int = 20,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    bundle: str | None = None,
    json: bool = False,
) -> None:
    """Tell what the answers of the model in service to these rows rest on: columns, words, windows, stretches.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    source
        The rows, as keepfit predict takes them.
    rows
        How many of them, the first ones.
    out
        A page (.html) with pictures, series and texts marked. Left out, the strongest reasons are printed.
    bundle
        Use this bundle, by its id or the first letters of it, and not the one in service.
    json
        Print every reason as JSON, for a program to read.
    """
    from keepfit import config
    from keepfit.errors import ConfigError
    from keepfit.report import explained
    from keepfit.serving.explanation import explain as asked

    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--out is {out}.", allowed="A page ends with .html.", todo="Name it so, or use --json.")
    model, found, notes = asked(config.load(pipeline), source, rows, bundle)
    if json:
        from json import dumps

        say(dumps({"rows": [one.plain() for one in found], "notes": notes}, indent=2, ensure_ascii=False))
        return
    if out is not None:
        explained.write(out, model, found)
    for line in [f"{len(found):,} rows explained: {out}"] if out is not None else explained.lines(model, found):
        say(line)
    for note in notes:
        say(f"Note: {note}")
