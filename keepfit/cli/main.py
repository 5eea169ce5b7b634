"""Commands over flows and library. Nothing heavy is imported before a command needs it.

Exit codes: 0 the command did its work (a run: a verdict was reached, whatever it is); 2 the input is at fault;
1 keepfit or its machine is; 130 it was interrupted.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from keepfit import redact
from keepfit.cli.batches import monitor, predict, score
from keepfit.cli.deploying import bootstrap, deploy
from keepfit.cli.doctor import doctor
from keepfit.cli.explaining import explain
from keepfit.cli.housekeeping import history, prune, rollback
from keepfit.cli.reports import compare, report, reports
from keepfit.cli.running import run, trigger, validate
from keepfit.cli.sampling import sample
from keepfit.cli.saying import say
from keepfit.cli.tuning import tune
from keepfit.cli.up import up
from keepfit.cli.writing import generate
from keepfit.errors import BugError, ours
from keepfit.quoting import one_line

app = App(
    name="keepfit",
    help="Retrain a model, prove that it is better, and only then put it in service.",
    version=lambda: version("keepfit"),
    suppress_keyboard_interrupt=False,  # cyclopts would exit with 130 in silence; exit_code says that it can go on
)


@app.command
def init(
    data: Path | None = None,
    /,
    *,
    target: str | None = None,
    test: Path | None = None,
    encoding: str | None = None,
    columns: str | None = None,
    into: Path | None = None,
    sheet: str | None = None,
    database: str | None = None,
    table: str | None = None,
    query: str | None = None,
    problem: str | None = None,
    horizon: int | None = None,
    force: bool = False,
) -> None:
    """Look at the data and write pipeline.yaml and expectations.yaml.

    Parameters
    ----------
    data
        A file, a folder or zip of tables, a glob, or a folder or zip of images with one folder a class.
    target
        The column to predict; for images, the name that column shall have. Guessed, and said, when left out.
    test
        The publisher's own test file, if there is one.
    encoding
        The text encoding, such as cp1250 or shift_jis; found from the file when left out.
    columns
        Names for the columns, in order, with commas between them; they also stand for those of a header line.
    into
        The folder to write to; the current one when left out.
    sheet
        The sheet of a workbook; the first that is a table when left out.
    database
        In place of data: a database's address, whose password stands in a variable: '${DATABASE}'.
    table
        The table of the database.
    query
        Or a query to send to it.
    problem
        What is asked of the target, where that is not to be recognised: next_token of plain text, forecasting of points
        in time, or classification, regression, multilabel.
    horizon
        Forecast so many steps ahead, in a table with a line for each point in time.
    force
        Overwrite files that are there.
    """
    from keepfit.drafting import draft, origin_of

    names = tuple(name.strip() for name in columns.split(",")) if columns else None
    drafted = draft(
        origin_of(data, database, table, query),
        target,
        test=test,
        folder=into,
        force=force,
        encoding=encoding,
        columns=names,
        sheet=sheet,
        problem=problem,
        horizon=horizon,
    )
    for sentence in drafted.said:
        say(f"- {one_line(sentence, 1000)}")
    say(f"Wrote {drafted.pipeline} and {drafted.expectations}.")
    say(f"Next: look at them, then  keepfit run {drafted.pipeline}")


@app.command
def backfill(
    pipeline: Path,
    /,
    *,
    every: str = "month",
    start: Annotated[date | None, Parameter(name="--from")] = None,
    end: Annotated[date | None, Parameter(name="--to")] = None,
    time: str = "",
    json: bool = False,
) -> None:
    """Tell what retraining would have been worth: retrain as of each date of the past, and judge with what came next.

    Nothing in service is touched. Periods that are done are skipped.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    every
        How often it retrains: month, or a length of time such as 1w or 30d.
    start
        The first retrain, such as 2025-03-01; when a tenth of the rows was there when left out.
    end
        No retrain after this day; as long as there are rows when left out.
    time
        The column with the dates; that of a split by time, or the only column of dates, when left out.
    json
        Print what it came to as one JSON object, for a program to read.
    """
    from keepfit.backfill.periods import Ask
    from keepfit.cli.backfilling import backfill_pipeline

    backfill_pipeline(pipeline, Ask(every, start, end, time), as_json=json)


@app.command
def show(pipeline: Path, /, *, json: bool = False) -> None:
    """Show the runs of a pipeline, the model in service, and the last verdict with its reason.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    json
        Print the same as one JSON object, for a program to read.
    """
    from keepfit.cli.showing import show_pipeline

    show_pipeline(pipeline, as_json=json)


@app.command
def verify(pipeline: Path, /, *, json: bool = False) -> None:
    """Read every byte of the store, say what is not as it was written, and mend what is in service.

    Parameters
    ----------
    pipeline
        The pipeline's YAML file, or its folder.
    json
        Print what was found as one JSON object, for a program to read.
    """
    from keepfit.cli.verifying import verify_pipeline

    verify_pipeline(pipeline, as_json=json)


_COMMANDS = (
    run, validate, trigger, report, reports, compare, history, tune, rollback, prune, predict, explain, score, monitor,
    generate, sample, bootstrap, deploy, up, doctor,
)  # fmt: skip
for _command in _COMMANDS:
    app.command(_command)


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    _speak_utf8()
    atexit.register(_silence)  # registered first, so it runs last
    sys.exit(exit_code(lambda: app(exit_on_error=False, print_error=True)))


def _speak_utf8() -> None:
    """Begin again where Python was told that names of files are not UTF-8: no other name could be opened or printed."""
    if sys.getfilesystemencoding() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"  # for the processes that this one starts, too
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _silence() -> None:
    """Once torch's exporter was loaded, DuckDB 2.0 prints 30 lines about leaks when Python itself is gone."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def exit_code(command: Callable[[], object]) -> int:
    """Do what was asked; an error becomes one message on standard error and the code that a command ends with."""
    redact.in_logs()
    try:
        command()
    except CycloptsError:
        return 2
    except KeyboardInterrupt:
        say("interrupted: the same command goes on from here.", error=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        told = ours(error)
        say(f"error: {told}", error=True)
        if isinstance(told, BugError):
            say(f"The details are in {_kept(error)}; please send that file with a bug report.", error=True)
        return told.exit_code
    return 0


def _kept(error: Exception) -> str:
    """The file with the traceback: it helps us, and not the person who reads the terminal."""
    import tempfile
    import traceback

    text = redact.redacted("".join(traceback.format_exception(error)))
    with tempfile.NamedTemporaryFile("wb", prefix="keepfit-bug-", suffix=".txt", delete=False) as file:
        file.write(text.encode(errors="backslashreplace"))
    return file.name
