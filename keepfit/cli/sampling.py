"""keepfit sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keepfit.cli.saying import say


def sample(
    pipeline: Path,
    /,
    *,
    rows: int = 10,
    where: tuple[str, ...] = (),
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    seed: int = 0,
    bundle: str | None = None,
) -> None:
    """Draw new rows from the model in service, like those it learned from.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    rows
        How many.
    where
        COLUMN=VALUE of what is given, such as digit=3, and again for more; what is left out is as often as in the train
        rows.
    out
        File for the rows; .csv or .parquet. Left out, they are printed as CSV.
    seed
        Another one gives other rows, the same one the same.
    bundle
        Use this bundle, by its id or the first letters of it, and not the one in service.
    """
    from keepfit import config
    from keepfit.serving.sampling import csv, sample_file, wanted

    asked, read = wanted(rows, where, seed), config.load(pipeline)
    if out is None:
        for text in csv(read, asked, bundle):
            say(text, end="")
        return
    sample_file(read, asked, out, bundle)
    say(f"{rows:,} new rows: {out}")
