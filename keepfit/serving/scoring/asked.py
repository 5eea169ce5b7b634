"""What a batch is asked to be, and its rows as files, told by their content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keepfit.config import Pipeline
from keepfit.data.sources.locate import locate, walk
from keepfit.errors import ConfigError, TransientError
from keepfit.store import files
from keepfit.store.hashes import stamp_of
from keepfit.store.store import Store


@dataclass(frozen=True)
class Asked:
    """A batch: the rows, by `rows` or `sql`, and the place of the answers, by `out` or `table`."""

    rows: Path | None = None
    """A file, folder, glob or zip."""
    sql: str | None = None
    """A query; it may hold ${VAR}."""
    out: Path | None = None
    """A .parquet file, or a folder."""
    table: str | None = None
    """A table of the database; with its schema, `scores.people`."""
    database: str | None = None
    """The address for `sql` and `table`, which may hold ${VAR}; that of the YAML's source when left out."""
    keep: tuple[str, ...] | None = None
    """Columns of the rows to put beside the answers; those that are no features when left out."""
    bundle: str | None = None
    """Use this bundle, by its id or the first letters of it, and not the one in service."""

    def check(self) -> None:
        """Raise ConfigError for what cannot be meant."""
        if (self.rows is None) == (self.sql is None):
            raise _either("the rows to score", "ROWS, a file, folder or glob", "--sql, a query")
        if (self.out is None) == (self.table is None):
            raise _either("where the answers go", "--out, a .parquet file or a folder", "--table, of a database")
        if self.database is not None and self.sql is None and self.table is None:
            raise ConfigError(
                "--database is given, and nothing is read from or written to one.", todo="Add --sql or --table."
            )

    def address(self, config: Pipeline) -> str:
        """The database's address, filled in. Raises ConfigError where there is none."""
        address = self.database or config.source.database
        if address is None:
            raise ConfigError(
                "no database is named.",
                allowed="--database takes an address such as sqlite:///people.db or postgresql://${USER}@host/people.",
                todo="Give --database; where the YAML's source is a database, that one is taken.",
                where=str(config.file),
            )
        return config.address(address)


class Rows:
    """The rows as files: those that were named, or one that holds what the query gives."""

    def __init__(self, config: Pipeline, asked: Asked, store: Store) -> None:
        self._config, self._asked, self._store = config, asked, store
        self._spool = store / "scored" / f".rows-{files.digest_of([asked.sql, asked.table, str(asked.out)])}"
        self._stamps: dict[Path, str] = {}
        self.path = asked.rows or self._spool / "rows.parquet"
        self.digest = ""
        """Of what is in them."""
        self.named = str(asked.rows) if asked.rows else "the query"

    def __enter__(self) -> Rows:
        if self._asked.rows is not None:
            found = _files(self.path)
            self._stamps = {file: stamp_of(file) for file in found}
            self.digest = files.digest_of([[str(file), self._store.hashes.sha256(file)] for file in found])
            self._store.close()
            return self
        return self._of_query(self._asked.sql or "")

    def _of_query(self, sql: str) -> Rows:
        """Ask it again: a killed batch goes on where the rows are the same, in the order they then came in."""
        from keepfit.data.sources.sql import spool

        with files.machine_errors(self._spool):
            self._spool.mkdir(parents=True, exist_ok=True)
        fresh, known = self._spool / "fresh.parquet", self._spool / "rows.json"
        spooled = spool(self._config.reveal(sql), self._asked.address(self._config), fresh, self._config.folder)
        if not (self.path.is_file() and known.is_file() and files.read_json(known) == spooled.digest):
            known.unlink(missing_ok=True)
            fresh.replace(self.path)
            files.write_json(known, spooled.digest)
        self.digest = spooled.digest
        return self

    def check(self) -> None:
        """Raise TransientError where a file was written to meanwhile."""
        for file, stamp in self._stamps.items():
            if not file.is_file() or stamp_of(file) != stamp:
                raise TransientError(
                    "the rows changed while they were scored.", todo="Score them again.", where=str(file)
                )

    def __exit__(self, kind: object, *_: Any) -> None:
        if kind is None and self._asked.rows is None:
            files.remove(self._spool)


def _files(path: Path) -> list[Path]:
    return [file for found in locate((path,)) for file in (walk(found) if found.is_dir() else [found])]


def _either(what: str, one: str, other: str) -> ConfigError:
    return ConfigError(f"{what} must be named once.", allowed=f"By {one}, or by {other}.", todo="Give one of the two.")
