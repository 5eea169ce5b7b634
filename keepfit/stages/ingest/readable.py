"""Whether the cells can be read: those that cannot count towards the rows that may be bad."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from keepfit.config import Pipeline
from keepfit.errors import DataError
from keepfit.stages.ingest.fingerprint import Roles


def check_readable(config: Pipeline, schema: dict[str, Any], rows: int, roles: Roles) -> None:
    """Raise DataError where more cells of a column than validation.max_bad_share were not read."""
    most = config.validation.max_bad_share
    for column in schema["columns"]:
        wrong = column.get("wrong", 0)
        if wrong > most * rows and column["name"] in config.features:
            raise _unreadable(config, column, wrong, rows, roles)


def _unreadable(config: Pipeline, column: dict[str, Any], wrong: int, rows: int, roles: Roles) -> DataError:
    name = column["name"]
    kind = config.features[name].kind
    read = f'a {kind} in the form "{column["format"]}"' if column["format"] else f"a {kind}"
    return DataError(
        f'{wrong:,} of {rows:,} cells of "{name}" cannot be read as {read}, such as "{column["example"]}".',
        allowed=f"validation.max_bad_share allows {config.validation.max_bad_share:.1%}.",
        todo="Mend the cells; name their form in format:, if the kind has one; list words that mean no value in "
        "source.missing; or give the column another kind: category reads anything.",
        where=_first(config, column, roles),
    )


def _first(config: Pipeline, column: dict[str, Any], roles: Roles) -> str:
    """The file and row of the example; all is read again, file by file, as only this error asks."""
    from keepfit.stages.ingest.typed import open_table

    name, example = column["name"], column["example"]
    with TemporaryDirectory() as scratch:
        for role, file in ((r, f) for r in ("train", "test") for f in roles.get(r, ())):
            opened = open_table({**roles, role: (file,)}, role, config, Path(scratch)).opened
            for row, cell in enumerate(cell for batch in opened.batches() for cell in batch[name].to_pylist()):
                if cell is not None and str(cell).strip().startswith(example):
                    return f'{file}, row {row + 1}, column "{name}"'
    return f'column "{name}"'
