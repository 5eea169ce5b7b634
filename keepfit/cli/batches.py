"""`keepfit predict`, `keepfit score` and `keepfit monitor`: what is done with a model in service, batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keepfit.cli.saying import say


def predict(
    pipeline: Path,
    rows: Path,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    bundle: str | None = None,
    json: bool = False,
) -> None:
    """Predict with the model in service: one line a row, in the rows' order.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    rows
        A table (CSV, JSON Lines, Parquet), an image, or a folder or zip of images.
    out
        File for the predictions; .csv or .parquet.
    bundle
        Use this bundle, by its id or the first letters of it, and not the one in service.
    json
        Print what was done as one JSON object, for a program to read.
    """
    from keepfit import config
    from keepfit.serving.prediction import predict_file

    found = predict_file(config.load(pipeline), rows, out, bundle)
    say(_object(found.json()) if json else str(found))


def score(
    pipeline: Path,
    rows: Path | None = None,
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    sql: str | None = None,
    table: str | None = None,
    database: str | None = None,
    keep: tuple[str, ...] | None = None,
    bundle: str | None = None,
    json: bool = False,
) -> None:
    """Score a batch with the model in service, on every core; killed, the same command goes on from where it was.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    rows
        The rows: a file, folder, glob or zip, of any format that training reads.
    out
        Where the answers go: a .parquet file, or a folder, which gets a file a part.
    sql
        The rows, as a query in the place of ROWS; it may hold ${VAR}.
    table
        A database table for the answers, in the place of --out; it is made where it is not there.
    database
        The address for --sql and --table, which may hold ${VAR}; that of the YAML's source when left out.
    keep
        A column of the rows to put beside the answers, and again for more; all that are no features when left out.
    bundle
        Use this bundle, by its id or the first letters of it, and not the one in service.
    json
        Print what was done as one JSON object, for a program to read.
    """
    from keepfit import config
    from keepfit.serving.scoring import Asked
    from keepfit.serving.scoring import score as do

    asked = Asked(rows=rows, sql=sql, out=out, table=table, database=database, keep=keep, bundle=bundle)
    found = do(config.load(pipeline), asked)
    say(_object(found.json()) if json else str(found))


def monitor(
    pipeline: Path,
    rows: Path | None = None,
    /,
    *,
    labels: Path | None = None,
    key: str | None = None,
    json: bool = False,
) -> None:
    """See whether recent rows still look like those that the model in service learned from, and how good it is now.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    rows
        Recent rows: a file, folder, glob or zip. When left out, the newest batch that the model in service scored, or
        where there is none the source of the YAML. Where rows hold the target, the answers are judged, too.
    labels
        A table with the true values of the target, for rows that do not hold them.
    key
        The column by which the labels find their rows.
    json
        Print what was found as one JSON object, for a program to read.
    """
    from keepfit import config
    from keepfit.serving.monitoring import Watching
    from keepfit.serving.monitoring import monitor as do

    found = do(config.load(pipeline), Watching(rows, labels, key))
    for line in [_object(found.json())] if json else found.lines():
        say(line)


def _object(values: object) -> str:
    from json import dumps

    return dumps(values, indent=2, ensure_ascii=False)
