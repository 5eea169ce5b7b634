"""The draft of a database's table, or of a query."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keepfit import redact
from keepfit.config.pipeline import filled
from keepfit.data.sources.copies import told_of
from keepfit.data.sources.opening import Reading
from keepfit.data.sources.sql import address_of, spool
from keepfit.drafting.drafted import Drafted, written
from keepfit.drafting.looking import ROWS
from keepfit.drafting.tables import plan_table
from keepfit.drafting.yaml_text import SourceLines
from keepfit.errors import ConfigError


def plan_query(
    database: str, table: str | None, query: str | None, named: str | None, place: Path, scratch: Path
) -> Drafted:
    """Fetch as many rows as are looked at of a table, and choose. `place` is the YAML's folder.

    Raises ConfigError for an address that holds a password, which no YAML may.
    """
    address = filled(database, "--database")
    redact.address(address)
    url = address_of(address)
    if url.password and address == database:
        raise ConfigError(
            "the address holds a password, and the YAML must not.",
            todo="Put the address into a variable, export DATABASE='…', and say --database '${DATABASE}'.",
            where="--database",
        )
    if address == database and url.drivername.startswith("sqlite") and url.database:
        near = written(Path.cwd() / url.database, place)
        database = address = url.set(database=near).render_as_string(hide_password=False)
    sql = query if query is not None else f"SELECT * FROM {_quoted(url, str(table))}"
    file = scratch / (str(table).rpartition(".")[2].replace("/", "-") if table else "query")
    with told_of({file: Path("source.sql")}):
        spool(filled(sql, "--query"), address, file, place, most=ROWS)
        return plan_table(
            file, named, None, place, Reading(scratch, target=named or ""), SourceLines(sql=sql, database=database)
        )


def _quoted(url: Any, table: str) -> str:
    """A table's name, with its schema's if there is one, as this database writes names."""
    preparer = url.get_dialect()().identifier_preparer
    return ".".join(preparer.quote(part) for part in table.split("."))
