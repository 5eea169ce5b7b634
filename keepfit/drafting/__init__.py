"""Drafting: a pipeline and its expectations written from the data, for a person to read and change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from keepfit.data.media import ENDINGS, medium_of
from keepfit.data.sources.locate import format_of, locate
from keepfit.data.sources.opening import Reading
from keepfit.drafting.asking import Asking, asking
from keepfit.drafting.drafted import Drafted
from keepfit.errors import ConfigError
from keepfit.features.column import Suggestion
from keepfit.store import files


@dataclass(frozen=True)
class Draft:
    """What was written."""

    pipeline: Path
    expectations: Path
    target: str
    features: int
    """How many columns the model will learn from."""
    said: list[str]
    """Sentences a person should read: what was left out and why, what was guessed, what looks wrong."""


@dataclass(frozen=True)
class Query:
    """What is asked of a database."""

    database: str
    """Its address; may hold ${VAR}."""
    table: str | None = None
    """A table, all of whose columns are asked for."""
    sql: str | None = None
    """Or a query."""


def origin_of(data: Path | None, database: str | None, table: str | None, query: str | None) -> Path | Query:
    """What the command's arguments name. Raises ConfigError where they name nothing, or two things at once."""
    if data is not None and database is table is query is None:
        return data
    if data is None and database is not None and (table is None) != (query is None):
        return Query(database, table, query)
    raise ConfigError(
        "the arguments do not name one source.",
        allowed="Give a file or folder, or --database with either --table or --query.",
        todo="keepfit init FILE, or keepfit init --database ADDRESS --table NAME.",
    )


def draft(
    origin: Path | Query,
    target: str | None = None,
    *,
    test: Path | None = None,
    folder: Path | None = None,
    force: bool = False,
    encoding: str | None = None,
    columns: tuple[str, ...] | None = None,
    sheet: str | None = None,
    problem: str | None = None,
    horizon: int | None = None,
) -> Draft:
    """Look at a source and write pipeline.yaml and expectations.yaml into `folder`, the current one by default.

    What is said of a text file's encoding and columns, or of a workbook's sheet, is not guessed, and is written into
    the YAML. `problem` is what is asked of the target, where it is not to be recognised; a `horizon` asks for forecasts
    of so many steps.
    Raises ConfigError where the files are there already and `force` is not given, or no column suggests itself as
    the target; DataError where the source cannot be read or nothing can be asked of its target.
    """
    place = (folder or Path.cwd()).resolve()
    pipeline, expectations = place / "pipeline.yaml", place / "expectations.yaml"
    if not force:
        _refuse_to_overwrite(pipeline, expectations)
    said = Reading(place, target=target or "", encoding=encoding, columns=columns, sheet=sheet)
    plan = _planned(origin, target, test, place, said, asking(problem, horizon))
    files.write_bytes(expectations, _text(plan.expectations).encode())
    files.write_bytes(pipeline, plan.pipeline.encode())
    return Draft(pipeline, expectations, plan.target, plan.features, plan.said)


def _planned(
    origin: Path | Query, target: str | None, test: Path | None, place: Path, said: Reading, asked: Asking
) -> Drafted:
    if isinstance(origin, Path):
        # Links stay: latest.csv is to be followed anew in every run.
        path, test = origin.absolute(), test.absolute() if test else None
        return _plan_of_steps(path, target, test, place, said, asked) or _plan(path, target, test, place, said, asked)
    if asked.problem:
        raise asked.not_of("a database")
    from keepfit.drafting.database import plan_query

    with TemporaryDirectory() as scratch:
        return plan_query(origin.database, origin.table, origin.sql, target, place, Path(scratch))


def _plan_of_steps(
    path: Path, target: str | None, test: Path | None, place: Path, said: Reading, asked: Asking
) -> Drafted | None:
    """Where a person asks what comes next, in texts or in series."""
    if not asked.settings.reads_itself and not asked.settings.reads_windows:
        return None
    if test is not None:
        raise ConfigError(f"a test file, and {asked.problem} is judged by what comes last.", todo="Leave --test out.")
    with TemporaryDirectory() as scratch:
        reading = replace(said, scratch=Path(scratch))
        if asked.settings.reads_itself:
            from keepfit.drafting.passages import plan_passages

            return plan_passages(path, target, place, reading, asked.problem)
        from keepfit.drafting.forecasts import plan_forecast

        return plan_forecast(path, target, place, reading, asked)


def _plan(path: Path, target: str | None, test: Path | None, place: Path, said: Reading, asked: Asking) -> Drafted:
    form = format_of(locate((path,))[0])
    if asked.problem and (form in ENDINGS or form == "idx"):
        raise asked.not_of("pictures or recordings")
    if form in ENDINGS:
        from keepfit.drafting.picture_folders import plan_files

        return plan_files(path, target, test, place, medium_of(form))
    with TemporaryDirectory() as scratch:
        if form == "idx":
            from keepfit.drafting.picture_folders import plan_idx

            return plan_idx(path, target, test, place, Path(scratch))
        from keepfit.drafting.tables import plan_table

        reading = replace(said, scratch=Path(scratch))
        return plan_table(path, target, test, place, reading, problem=asked.problem or None)


def _refuse_to_overwrite(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise ConfigError(
                "this file is there already.", todo="Move it away, or say --force to replace it.", where=str(path)
            )


def _text(lines: list[Suggestion]) -> str:
    head = (
        "# What must be true of the rows, in Great Expectations' own words. severity: critical stops the run,\n"
        "# warning sets the failing rows aside, info only counts them.\n"
        "expectations:\n"
    )
    return head + "".join(line.text() for line in lines)
